"""Emergence over thresholds and criteria in one pass, for one network and for stacked ones, and the script."""

import copy
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor, nn

from emergence import UnitGraph, count_paths, emergence_grid, emergence_grids
from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.datasets import RawDataset, process, split
from emergence.networks import Architecture, build
from emergence.parameters.data import Data
from emergence.parameters.emergence import Emergence
from emergence.training.checkpoints import Checkpoint, file_name, publish, write
from tests.job_files import RUN, do, job_file

torch.set_num_threads(1)

THRESHOLDS = [0.0, 0.05, 0.3]
CRITERIA = ["mean", "any", "all", "fraction", "sample"]


def network(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 5), nn.SiLU(), nn.Linear(5, 3)
    )
    with torch.no_grad():
        net[4].weight.mul_(torch.rand_like(net[4].weight) < 0.6)
    return net


def inputs() -> Tensor:
    return torch.randn(11, 1, 4, 4, generator=torch.Generator().manual_seed(5))


def assert_equals_single_counts(grid: xr.Dataset, net: nn.Module, **settings: object) -> None:
    for criterion, threshold, through in product(CRITERIA, THRESHOLDS, grid.through.values):
        cell = grid.sel(criterion=criterion, threshold=threshold, through=through)
        counts = count_paths(net, inputs(), criterion=criterion, threshold=threshold, through=str(through), **settings)
        assert cell.emergence.item() == pytest.approx(counts.emergence, rel=1e-14)
        assert cell.relative_emergence.item() == pytest.approx(counts.relative, rel=1e-14)
        assert cell.normalised_emergence.item() == pytest.approx(counts.normalised, rel=1e-14)
        np.testing.assert_allclose(cell.active_units, counts.active, rtol=1e-14)
        expected = counts.log10 if counts.emergence else np.nan
        np.testing.assert_allclose(cell.log10_emergence, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("through", "block"), [(["all", "active"], 2**19), (["active"], 2**19), (["active", "all"], 64)]
)
def test_a_grid_equals_single_counts(through: list[str], block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emergence.graph.tracing._BLOCK_UNITS", {True: block})
    settings = {"fraction": 0.4, "include_input": True}
    grid = emergence_grid(network(0), inputs(), thresholds=THRESHOLDS, criteria=CRITERIA, through=through, **settings)
    assert grid.site.values.tolist() == ["input_1", "2", "5", "output"]
    assert grid.through.values.tolist() == through
    assert_equals_single_counts(grid, network(0), **settings)
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in grid.data_vars.values())


def test_stacked_networks_equal_single_ones() -> None:
    nets = [network(seed) for seed in range(3)]
    states = {name: torch.stack([net.state_dict()[name] for net in nets]) for name in nets[0].state_dict()}
    host = network(9)
    before = copy.deepcopy(host.state_dict())
    grids = emergence_grids(host, states, inputs(), thresholds=THRESHOLDS, criteria=CRITERIA)
    assert grids.sizes["seed"] == 3
    for seed, net in enumerate(nets):
        assert_equals_single_counts(grids.isel(seed=seed), net)
    assert all(torch.equal(tensor, before[name]) for name, tensor in host.state_dict().items())


def test_patterns_in_blocks_equal_patterns_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emergence.graph.tracing._BLOCK_UNITS", {True: 250})
    graph = UnitGraph(network(0), inputs(), include_input=True)
    assert graph.trace.rows_per_block(torch.device("cpu")) < 20
    active = [torch.rand(100, int(size)) < 0.5 for size in graph.size]
    together = graph.count(active).to_float()
    for row in range(0, len(together), 17):
        np.testing.assert_array_equal(
            together[row], graph.count([units[row : row + 1] for units in active])[0].to_float()
        )


def test_a_diverged_network_is_missing_and_leaves_the_others() -> None:
    nets = [network(seed) for seed in range(2)]
    nets[1][0].weight.data[0] = float("nan")
    states = {name: torch.stack([net.state_dict()[name] for net in nets]) for name in nets[0].state_dict()}
    grids = emergence_grids(network(0), states, inputs(), thresholds=THRESHOLDS, criteria=["mean", "sample"])
    assert grids.emergence.isel(seed=1).isnull().all() and grids.active_units.isel(seed=1).isnull().all()
    assert grids.emergence.isel(seed=0).notnull().all()


def test_a_criterion_that_needs_earlier_weights_is_refused_in_a_grid() -> None:
    with pytest.raises(ValueError, match="unknown criterion 'weight-change'"):
        emergence_grid(network(0), inputs(), thresholds=[0.1], criteria=["weight-change"])


def test_the_script_counts_every_seed_and_step_in_the_order_of_training(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    raw = RawDataset(generator.random((60, 1, 4, 4)).astype(np.float32), np.arange(60) % 3, ("a", "b", "c"), "made up")
    sizes = Data(probe_samples=8)
    write_dataset(tmp_path / "dataset.nc", process("noise", raw, sizes), {})
    described = Architecture("mlp", (1, 4, 4), 3, {"widths": [6], "activation": "relu"})
    steps, files, nets = [Step(10), Step(0), Step(0, 3)], {}, {}
    for step in steps:
        nets[step] = [build(described) for _ in range(2)]
        weights = {name: torch.stack([n.state_dict()[name] for n in nets[step]]) for name in nets[step][0].state_dict()}
        file = tmp_path / file_name(step)
        files[file] = write(Checkpoint(step, (4, 7), described, weights), file)
    publish(files, tmp_path / "checkpoints")
    section = Emergence(thresholds=[0.05, 0.2], criteria=["mean", "sample"])
    inputs = {"data": {"dataset": tmp_path / "dataset.nc"}, "training": {"checkpoints": tmp_path / "checkpoints"}}
    settings = {"networks": {"mlp": {"builder": "mlp"}}, "emergence": section.model_dump()}
    outputs = {"emergence": tmp_path / "emergence.nc"}
    do(job_file(tmp_path / "job.json", "count_paths", inputs, outputs, run=RUN, settings=settings))
    result = read_dataset(tmp_path / "emergence.nc")
    assert result.step.values.tolist() == ["ep0", "ep0it3", "ep10"]
    assert result.seed.values.tolist() == [4, 7]
    assert json.loads(result.attrs["parameters"])["emergence"] == section.model_dump()
    assert result.emergence.dims == ("seed", "step", "criterion", "threshold", "through")
    assert result.active_units.dims == ("seed", "step", "criterion", "threshold", "site")
    assert (result.nonzero_parameters.dims, result.site_size.dims) == (("seed", "step"), ("site",))
    for position, seed in enumerate((4, 7)):
        part = split(raw.labels, None, sizes, seed)
        train, probe = (torch.from_numpy(raw.inputs[part == index]).double() for index in (0, 2))
        scaled = ((probe - train.mean()) / train.std(correction=0)).float()
        counts = count_paths(nets[Step(0, 3)][position], scaled, threshold=0.2, criterion="sample")
        cell = result.sel(seed=seed, step="ep0it3", threshold=0.2, criterion="sample", through="all")
        assert cell.emergence.item() == pytest.approx(counts.emergence, rel=1e-12)
