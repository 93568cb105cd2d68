"""Causal language models of transformers: counted, measured and trained as any other network."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.zoo.oracle import count
from torch import nn
from torch.nn.functional import cross_entropy

from emergence import UnitGraph, count_paths, emergence_grids
from emergence.core.storage import write_dataset
from emergence.datasets import RawDataset, process, read_processed
from emergence.foreign import Logits, load_model, load_weights
from emergence.information import Fit
from emergence.information.language_models import blocks_of, states_of
from emergence.landscape.cross_entropy import CrossEntropy
from emergence.measures import apply, information_emergence
from emergence.networks import Architecture
from emergence.parameters.data import Data
from emergence.parameters.training import Training
from emergence.training.block import train_block
from tests.language_models import LENGTH, MODELS, VOCABULARY, save, tokens

torch.set_num_threads(1)

INPUTS, LABELS = tokens()[:, :-1], tokens()[:, 1:]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each model at two steps, at the second one in shards."""
    folder = tmp_path_factory.mktemp("models")
    return {
        f"{name}/{step}": save(name, folder / name / str(step), seed=step, shards=step > 0)
        for name in MODELS
        for step in (0, 1)
    }


@pytest.mark.parametrize(("name", "attention"), [*((name, "sdpa") for name in MODELS), ("llama", "eager")])
def test_paths_are_those_of_the_independent_count(name: str, attention: str, folders: dict[str, Path]) -> None:
    model = load_model(str(folders[f"{name}/1"]), attn_implementation=attention).eval()
    assert len(list(folders[f"{name}/1"].glob("*.safetensors"))) > 1
    sample = INPUTS[:1]
    with torch.no_grad():
        threshold = float(model(sample).logits.abs().quantile(0.5))
    counts = count_paths(model, sample, threshold=threshold, include_input=True)
    other = count(model, [sample], threshold=threshold, include_input=True)
    assert counts.sites[0] == "input_ids" and counts.sites[-1] == "output"
    assert sum(site.startswith("softmax") for site in counts.sites) == (2 if attention == "eager" else 0)
    assert [site.units for site in other.sites] == counts.size.tolist()
    assert [site.active for site in other.sites] == counts.active.tolist()
    assert counts.emergence > 0
    assert other.log == pytest.approx(math.log(counts.emergence), abs=1e-9)
    assert other.normalised == pytest.approx(counts.normalised, rel=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_checkpoints_are_counted_on_one_graph_as_each_by_itself(name: str, folders: dict[str, Path]) -> None:
    models = [load_model(str(folders[f"{name}/{step}"])).eval() for step in (0, 1)]
    alone = [count_paths(model, INPUTS, threshold=0.3).exact() for model in models]
    assert alone[0] != alone[1]
    network, states = Logits(models[0]), [Logits(model).state_dict() for model in models]
    graph = UnitGraph(network, INPUTS)
    assert [graph.paths(INPUTS, threshold=0.3, weights=state).exact() for state in states] == alone
    stacked = {key: torch.stack([state[key] for state in states]) for key in states[0]}
    grids = emergence_grids(network, stacked, INPUTS, thresholds=[0.3], criteria=["mean"], through=["all"])
    np.testing.assert_allclose(grids.emergence.values.ravel(), [float(number) for number in alone], rtol=1e-12)
    load_weights(models[0], folders[f"{name}/1"])
    assert count_paths(models[0], INPUTS, threshold=0.3).exact() == alone[1]


@pytest.mark.parametrize("name", MODELS)
def test_measures_read_the_loss_of_the_next_token(name: str, folders: dict[str, Path]) -> None:
    network = Logits(load_model(str(folders[f"{name}/0"]))).eval()
    names = ["active_fraction", "effective_complexity_by_site", "hessian_top_eigenvalue", "path_norm", "weight_norm"]
    found = apply(network, INPUTS, LABELS, [*names, "loss_gradient_norm"])
    assert all(bool(variable.notnull().all()) for variable in found.values()), found
    logits = network.model(INPUTS).logits
    loss = cross_entropy(logits.flatten(0, 1), LABELS.flatten())
    loss.backward()
    norm = nn.utils.get_total_norm([parameter.grad for parameter in network.parameters()])
    assert found["loss_gradient_norm"].item() == pytest.approx(norm.item(), rel=1e-4)
    metric = CrossEntropy(network, INPUTS, LABELS)({})
    assert metric["loss"] == pytest.approx(loss.item(), rel=1e-6)
    assert metric["accuracy"] == pytest.approx((logits.argmax(-1) == LABELS).float().mean().item(), rel=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_information_emergence_has_a_value_for_every_block_and_checkpoint(
    name: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(information_emergence, "FIT", Fit(steps=3))
    courses = []
    for step in (0, 1):
        network = Logits(load_model(str(folders[f"{name}/{step}"]))).eval()
        entering, *left = states_of(network, blocks_of(network))(INPUTS[:3])
        assert entering.shape == left[-1].shape == (3, LENGTH, 8)
        courses.append(apply(network, INPUTS, LABELS, ["information_emergence"])["information_emergence"])
    assert all(course.sizes == {"block": 2} and bool(course.notnull().all()) for course in courses)
    assert not courses[0].equals(courses[1])


def test_tokens_that_do_not_occur_do_not_change_effective_complexity() -> None:
    torch.manual_seed(0)
    rest = [nn.Flatten(), nn.Linear(4 * LENGTH, 8), nn.Tanh(), nn.Linear(8, 3)]
    few, many = nn.Embedding(VOCABULARY, 4), nn.Embedding(30_000, 4)
    many.weight.data[-VOCABULARY:] = few.weight.data
    values = [
        apply(nn.Sequential(table, *rest), INPUTS + table.num_embeddings - VOCABULARY, LABELS, ["effective_complexity"])
        for table in (few, many)
    ]
    assert 0 < values[0].effective_complexity < 1
    assert values[0].equals(values[1])


def test_a_model_of_transformers_trains_in_a_study_on_tokens(folders: dict[str, Path], tmp_path: Path) -> None:
    raw = RawDataset(INPUTS.numpy(), LABELS.numpy(), tuple(map(str, range(VOCABULARY))), source="a chain", tokens=True)
    write_dataset(tmp_path / "dataset.nc", process("chain", raw, Data(probe_samples=8)), {})
    data = read_processed(tmp_path / "dataset.nc")
    options = {"folder": str(folders["llama/0"])}
    architecture = Architecture("tests.language_models:build", data.input_shape, data.classes, options)
    training = Training.model_validate({"epochs": 4, "batch_size": 8, "optimizer": {"name": "adam", "momentum": 0}})
    loss = train_block(data, architecture, [0, 1], training, tmp_path / "work").metrics["validation_loss"]
    assert bool((loss.isel(step=-1) < loss.isel(step=0)).all())
