"""Masks are checked, survive storage, and are made for every network of a checkpoint."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from emergence.networks import Architecture
from emergence.pruning import Mask, prunable, prune
from emergence.pruning.global_magnitude import make_mask
from emergence.storage import read_dataset, write_dataset
from emergence.training.checkpoints import Checkpoint
from emergence.training.member import initial_network
from emergence.training.step import Step

ARCHITECTURE = Architecture("cnn", (1, 8, 8), 10, {"channels": [4], "batch_norm": True})


def checkpoint(*seeds: int) -> Checkpoint:
    states = [initial_network(ARCHITECTURE, seed).state_dict() for seed in seeds]
    weights = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    return Checkpoint(Step(3), seeds, ARCHITECTURE, weights)


def test_each_network_gets_the_mask_of_its_own_weights() -> None:
    stored = checkpoint(4, 7)
    mask = prune(stored, "global_magnitude", 0.6)
    for seed in (4, 7):
        weights = prunable(stored.network(seed))
        assert list(weights) == ["conv1.weight", "output.weight"]
        expected = make_mask(weights, 0.6, torch.Generator())
        assert all(torch.equal(mask.of_seeds([seed])[name][0], expected[name]) for name in weights)


def test_random_masks_are_a_function_of_the_seed() -> None:
    both, alone = prune(checkpoint(4, 7), "random_weights", 0.5), prune(checkpoint(7), "random_weights", 0.5)
    assert torch.equal(both.of_seeds([7])["output.weight"], alone.kept["output.weight"])
    assert not torch.equal(both.kept["output.weight"][0], both.kept["output.weight"][1])


def test_the_report_counts_what_is_kept(tmp_path: Path) -> None:
    mask = prune(checkpoint(4, 7), "global_magnitude", 0.7)
    write_dataset(tmp_path / "densities.nc", mask.report(), {"method": "global_magnitude", "sparsity": 0.7})
    report = read_dataset(tmp_path / "densities.nc")
    assert list(report["layer"].values) == ["conv1.weight", "output.weight"]
    assert list(report["size"].values) == [4 * 9, 10 * 4 * 16]
    for seed in (4, 7):
        counted = [int(np.sum(mask.of_seeds([seed])[str(name)].numpy())) for name in report["layer"].values]
        assert list(report["kept"].sel(seed=seed).values) == counted
        assert sum(counted) == 676 - round(0.7 * 676)
    np.testing.assert_allclose(report["density"], report["kept"] / report["size"])


def test_a_stored_mask_is_read_back(tmp_path: Path) -> None:
    mask = prune(checkpoint(4, 7), "layer_magnitude", 0.5)
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


def keeps_all(weights: Mapping[str, Tensor], sparsity: float, generator: torch.Generator) -> dict[str, Tensor]:
    """A method that forgets to prune."""
    return {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}


def forgets_a_layer(weights: Mapping[str, Tensor], sparsity: float, generator: torch.Generator) -> dict[str, Tensor]:
    """A method that masks the first layer only."""
    return dict(list(make_mask(weights, sparsity, generator).items())[:1])


@pytest.mark.parametrize(
    ("method", "sparsity", "message"),
    [
        ("global_magnitud", 0.5, "did you mean 'global_magnitude'"),
        ("global_magnitude", 1.0, r"sparsity 1\.0"),
        (f"{__name__}:keeps_all", 0.5, "removed 0 of 676 weights for sparsity 0.5"),
        (f"{__name__}:forgets_a_layer", 0.5, "names or shapes"),
    ],
)
def test_methods_that_fail_are_named(method: str, sparsity: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prune(checkpoint(0), method, sparsity)


def test_files_that_hold_no_mask_are_named(tmp_path: Path) -> None:
    file = tmp_path / "mask.safetensors"
    with pytest.raises(OSError, match=r"mask\.safetensors"):
        Mask.read(file)
    prune(checkpoint(0), "global_magnitude", 0.5).write(file)
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(OSError, match=r"mask\.safetensors"):
        Mask.read(file)
