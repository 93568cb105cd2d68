"""Masks are checked, survive storage, and are made for every network of a checkpoint."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from emergence.core.plugins import available, load
from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.networks import Architecture
from emergence.parameters.checks.methods import draws
from emergence.parameters.pruning import Scoring
from emergence.pruning import Mask, Samples, Subject, masked, masked_network, prunable, prune, report, scored_step
from emergence.pruning.global_magnitude import make_mask
from emergence.training.checkpoints import Checkpoint
from emergence.training.member import initial_network
from tests.samples import OneSplit

ROOT = Path(__file__).parents[2]
ARCHITECTURE = Architecture("cnn", (1, 8, 8), 10, {"channels": [4], "batch_norm": True})


def checkpoint(*seeds: int) -> Checkpoint:
    states = [initial_network(ARCHITECTURE, seed).state_dict() for seed in seeds]
    weights = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    return Checkpoint(Step(3), seeds, ARCHITECTURE, weights)


class Digits(OneSplit):
    """A data set of random images; not all classes have ten training samples."""

    mean, std = torch.tensor(0.0), torch.tensor(2.0)

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        samples = {"train": 90, "probe": 7}[name]
        return torch.randn(samples, 1, 8, 8, generator=generator), torch.arange(samples) ** 2 % 10


def prune_digits(stored: Checkpoint, method: str, sparsity: float) -> Mask:
    return prune(stored, Digits(), method, sparsity)


DRAWN = [name for name in available("pruning") if load("pruning", name, "make_mask").__globals__.get("DRAWS")]


@pytest.mark.parametrize("method", DRAWN)
def test_another_draw_gives_another_mask_and_the_first_is_that_of_the_seed(method: str) -> None:
    masks = [prune(checkpoint(4, 7), Digits(), method, 0.6, draw=draw).kept for draw in (1, 1, 2)]
    first, again, second = (torch.cat([kept[0].flatten() for kept in mask.values()]) for mask in masks)
    assert torch.equal(first, again) and not torch.equal(first, second)
    assert first.sum() == second.sum()


def test_the_methods_in_which_chance_decides_are_those_that_say_so() -> None:
    assert set(DRAWN) == {"random_weights", "most_emergence", "least_emergence"}
    assert [name for name in available("pruning") if draws(name, ROOT)] == DRAWN


def test_each_network_gets_the_mask_of_its_own_weights() -> None:
    stored = checkpoint(4, 7)
    mask = prune_digits(stored, "global_magnitude", 0.6)
    for seed in (4, 7):
        network = stored.network(seed)
        weights = prunable(network)
        assert list(weights) == ["conv1.weight", "output.weight"]
        nothing = Samples(torch.zeros(0), torch.zeros(0), torch.zeros(0))
        expected = make_mask(Subject(network, nothing), 0.6, torch.Generator())
        assert all(torch.equal(mask.of_seeds([seed])[name][0], expected[name]) for name in weights)


@pytest.mark.parametrize("method", [name for name in available("pruning") if name != "global_magnitude"])
def test_masks_are_a_function_of_the_network_and_its_seed(method: str) -> None:
    both, alone = prune_digits(checkpoint(4, 7), method, 0.5), prune_digits(checkpoint(7), method, 0.5)
    for name, kept in alone.kept.items():
        assert torch.equal(both.of_seed(7)[name], kept[0])
    assert any(not torch.equal(*kept) for kept in both.kept.values())


@pytest.mark.parametrize("method", available("pruning"))
def test_masks_change_with_those_keys_of_scoring_that_the_method_says_to_use(method: str) -> None:
    declared = load("pruning", method, "make_mask").__globals__["SCORED_WITH"]
    other = {"samples_per_class": 2, "threshold": 0.9, "criterion": "all"}
    stored, usual = checkpoint(4), Scoring()
    masks = {
        key: prune(stored, Digits(), method, 0.5, usual.model_copy(update={key: value})) for key, value in other.items()
    }
    usual_mask = prune(stored, Digits(), method, 0.5, usual)
    differing = {
        key
        for key, mask in masks.items()
        if any(not torch.equal(kept, usual_mask.kept[name]) for name, kept in mask.kept.items())
    }
    assert differing == set(declared)


def test_the_report_counts_what_is_kept(tmp_path: Path) -> None:
    stored = checkpoint(4, 7)
    mask = prune_digits(stored, "global_magnitude", 0.7)
    written = report(mask, stored, torch.zeros(1, 1, 8, 8))
    write_dataset(tmp_path / "densities.nc", written, {"method": "global_magnitude", "sparsity": 0.7})
    read = read_dataset(tmp_path / "densities.nc")
    assert list(read["layer"].values) == ["conv1.weight", "output.weight"]
    assert list(read["size"].values) == [4 * 9, 10 * 4 * 16]
    for seed in (4, 7):
        kept = mask.of_seed(seed)
        counted = [int(np.sum(kept[str(name)].numpy())) for name in read["layer"].values]
        assert list(read["kept"].sel(seed=seed).values) == counted
        assert sum(counted) == 676 - round(0.7 * 676)
        by_unit = [kept[layer][row].double().mean() for layer, rows in (("conv1.weight", 4), ("output.weight", 10))
                   for row in range(rows)]  # fmt: skip
        np.testing.assert_allclose(read["unit_density"].sel(seed=seed), by_unit)
    np.testing.assert_allclose(read["density"], read["kept"] / read["size"])
    assert list(read["unit_layer"].values) == ["conv1.weight"] * 4 + ["output.weight"] * 10


def test_the_report_tells_what_has_no_effect() -> None:
    stored = checkpoint(4)
    kept = {name: torch.ones_like(tensor, dtype=torch.bool) for name, tensor in prunable(stored.network(4)).items()}
    kept["conv1.weight"][1] = False  # a channel without inputs
    kept["output.weight"][:, 32:48] = False  # and one without effect
    read = report(Mask((4,), {name: tensor[None] for name, tensor in kept.items()}), stored, torch.zeros(1, 1, 8, 8))
    assert read["kept"].values.tolist() == [[27, 480]]
    assert read["effective_kept"].values.tolist() == [[18, 320]]
    assert read["kept_units"].values.tolist() == [[3, 10]]
    assert read["effective_kept_units"].values.tolist() == [[2, 10]]


def test_a_stored_mask_is_read_back(tmp_path: Path) -> None:
    mask = prune_digits(checkpoint(4, 7), "unit_norm", 0.5)
    assert "norm1.bias" in mask.kept
    mask.write(tmp_path / "mask.safetensors")
    stored = Mask.read(tmp_path / "mask.safetensors")
    assert stored.seeds == mask.seeds
    assert all(torch.equal(stored.kept[name], kept) and kept.dtype == torch.bool for name, kept in mask.kept.items())


@pytest.mark.parametrize("values", [[[2.0, 1.0]], [[float("nan"), 1.0]], [[0.5, 1.0]], [[-1.0, 0.0]]])
def test_values_other_than_zero_and_one_are_refused(values: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="mask of 'w': values other than 0 and 1"):
        Mask((0,), {"w": torch.tensor(values)})


def test_masks_need_one_entry_per_seed() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 2\) for 2 seeds"):
        Mask((0, 1), {"w": torch.ones(1, 2)})
    with pytest.raises(ValueError, match=r"no seeds \[3\]; it has \[0\]"):
        Mask((0,), {"w": torch.ones(1, 2)}).of_seeds([0, 3])


def random_mask(*seeds: int) -> Mask:
    generator = torch.Generator().manual_seed(sum(seeds))
    return Mask(seeds, {"w": torch.rand(len(seeds), 5, 4, generator=generator) < 0.5})


def test_shuffled_masks_keep_as_much_of_each_layer_elsewhere() -> None:
    mask = random_mask(1, 2)
    shuffled = mask.shuffled(3)
    assert torch.equal(shuffled.kept["w"].flatten(1).sum(1), mask.kept["w"].flatten(1).sum(1))
    assert all(not torch.equal(shuffled.of_seed(s)["w"], mask.of_seed(s)["w"]) for s in (1, 2))
    assert torch.equal(shuffled.kept["w"], mask.shuffled(3).kept["w"])
    assert not torch.equal(shuffled.kept["w"], mask.shuffled(4).kept["w"])
    alone = Mask((2,), {"w": mask.kept["w"][1:]})
    assert torch.equal(alone.shuffled(3).of_seed(2)["w"], shuffled.of_seed(2)["w"])


def test_masks_apply_to_stacked_weights_as_to_each_network() -> None:
    stored = checkpoint(4, 7)
    mask = prune_digits(stored, "layer_magnitude", 0.5)
    stacked = masked(stored.weights, mask.kept)
    for position, seed in enumerate((4, 7)):
        network = stored.network(seed)
        state = masked_network(network, mask.of_seed(seed)).state_dict()
        assert all(torch.equal(stacked[name][position], tensor) for name, tensor in state.items())
        assert all(torch.equal(tensor, stored.of_seed(seed)[name]) for name, tensor in network.state_dict().items())
        assert all(torch.equal(state[name][~kept], torch.zeros(int((~kept).sum())))
                   for name, kept in mask.of_seed(seed).items())  # fmt: skip


@pytest.mark.parametrize(
    ("kept", "message"),
    [({"weihgt": torch.ones(1, 2)}, "did you mean 'weight'"), ({"weight": torch.ones(2, 1)}, r"shape \(2, 1\), not")],
)
def test_masks_that_do_not_fit_are_refused(kept: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        masked_network(nn.Linear(2, 1), kept)


def test_methods_score_the_step_that_they_name_unless_told_another() -> None:
    steps = [Step(0), Step(0, 5), Step(3)]
    assert scored_step("snip", steps) == Step(0)
    assert scored_step("snip@last", steps) == Step(3)
    assert scored_step("unit_norm", steps) == Step(3)
    assert scored_step("unit_norm@ep0it5", steps) == Step(0, 5)
    assert scored_step(f"{__name__}:keeps_all", steps) == Step(3)
    with pytest.raises(ValueError, match=r"'snip@ep2' scores the network at ep2.* there are ep0, ep0it5, ep3"):
        scored_step("snip@ep2", steps)


def keeps_all(subject: Subject, sparsity: float, generator: torch.Generator) -> dict[str, Tensor]:
    """A method that forgets to prune."""
    return {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in subject.weights.items()}


def forgets_a_layer(subject: Subject, sparsity: float, generator: torch.Generator) -> dict[str, Tensor]:
    """A method that masks the first layer only."""
    return dict(list(make_mask(subject, sparsity, generator).items())[:1])


def transposes(subject: Subject, sparsity: float, generator: torch.Generator) -> dict[str, Tensor]:
    """A method that turns a matrix round."""
    mask = make_mask(subject, sparsity, generator)
    return {**mask, "output.weight": mask["output.weight"].T}


@pytest.mark.parametrize(
    ("method", "sparsity", "message"),
    [
        ("global_magnitud", 0.5, "did you mean 'global_magnitude'"),
        ("global_magnitude", 1.0, r"sparsity 1\.0"),
        (f"{__name__}:keeps_all", 0.5, "removed 0 of 676 weights for sparsity 0.5"),
        (f"{__name__}:forgets_a_layer", 0.5, "no entries for output.weight"),
        (f"{__name__}:transposes", 0.5, r"'output.weight' has shape \(64, 10\), not \(10, 64\)"),
        ("unit_norm", 0.99, "sparsity 0.99: a layer would vanish; with one unit left in each, 0.75 is removed"),
    ],
)
def test_methods_that_fail_are_named(method: str, sparsity: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prune_digits(checkpoint(0), method, sparsity)


def test_files_that_hold_no_mask_are_named(tmp_path: Path) -> None:
    file = tmp_path / "mask.safetensors"
    with pytest.raises(OSError, match=r"mask\.safetensors"):
        Mask.read(file)
    prune_digits(checkpoint(0), "global_magnitude", 0.5).write(file)
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(OSError, match=r"mask\.safetensors"):
        Mask.read(file)
