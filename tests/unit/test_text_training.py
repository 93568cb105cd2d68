"""Training on text, and everything that reads the trained networks."""

from functools import cache
from math import log, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from emergence.core.plugins import available
from emergence.core.plugins import load as load_plugin
from emergence.core.storage import write_dataset
from emergence.data_kinds.text import load
from emergence.datasets import ProcessedDataset, RawFiles, process, read_processed
from emergence.graph.measure import count_paths
from emergence.landscape.cross_entropy import CrossEntropy
from emergence.measures import apply
from emergence.networks import Architecture
from emergence.parameters.data import Data
from emergence.parameters.training import Training
from emergence.pruning import Samples, Subject
from emergence.training.block import TrainedBlock, train_block
from emergence.training.member import initial_network
from tests.text_data import ENTROPY_RATE, SPREAD, true_loss, write_markov_text
from tests.text_networks import ClassesFirst

LENGTH = 15
TRAINING = {"epochs": 3, "batch_size": 32, "optimizer": {"name": "adam", "learning_rate": 0.01, "momentum": 0}}
TRANSFORMER = ("transformer", {"blocks": 1, "heads": 2, "width": 8})
NETWORKS = {"one character": ("tests.text_networks:build", {}), "transformer": TRANSFORMER}


@cache
def markov() -> ProcessedDataset:
    with TemporaryDirectory() as folder:
        text = write_markov_text(Path(folder, "chain.txt"), 30_000, LENGTH)
        raw = load(text, "chain", RawFiles((Path(folder),)))
        write_dataset(Path(folder, "dataset.nc"), process("chain", raw, Data(probe_samples=24)), {})
        return read_processed(Path(folder, "dataset.nc"))


def described(kind: str) -> Architecture:
    builder, options = NETWORKS[kind]
    return Architecture(builder, markov().input_shape, markov().classes, options)


def trained(kind: str, folder: Path, at_once: int, **settings: object) -> TrainedBlock:
    training = Training.model_validate(TRAINING | settings)
    return train_block(markov(), described(kind), [0, 1], training, folder, seeds_at_once=at_once)


def probe() -> tuple[torch.Tensor, torch.Tensor]:
    inputs, labels = markov().of_seed(0).part("probe")
    return markov().of_seed(0).normalise(inputs), labels


def network(kind: str) -> nn.Module:
    return initial_network(described(kind), 0).eval()


@pytest.mark.parametrize("kind", NETWORKS)
def test_validation_loss_comes_close_to_the_entropy_rate(kind: str, tmp_path: Path) -> None:
    """Within four standard errors of the mean over the validation part, and 0.02 for what training leaves.

    On the same characters the true probabilities, which no network can beat but by chance, are 0.02 away at most: of
    that, estimating 12 probabilities from n characters costs 12 / 2 n, less than 0.001.
    """
    metrics = trained(kind, tmp_path, 1).metrics
    loss = metrics["validation_loss"].isel(step=-1).values
    for seed, of_seed in enumerate(loss):
        inputs, labels = (tokens.numpy() for tokens in markov().of_seed(seed).part("validation"))
        assert abs(of_seed - ENTROPY_RATE) < 4 * SPREAD / sqrt(labels.size) + 0.02
        assert abs(of_seed - true_loss(inputs.astype(int), labels)) < 0.02
        stated = metrics["validation_accuracy"].isel(step=-1).sel(seed=seed).item()
        assert stated == pytest.approx(np.mean(inputs == labels), rel=1e-6)
    assert loss.max() < log(4) - 0.3


@pytest.mark.parametrize("kind", NETWORKS)
def test_stacked_seeds_train_as_those_one_by_one(kind: str, tmp_path: Path) -> None:
    settings = {"epochs": 1, "precision": "float64"}
    alone, stacked = (trained(kind, tmp_path / str(size), size, **settings) for size in (1, 2))
    for quantity in ("batch_loss", "batch_accuracy"):
        assert np.allclose(alone.metrics[quantity], stacked.metrics[quantity], rtol=1e-5)
    for quantity in ("validation_loss", "test_accuracy"):
        assert np.allclose(alone.metrics[quantity], stacked.metrics[quantity], rtol=1e-6)


@pytest.mark.parametrize("kind", NETWORKS)
def test_paths_start_behind_the_embedding_unless_the_input_is_a_site(kind: str) -> None:
    inputs, _ = probe()
    without, with_input = (count_paths(network(kind), inputs, include_input=site) for site in (False, True))
    assert with_input.sites[1:] == without.sites
    assert with_input.size[0] == LENGTH
    assert not any("embedding" in site for site in without.sites)


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_measure_applies_to_tokens_or_says_why_not(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    measured = apply(network(kind), *probe(), available("measures"))
    missing = [str(name) for name, values in measured.items() if values.isnull().any()]
    assert missing == ["causal_emergence_2", "false_killing_rate", "information_emergence", "monosemanticity"]
    assert "no causal emergence 2.0: no two sites in a row have at most 4 units" in caplog.text
    assert "no monosemanticity: a sequence has a label at each position" in caplog.text
    assert "no false killing rate: a sequence has a label at each position" in caplog.text
    assert "no information emergence: " in caplog.text


def test_effective_complexity_of_an_affine_function_of_one_hot_tokens_is_zero() -> None:
    torch.manual_seed(0)
    affine = nn.Sequential(nn.Embedding(4, 5), nn.Linear(5, 4), ClassesFirst()).eval()
    inputs, labels = probe()
    measured = apply(affine, inputs, labels, ["effective_complexity", "effective_complexity_by_site"])
    assert measured["effective_complexity"] == pytest.approx(0, abs=1e-5)
    assert measured["effective_complexity_by_site"].values == pytest.approx(0, abs=1e-5)
    squared = nn.Sequential(affine[0], nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 4), ClassesFirst()).eval()
    assert apply(squared, inputs, labels, ["effective_complexity"])["effective_complexity"] > 0.01


class Numbers(nn.Module):
    """Reads tokens as numbers."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.stack([tokens.float()] * 4, 1)


def test_effective_complexity_is_missing_where_no_embedding_reads_the_tokens(caplog) -> None:
    measured = apply(Numbers(), *probe(), ["effective_complexity"])
    assert measured["effective_complexity"].isnull()
    assert "reads its tokens by no embedding" in caplog.text


@pytest.mark.parametrize("method", available("pruning"))
@pytest.mark.parametrize("kind", NETWORKS)
def test_every_pruning_method_removes_its_share_but_nothing_of_embeddings(kind: str, method: str) -> None:
    inputs, labels = probe()
    subject = Subject(network(kind), Samples(inputs, labels, inputs))
    kept = load_plugin("pruning", method, "make_mask")(subject, 0.3, torch.Generator())
    size = sum(weight.numel() for weight in subject.weights.values())
    removed = sum(int((~kept[name]).sum()) for name in subject.weights)
    assert abs(removed / size - 0.3) < 0.1
    assert not [name for name in kept if "embedding" in name or (kind == "one character" and name == "0.weight")]


@pytest.mark.parametrize("kind", NETWORKS)
def test_landscapes_give_the_loss_per_character(kind: str) -> None:
    inputs, labels = probe()
    whole = network(kind)
    metric = CrossEntropy(whole, inputs, labels, block=7)
    weights = {name: tensor.detach() for name, tensor in whole.named_parameters()}
    logits = whole(inputs).detach()
    values = metric(weights)
    assert values["loss"] == pytest.approx(float(cross_entropy(logits, labels)), rel=1e-5)
    assert values["accuracy"] == pytest.approx(float((logits.argmax(1) == labels).double().mean()))
    along = metric.along([weights, weights]).values([(0.5, 0.5), (1.0, 0.0)])
    assert along["loss"] == pytest.approx(values["loss"], rel=1e-5)
