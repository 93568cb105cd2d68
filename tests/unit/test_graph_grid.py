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
from emergence.core.steps import Step, step_before
from emergence.core.storage import read_dataset, write_dataset
from emergence.datasets import RawDataset, process, split
from emergence.graph.grid import grids_of
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


def stacked(nets: list[nn.Module]) -> dict[str, Tensor]:
    return {name: torch.stack([net.state_dict()[name] for net in nets]) for name in nets[0].state_dict()}


def moved(net: nn.Module, by: float = 0.05) -> nn.Module:
    """A copy whose weights were trained on, those that are zero staying so."""
    copied = copy.deepcopy(net)
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter += by * torch.randn_like(parameter) * (parameter != 0)
    return copied


def dense_layers(net: nn.Sequential) -> list[np.ndarray]:
    return [layer.weight.detach().numpy().astype(float) for layer in net if isinstance(layer, nn.Linear)]


def paths_one_by_one(layers: list[np.ndarray], active: list[np.ndarray]) -> int:
    """Follow every path from each inactive unit of a layer's outputs to the active units of later ones."""

    def onward(site: int, unit: int) -> int:
        if site == len(active) - 1:
            return 0
        reached = np.flatnonzero(layers[site + 1][:, unit])
        return sum(int(active[site + 1][other]) + onward(site + 1, other) for other in reached)

    return sum(onward(site, unit) for site, units in enumerate(active) for unit in np.flatnonzero(~units))


def test_by_weight_change_paths_lead_from_units_whose_weights_stayed_to_those_whose_weights_moved() -> None:
    torch.manual_seed(3)
    before = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    with torch.no_grad():
        before[2].weight.mul_(torch.rand(5, 6) < 0.6)
    after = moved(before)
    thresholds = {"thresholds": [0.1, 0.3], "change_thresholds": [0.07, 0.1, 0.12]}
    criteria = ["weight-change", "mean"]
    x = torch.randn(7, 4)
    grid = emergence_grid(after, x, criteria=criteria, previous=before.state_dict(), **thresholds)
    assert grid.threshold.values.tolist() == [0.07, 0.1, 0.12, 0.3]
    layers = dense_layers(after)
    distances = [np.linalg.norm(new - old, axis=1) for new, old in zip(layers, dense_layers(before), strict=True)]
    found = []
    for threshold in thresholds["change_thresholds"]:
        cell = grid.sel(criterion="weight-change", threshold=threshold, through="all")
        active = [distance > threshold for distance in distances]
        assert cell.active_units.values.tolist() == [units.sum() for units in active]
        assert cell.emergence.item() == paths_one_by_one(layers, active)
        found.append(cell.emergence.item())
    assert len(set(found)) == 3
    for threshold in thresholds["thresholds"]:
        counts = count_paths(after, x, threshold=threshold)
        assert grid.emergence.sel(criterion="mean", threshold=threshold).item() == counts.emergence


def test_what_is_not_counted_is_missing_and_no_zero() -> None:
    nets = [network(seed) for seed in range(2)]
    after = [moved(net) for net in nets]
    settings = {"thresholds": [0.05, 0.3], "change_thresholds": [0.02, 0.05], "criteria": ["mean", "weight-change"]}
    for previous in (stacked(nets), None):
        grids = emergence_grids(network(9), stacked(after), inputs(), previous=previous, **settings)
        for name in ("emergence", "relative_emergence", "normalised_emergence", "active_units"):
            known = (
                grids[name].notnull().all([dim for dim in grids[name].dims if dim not in ("criterion", "threshold")])
            )
            assert known.sel(criterion="mean").values.tolist() == [False, True, True]
            expected = [previous is not None, previous is not None, False]
            assert known.sel(criterion="weight-change").values.tolist() == expected
            assert grids[name].where(~known).isnull().all()


def test_a_network_whose_weights_are_not_numbers_has_no_change() -> None:
    broken = moved(network(0))
    broken[4].weight.data[0, 0] = float("nan")
    choice = {"thresholds": [0.1], "criteria": ["weight-change"]}
    grids = emergence_grids(network(9), stacked([broken]), inputs(), previous=stacked([network(0)]), **choice)
    assert grids.emergence.isnull().all()


def test_sets_of_samples_stand_side_by_side_and_weight_change_is_the_same_on_all_of_them() -> None:
    before, after = network(0), moved(network(0))
    sets = {"probe": inputs(), "test": 2 * inputs()[:7]}
    graph = UnitGraph(network(9), inputs())
    criteria, through = [*CRITERIA, "weight-change"], ["all", "active"]
    choices = {"thresholds": THRESHOLDS, "criteria": criteria, "through": through}
    grids = grids_of(graph, stacked([after]), [sets], stacked([before]), **choices)
    assert grids.emergence.dims == ("seed", "samples", "criterion", "threshold", "through")
    assert grids.samples.values.tolist() == ["probe", "test"]
    for name, criterion, threshold, kind in product(sets, criteria, THRESHOLDS, through):
        previous = before.state_dict() if criterion == "weight-change" else None
        choice = {"criterion": criterion, "threshold": threshold, "through": kind}
        counts = count_paths(after, sets[name], previous=previous, **choice)  # type: ignore[arg-type]
        cell = grids.isel(seed=0).sel(samples=name, **choice)
        assert cell.emergence.item() == pytest.approx(counts.emergence, rel=1e-14)
        np.testing.assert_allclose(cell.active_units, counts.active, rtol=1e-14)
    of_change = grids.emergence.sel(criterion="weight-change")
    np.testing.assert_array_equal(of_change.sel(samples="probe"), of_change.sel(samples="test"))
    assert (grids.emergence.sel(samples="probe") != grids.emergence.sel(samples="test")).any()


def test_a_criterion_that_needs_earlier_weights_is_refused_without_them() -> None:
    with pytest.raises(ValueError, match="'weight-change' compares with earlier weights: give their state"):
        emergence_grid(network(0), inputs(), thresholds=[0.1], criteria=["weight-change"])
    with pytest.raises(ValueError, match="unknown criterion 'weight'"):
        emergence_grid(network(0), inputs(), thresholds=[0.1], criteria=["weight"])


def test_whole_epochs_are_compared_with_the_whole_epoch_before_and_others_with_the_step_before() -> None:
    rewound = [Step(0, 7), Step(0, 20), Step(1), Step(1, 5), Step(4)]
    expected = [None, Step(0, 7), Step(0, 7), Step(1), Step(1)]
    assert [step_before(step, rewound) for step in rewound] == expected


def test_the_script_counts_every_seed_and_step_in_the_order_of_training(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    raw = RawDataset(generator.random((60, 1, 4, 4)).astype(np.float32), np.arange(60) % 3, ("a", "b", "c"), "made up")
    sizes = Data(probe_samples=8)
    write_dataset(tmp_path / "dataset.nc", process("noise", raw, sizes), {})
    described = Architecture("mlp", (1, 4, 4), 3, {"widths": [6], "activation": "relu"})
    steps, files, nets = [Step(10), Step(0), Step(0, 3), Step(20)], {}, {}
    for step in steps:
        nets[step] = [build(described) for _ in range(2)]
        weights = {name: torch.stack([n.state_dict()[name] for n in nets[step]]) for name in nets[step][0].state_dict()}
        file = tmp_path / file_name(step)
        files[file] = write(Checkpoint(step, (4, 7), described, weights), file)
    publish(files, tmp_path / "checkpoints")
    section = Emergence(
        thresholds=[0.05, 0.2], criteria=["mean", "sample", "weight-change"], change_thresholds=[0.1, 0.5]
    )
    inputs = {"data": {"dataset": tmp_path / "dataset.nc"}, "training": {"checkpoints": tmp_path / "checkpoints"}}
    settings = {"networks": {"mlp": {"builder": "mlp"}}, "emergence": section.model_dump()}
    outputs = {"emergence": tmp_path / "emergence.nc"}
    do(job_file(tmp_path / "job.json", "count_paths", inputs, outputs, run=RUN, settings=settings))
    result = read_dataset(tmp_path / "emergence.nc")
    assert result.step.values.tolist() == ["ep0", "ep0it3", "ep10", "ep20"]
    assert result.seed.values.tolist() == [4, 7] and result.samples.values.tolist() == ["probe", "test"]
    assert json.loads(result.attrs["parameters"])["emergence"] == section.model_dump()
    assert result.emergence.dims == ("seed", "step", "samples", "criterion", "threshold", "through")
    assert result.active_units.dims == ("seed", "step", "samples", "criterion", "threshold", "site")
    assert (result.nonzero_parameters.dims, result.site_size.dims) == (("seed", "step"), ("site",))
    for position, seed in enumerate((4, 7)):
        part = split(raw.labels, None, sizes, seed)
        train = torch.from_numpy(raw.inputs[part == 0]).double()
        scaled = {}
        for name, index in (("probe", 2), ("test", 3)):
            samples = torch.from_numpy(raw.inputs[part == index]).double()
            scaled[name] = ((samples - train.mean()) / train.std(correction=0)).float()
        assert len(scaled["test"]) == 12
        scaled["test"] = scaled["test"][[0, 1, 3, 4, 6, 7, 9, 10]]  # eight of them, as many as there are probe samples
        of_seed = result.sel(seed=seed, through="all")
        for name, samples in scaled.items():
            counts = count_paths(nets[Step(0, 3)][position], samples, threshold=0.2, criterion="sample")
            cell = of_seed.sel(step="ep0it3", threshold=0.2, criterion="sample", samples=name)
            assert cell.emergence.item() == pytest.approx(counts.emergence, rel=1e-12)
        changed = of_seed.emergence.sel(criterion="weight-change", samples="test")
        assert changed.sel(step="ep0").isnull().all()
        for step, before in ((Step(0, 3), Step(0)), (Step(10), Step(0)), (Step(20), Step(10))):
            for threshold in section.change_thresholds:
                counts = count_paths(
                    nets[step][position],
                    scaled["probe"],
                    threshold=threshold,
                    criterion="weight-change",
                    previous=nets[before][position].state_dict(),
                )
                assert changed.sel(step=str(step), threshold=threshold).item() == counts.emergence
