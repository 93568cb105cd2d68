"""Networks of a seed are measured and pruned on samples of that seed's own split."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emergence.core.steps import Step
from emergence.core.storage import write_dataset
from emergence.datasets import RawDataset, process, split
from emergence.jobs import Checkpoints, Parts
from emergence.networks import Architecture, build
from emergence.parameters.data import Data
from emergence.parameters.pruning import Scoring
from emergence.pruning import prune
from emergence.training.checkpoints import Checkpoint, file_name, publish, write
from tests.job_files import ROOT

SEEDS, DATA = (4, 7), Data(probe_samples=20)
RAW = RawDataset(
    np.random.default_rng(0).normal(5, 2, (90, 6)).astype(np.float32), np.arange(90) % 3, ("a", "b", "c"), "made up"
)
ARCHITECTURE = Architecture("mlp", (6,), 3, {"widths": [9, 5]})


@pytest.fixture
def run(tmp_path: Path) -> Checkpoints:
    """Two seeds with the same weights, so that all differences come from the samples."""
    torch.manual_seed(0)
    state = build(ARCHITECTURE).state_dict()
    stored = Checkpoint(Step(0), SEEDS, ARCHITECTURE, {name: torch.stack([t, t]) for name, t in state.items()})
    write_dataset(tmp_path / "dataset.nc", process("mine", RAW, DATA), {})
    publish({tmp_path / file_name(Step(0)): write(stored, tmp_path / file_name(Step(0)))}, tmp_path / "checkpoints")
    return Checkpoints(tmp_path / "checkpoints", tmp_path / "dataset.nc", torch.device("cpu"))


def part(seed: int, number: int) -> tuple[Tensor, Tensor]:
    """Samples of a part as a network of a seed sees them, computed anew."""
    parts = split(RAW.labels, None, DATA, seed)
    train, chosen = RAW.inputs[parts == 0].astype(float), RAW.inputs[parts == number].astype(float)
    inputs = torch.from_numpy((chosen - train.mean()) / train.std()).float()
    return inputs, torch.from_numpy(RAW.labels[parts == number])


def script(name: str) -> Any:
    return runpy.run_path(str(ROOT / "scripts" / f"{name}.py"))[name]


def test_measures_of_a_seed_are_on_its_own_probe_samples(run: Checkpoints) -> None:
    found = script("apply_measures")(run, Parts({"loss_gradient_norm": "key"}, []))["loss_gradient_norm"]
    expected = []
    for seed in SEEDS:
        network: nn.Module = run.network(seed, "ep0")
        inputs, labels = part(seed, 2)
        gradients = torch.autograd.grad(cross_entropy(network(inputs), labels), list(network.parameters()))
        expected.append(torch.cat([gradient.flatten() for gradient in gradients]).norm().item())
    np.testing.assert_allclose(found.sel(step="ep0"), expected, rtol=1e-5)
    assert expected[0] != pytest.approx(expected[1], rel=1e-3)


def test_probe_samples_of_a_seed_are_those_of_its_split(run: Checkpoints) -> None:
    for seed in SEEDS:
        for found, expected in zip(run.probe(seed), part(seed, 2), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    assert torch.equal(run.example, run.probe(4)[0][:1])


def test_a_network_is_pruned_by_training_samples_of_its_own_split(run: Checkpoints) -> None:
    """Of all samples: snip scores a weight by the absolute product of the weight and its gradient (Lee et al. 2019)."""
    mask = prune(run.first, run.data, "snip", 0.5, Scoring(samples_per_class=1000))
    for seed in SEEDS:
        network, (inputs, labels) = run.network(seed, "ep0"), part(seed, 0)
        weights = {name: weight for name, weight in network.named_parameters() if weight.ndim > 1}
        gradients = torch.autograd.grad(cross_entropy(network(inputs), labels), list(weights.values()))
        scores = {name: (w * g).abs().detach() for (name, w), g in zip(weights.items(), gradients, strict=True)}
        limit = torch.cat([score.flatten() for score in scores.values()]).median()
        kept = mask.of_seed(seed)
        for name, score in scores.items():
            decided = (score - limit).abs() > 1e-5 * limit
            assert torch.equal(kept[name][decided], (score > limit)[decided])
