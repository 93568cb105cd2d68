"""Deep linear networks learn the levels of a hierarchy at the times of the closed form."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from emergence.core.storage import write_dataset
from emergence.data_kinds.deep_linear import DeepLinear, skills
from emergence.datasets import RawDataset, RawFiles, process, read_processed
from emergence.networks import Architecture, build
from emergence.parameters.data import Data
from emergence.parameters.training import Training
from emergence.testbeds.deep_linear import Hierarchy, gradient_flow, mode_time
from emergence.testbeds.sparse_parity.measured import emergence_times
from emergence.training.batches import parts_of
from emergence.training.stack import Stack
from tests.samples import OneSplit

TREE = Hierarchy((0.9, 0.6, 0.3))
ENTRY = DeepLinear(strengths=[*TREE.strengths], samples=4000, seed=1)
SEEDS = (0, 1, 2)
RATE, STEPS = 0.02, 1000


def loaded(**changes: object) -> RawDataset:
    return ENTRY.model_copy(update=changes).load("tree", RawFiles(()))


class Population(OneSplit):
    """Samples in exactly the shares of the hierarchy, 80 of every item."""

    input_shape, classes = (TREE.items,), TREE.items

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        counts = (TREE.probabilities * 80).round().astype(int)
        np.testing.assert_allclose(counts, TREE.probabilities * 80)
        classes, items = np.indices(counts.shape)
        labels, inputs = (np.repeat(values.ravel(), counts.ravel()) for values in (classes, items))
        return torch.from_numpy(TREE.scale * np.eye(TREE.items)[inputs]).float(), torch.from_numpy(labels)


def test_modes_have_the_singular_values_that_the_strengths_say() -> None:
    found = np.linalg.svd(TREE.correlation, compute_uv=False) * TREE.scale
    np.testing.assert_allclose(found, [1, 0.9, 0.6, 0.6, 0.3, 0.3, 0.3, 0.3], atol=1e-12)
    np.testing.assert_allclose(TREE.probabilities.sum(0), 1)
    assert (TREE.probabilities >= 0).all()


def test_the_map_that_training_ends_with_has_learnt_all_levels_and_none_of_it_none() -> None:
    np.testing.assert_allclose(TREE.learnt(np.stack([TREE.correlation, np.zeros((8, 8))])), [[1, 1, 1], [0, 0, 0]])


def test_the_solution_for_any_balanced_start_is_that_of_aligned_modes_where_they_are_aligned() -> None:
    weights = 0.03 * np.eye(TREE.items)
    times = [mode_time(s, 0.03**2, 0.5, RATE) * 2 * RATE for s in TREE.singular_values]
    learnt = TREE.learnt(gradient_flow(weights, weights, TREE.correlation, times))
    np.testing.assert_allclose(np.diagonal(learnt), 0.5, rtol=1e-6)


def test_deeper_networks_learn_modes_more_abruptly() -> None:
    rise = [mode_time(0.3, 1e-3, 0.9, RATE, n) / mode_time(0.3, 1e-3, 0.5, RATE, n) for n in (2, 3, 4)]
    assert rise == sorted(rise, reverse=True)


@pytest.mark.parametrize("width", [8, 12])
def test_networks_learn_modes_at_the_times_of_the_closed_form_to_within_two_percent(width: int) -> None:
    described = Architecture("deep_linear", (8,), 8, {"widths": [width]}, "squared_error")
    training = Training.model_validate(
        {"loss": "squared_error", "batch_size": 640, "optimizer": {"learning_rate": RATE, "momentum": 0}}
    )
    (part,) = parts_of(Population(), ["train"], SEEDS, torch.device("cpu"))
    assert part.places.shape[1] == training.batch_size  # so an epoch is a step along the whole gradient
    stack, maps = Stack(described, SEEDS, training, torch.device("cpu")), []
    weights = [{name: tensor.double().numpy() for name, tensor in stack.weights().items()}]
    for epoch in range(STEPS):
        first, second = stack.weights().values()
        maps.append((second @ first).double().numpy())
        stack.advance(part, epoch, 0, 1)
    learnt = TREE.learnt(np.stack(maps))
    for place in range(len(SEEDS)):
        first, second = (tensor[place] for tensor in weights[0].values())
        expected = TREE.learnt(gradient_flow(first, second, TREE.correlation, 2 * RATE * np.arange(STEPS)))
        times, predicted = (emergence_times(range(STEPS), values, 0.5) for values in (learnt[:, place], expected))
        np.testing.assert_allclose(times, predicted, rtol=0.02)
        assert (np.diff(times) > 50).all()


def test_labels_follow_the_probabilities_and_those_of_the_control_nothing() -> None:
    for control, expected in ((False, TREE.probabilities), (True, np.full((8, 8), 1 / 8))):
        data = loaded(random_answers=control)
        items = data.inputs.argmax(1)
        found = np.stack([np.bincount(data.labels[items == item], minlength=8) for item in range(8)], axis=1)
        np.testing.assert_allclose(found / found.sum(0), expected, atol=0.1)
    np.testing.assert_array_equal(loaded().inputs, loaded(random_answers=True).inputs)


def test_inputs_reach_networks_whitened_as_they_are(tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset.nc", process("tree", loaded(), Data()), {})
    split = read_processed(tmp_path / "dataset.nc").of_seed(0)
    inputs, _ = split.part("train")
    assert torch.equal(split.normalise(inputs), inputs)
    torch.testing.assert_close(inputs.T @ inputs / len(inputs), torch.eye(8), atol=0.15, rtol=0)


def test_examined_networks_have_learnt_what_their_maps_have() -> None:
    network = build(Architecture("deep_linear", (8,), 8, {"widths": [8]}))
    weights = torch.from_numpy(Hierarchy((0.9, 0.6, 0.15)).correlation).float()
    with torch.no_grad():
        network[1].weight.copy_(torch.eye(8))
        network[2].weight.copy_(weights)
    found = skills(ENTRY, None, 1, 0)  # type: ignore[arg-type]  # nothing is drawn from the data set
    strengths = found.examine(network)["skill_strength"]
    assert strengths["skill"].values.tolist() == ["level 1", "level 2", "level 3"]
    np.testing.assert_allclose(strengths, [1, 1, 0.5], atol=1e-5)
    np.testing.assert_allclose(found.known(network)["deep_linear_singular_value"], TREE.singular_values)


def test_strengths_that_rise_are_refused() -> None:
    with pytest.raises(ValueError, match=r"strengths = \[0.3, 0.6\] must fall"):
        DeepLinear(strengths=[0.3, 0.6])
