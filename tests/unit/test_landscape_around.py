"""What is measured around the networks of a run: ruggedness, curvature and minima, as the workflow does it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.curvature import network_curvature
from emergence.datasets import RawDataset, process, read_processed
from emergence.landscape.minima import count_minima
from emergence.landscape.summary import PLACES, summarise
from emergence.networks import Architecture, build
from emergence.parameters.curvature import Curvature
from emergence.parameters.data import Data
from emergence.parameters.minima import Minima
from emergence.parameters.training import Training
from emergence.training.checkpoints import Checkpoint, file_name, publish, read, write
from tests.job_files import RUN, do, job_file

ARCHITECTURE = Architecture("mlp", (1, 6, 6), 3, {"widths": [8], "activation": "relu"})
STEPS = (Step(0), Step(0, 2), Step(11))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, metrics, and the checkpoints of two seeds at three steps."""
    folder = tmp_path_factory.mktemp("run")
    images = np.random.default_rng(0).integers(0, 256, (90, 1, 6, 6), dtype=np.uint8)
    raw = RawDataset(images, np.arange(90) % 3, ("a", "b", "c"), source="made up")
    write_dataset(folder / "dataset.nc", process("noise", raw, Data(probe_samples=12)), {})
    write_dataset(folder / "metrics.nc", xr.Dataset(), {"training": Training(batch_size=16).model_dump()})
    torch.manual_seed(0)
    files = {}
    for step in STEPS:
        states = [build(ARCHITECTURE).state_dict() for _ in range(2)]
        stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}
        path = folder / file_name(step)
        files[path] = write(Checkpoint(step, (4, 7), ARCHITECTURE, stacked), path)
    publish(files, folder / "checkpoints")
    return folder


def call(rule: str, output: Path, run: Path, seeds: Sequence[int] = (7, 4), **settings: object) -> xr.Dataset:
    """What a script writes, at two steps by default."""
    inputs = {
        "data": {"dataset": run / "dataset.nc"},
        "training": {"checkpoints": run / "checkpoints", "metrics": run / "metrics.nc"},
        "landscape": {"landscape": run / "landscape.nc"},
    }
    chosen = {"networks": {"mlp": {"builder": "mlp"}}, "landscape": {"steps": ["last", "ep0"]}, **settings}
    where = output.with_suffix(".json")
    do(job_file(where, rule, inputs, {"out": output}, run=RUN, settings=chosen, derived={"seeds": list(seeds)}))
    return read_dataset(output)


def test_the_script_measures_the_curvature_of_the_chosen_networks(run: Path, tmp_path: Path) -> None:
    settings = Curvature(eigenvalues=2, probes=2, lanczos_steps=5)
    found = call("measure_curvature", tmp_path / "curvature.nc", run, curvature=settings.model_dump())
    assert found["step"].values.tolist() == ["ep0", "ep11"] and found["seed"].values.tolist() == [7, 4]
    data = read_processed(run / "dataset.nc").of_seed(4)
    inputs, labels = data.part("probe")
    network = read(run / "checkpoints" / "ep11.safetensors").network(4)
    expected = network_curvature(network, data.normalise(inputs), labels, settings)
    xr.testing.assert_allclose(found.sel(seed=4, step="ep11", drop=True), expected, rtol=1e-4, atol=1e-6)


def test_the_script_finds_minima_around_the_chosen_networks(run: Path, tmp_path: Path) -> None:
    minima = Minima(radii=[0.1, 3.0], copies=3, epochs=20, barrier=0.01).model_dump()
    found = call("find_minima", tmp_path / "a.nc", run, minima=minima, seeds=[7], landscape={"steps": ["ep0"]})
    assert found["minima"].dims == ("seed", "step", "radius") and found["radius"].values.tolist() == [0.1, 3]
    near, far = (found.isel(seed=0, step=0, radius=radius) for radius in (0, 1))
    assert near["minima"] == 1 <= far["minima"] <= 3
    assert near["minima_barrier"] < far["minima_barrier"] and near["minima_distance"] < far["minima_distance"]
    call("find_minima", tmp_path / "b.nc", run, minima=minima, seeds=[7], landscape={"steps": ["ep0"]})
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def landscape() -> xr.Dataset:
    """A wavy landscape of two seeds at one step, of which the second lacks a point of a slice."""
    x, y, t = np.linspace(-1, 1, 41), np.linspace(-1, 1, 31), np.linspace(0, 1, 11)
    wavy = np.cos(4 * np.pi * x)[:, None] + np.cos(2 * np.pi * y)
    planes = np.stack([np.stack([wavy, wavy * 0]), np.stack([2 * wavy, wavy * 0])])[:, None]
    slices = np.stack([np.cos(4 * np.pi * x), x**2])[None, None].repeat(2, axis=0).copy()
    slices[1, 0, 1, 3] = np.nan
    data = {
        "plane_loss": (("seed", "step", "plane", "alpha", "beta"), planes),
        "slice_loss": (("seed", "step", "slice", "offset"), slices),
        "line_loss": (("seed", "position"), np.stack([np.sin(np.pi * t), t])),
    }
    places = {"alpha": x, "beta": y, "offset": x, "position": t}
    return xr.Dataset(data, {"seed": [3, 5], "step": ["ep0"], "plane": ["random", "trajectory"], **places})


def test_a_landscape_is_summed_up_by_the_random_plane_and_the_mean_over_slices() -> None:
    found = summarise(landscape(), noise=1e-6)
    assert set(found.data_vars) == {f"{where}_{name}" for where, (*_, names) in PLACES.items() for name in names}
    assert found["plane_minima"].dims == ("seed", "step")
    # Troughs at -3/4, -1/4, 1/4, 3/4 along alpha and -1/2, 1/2 along beta.
    assert found["plane_minima"].values.tolist() == [[8], [8]]
    assert found["plane_minima_density"].values.tolist() == [[2], [2]]
    assert found["slice_minima"].sel(seed=3).item() == (4 + 1) / 2
    assert found["slice_minima_density"].sel(seed=3).item() == (4 + 1) / 2 / 2
    assert found["plane_roughness"].sel(seed=5).item() == pytest.approx(2 * found["plane_roughness"].sel(seed=3).item())
    relative = found["plane_relative_roughness"]
    assert relative.sel(seed=5).item() == pytest.approx(relative.sel(seed=3).item())
    assert found["line_barrier"].values == pytest.approx([1, 0])
    assert found["slice_total_variation"].sel(seed=3).item() == pytest.approx((16 + 2) / 2)


def test_persistent_minima_are_summed_up_with_their_units_and_in_multiples_of_the_directions() -> None:
    found = summarise(landscape(), noise=1e-6)
    # Troughs reach -2, passes lie at 0, both up to where the points of beta lie; no trough is at the border.
    assert found["plane_persistent_minima"].values.tolist() == [[8], [8]]
    assert found["plane_total_persistence"].values == pytest.approx(np.array([[7 * 2], [7 * 4]]), rel=0.01)
    assert found["plane_largest_persistence"].values == pytest.approx(np.array([[2], [4]]), rel=0.01)
    assert found["slice_persistent_minima"].sel(seed=3).item() == (4 + 1) / 2
    assert found["slice_total_persistence"].sel(seed=3).item() == pytest.approx((3 * 2 + 0) / 2)
    assert found["slice_largest_persistence"].sel(seed=3).item() == pytest.approx((2 + 0) / 2)
    # The slice without a pair does not weigh on the mean of the other's three.
    lone = summarise(landscape().isel(slice=[0]), noise=1e-6)["slice_saddle_distance"]
    assert found["slice_saddle_distance"].sel(seed=3).item() == lone.sel(seed=3).item()
    assert 0.25 <= lone.sel(seed=3).item() <= 1.25
    for name in ("persistent_minima", "total_persistence", "largest_persistence", "saddle_distance"):
        for place in ("plane", "slice"):
            values = found[f"{place}_{name}"]
            assert values.dims == ("seed", "step")
            assert values.attrs["units"] == ("nat" if name.endswith("persistence") else "1")


def test_a_landscape_with_one_minimum_has_no_distance_from_a_saddle() -> None:
    bowl = xr.DataArray(
        [[[[4.0, 1.0, 0.0, 1.0, 4.0]]]], {"offset": np.arange(5.0)}, ("seed", "step", "slice", "offset")
    )
    found = summarise(xr.Dataset({"slice_loss": bowl}), noise=0)
    assert found["slice_persistent_minima"].item() == 1
    assert found["slice_total_persistence"].item() == 0
    assert found["slice_saddle_distance"].isnull().all()


def test_a_missing_point_makes_only_its_own_seed_unknown() -> None:
    found = summarise(landscape(), noise=1e-6)
    for name in ("persistent_minima", "total_persistence", "largest_persistence", "saddle_distance"):
        assert found[f"slice_{name}"].isnull().values.tolist() == [[False], [True]]
    assert found["slice_minima"].isnull().values.tolist() == [[False], [True]]


def test_what_was_not_sampled_is_left_out() -> None:
    given = landscape()
    found = summarise(given.drop_vars(["slice_loss", "line_loss"]), noise=0)
    assert all(name.startswith("plane_") for name in found.data_vars)
    assert found["seed"].values.tolist() == [3, 5]
    assert not summarise(given[["plane_loss"]].sel(plane=["trajectory"]), noise=0).data_vars


def test_the_script_sums_up_a_landscape_with_the_noise_floor_of_the_parameters(tmp_path: Path) -> None:
    given = landscape()
    for values in given.data_vars.values():
        values.attrs = {"units": "nat", "long_name": "made up"}
    write_dataset(tmp_path / "landscape.nc", given, {})
    for noise in (1e-6, 10.0):
        found = call("measure_ruggedness", tmp_path / "ruggedness.nc", tmp_path, ruggedness={"noise_floor": noise})
        slices = count_minima(given["slice_loss"], ["offset"], noise).mean("slice", skipna=False)
        np.testing.assert_array_equal(found["slice_minima"], slices)
