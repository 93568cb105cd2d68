"""Joining run files into one study."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from emergence.core.storage import read_dataset, write_dataset
from emergence.statistics.collect import collect, read_manifest
from tests.job_files import do, job_file

ROOT = Path(__file__).parents[2]
ATTRIBUTES = {"units": "1", "long_name": "made up"}
STEPS = ["ep0", "ep0it2", "ep1", "ep2"]


def value(seed: int, step: str, sparsity: float) -> float:
    """A number that tells where it belongs."""
    return seed + sparsity + len(STEPS) * STEPS.index(step) if step in STEPS else seed + sparsity + 1000


def write_run(
    folder: Path, sparsity: float, seeds: list[int], steps: list[str] = STEPS, sites: int = 3
) -> list[dict[str, Any]]:
    """Write the three files of a run; return their manifest entries."""
    numbers = [[value(seed, step, sparsity) for step in steps] for seed in seeds]
    position = {
        "step_epoch": ("step", np.arange(len(steps), dtype=float)),
        "step_iteration": ("step", 10 * np.arange(len(steps))),
    }
    coordinates = {"seed": seeds, "step": steps, **position}
    over_steps = (("seed", "step"), numbers)
    metrics = {
        "train_accuracy": over_steps,
        "validation_accuracy": over_steps,
        "learning_rate": ("iteration", [0.1, 0.1]),
    }
    shape = (len(seeds), len(steps), 1, 2)
    dims = ("seed", "step", "criterion", "threshold")
    counted = {
        "emergence": (dims, np.broadcast_to(np.array(numbers)[:, :, None, None], shape)),
        "active_units": ((*dims, "site"), np.array(numbers)[:, :, None, None, None] * np.ones((*shape, sites))),
        "site_size": ("site", range(5, 5 + sites)),
    }
    grid = {"criterion": ["mean"], "threshold": [0.05, 0.1], "site": [f"site {place}" for place in range(sites)]}
    files = {
        "metrics": xr.Dataset(metrics, coordinates),
        "emergence": xr.Dataset(counted, {**coordinates, **grid}),
        "measures": xr.Dataset({"weight_norm": (("seed", "step"), numbers)}, coordinates),
    }
    method = "global_magnitude" if sparsity else "dense"
    described = {"dataset": "digits", "network": "mlp", "method": method, "sparsity": sparsity, "seeds": seeds}
    entries = []
    for kind, data in files.items():
        path = folder / f"{method}~{sparsity}" / f"{seeds[0]}" / f"{kind}.nc"
        for name in (*data.data_vars, *position):
            data[name].attrs.update(ATTRIBUTES)
        write_dataset(path, data, {"training": {"optimizer": {"learning_rate": 0.1 + sparsity}}})
        entries.append({**described, kind: str(path)})
    return entries


def joined(entries: list[dict[str, Any]]) -> xr.Dataset:
    return collect(read_manifest({"made": entries}))


def test_blocks_of_seeds_join_and_every_number_keeps_its_place(tmp_path: Path) -> None:
    entries = write_run(tmp_path, 0.0, [2, 3]) + write_run(tmp_path, 0.0, [0, 1]) + write_run(tmp_path, 0.5, [0, 1])
    study = joined(entries)
    assert study["run"].values.tolist() == ["digits/mlp/dense", "digits/mlp/global_magnitude~0.5"]
    assert study["seed"].values.tolist() == [0, 1, 2, 3] and study["step"].values.tolist() == STEPS
    for name in ("train_accuracy", "weight_norm"):
        for run, sparsity, seeds in ((0, 0.0, 4), (1, 0.5, 2)):
            found = study[name].isel(run=run, seed=slice(seeds)).transpose("seed", "step").values
            assert found.tolist() == [[value(seed, step, sparsity) for step in STEPS] for seed in range(seeds)]
    assert study["emergence"].sel(run="digits/mlp/dense", seed=3, step="ep1", threshold=0.1).item() == value(
        3, "ep1", 0
    )
    assert study["train_accuracy"].isel(run=1, seed=slice(2, None)).isnull().all()
    assert study["learning_rate"].dims == ("run",) and study["learning_rate"].values.tolist() == [0.1, 0.6]
    assert study["sparsity"].values.tolist() == [0, 0.5] and study["method"].values[0] == "dense"


def test_what_does_not_run_over_seeds_and_steps_is_left_out(tmp_path: Path) -> None:
    study = joined(write_run(tmp_path, 0.0, [0, 1]))
    kept = {
        "train_accuracy",
        "validation_accuracy",
        "emergence",
        "weight_norm",
        "step_epoch",
        "step_iteration",
        "learning_rate",
        "active_units",
        "active_share",
    }
    assert set(study.data_vars) == kept
    assert set(study.dims) == {"run", "seed", "step", "criterion", "threshold", "site"}


def test_active_units_are_joined_by_the_place_of_their_site_and_as_a_share_of_all(tmp_path: Path) -> None:
    deep = [{**entry, "network": "deep"} for entry in write_run(tmp_path / "deep", 0.0, [0, 1], sites=5)]
    study = joined(write_run(tmp_path, 0.0, [0, 1]) + deep).sel(threshold=0.1, criterion="mean")
    assert study["site"].values.tolist() == [0, 1, 2, 3, 4]
    units = study["active_units"].transpose("run", "seed", "step", "site")
    assert units.isel(run=0, site=[3, 4]).isnull().all() and units.notnull().sum() == 2 * len(STEPS) * (3 + 5)
    for place, step in enumerate(STEPS):
        for run, sites in enumerate((3, 5)):
            assert set(units[run, 1, place, :sites].values.tolist()) == {value(1, step, 0)}
            share = study["active_share"].sel(seed=1, step=step).isel(run=run).item()
            assert share == pytest.approx(sites * value(1, step, 0) / sum(range(5, 5 + sites)))


def test_steps_are_the_union_in_order_of_training_and_missing_ones_are_nan(tmp_path: Path) -> None:
    other = ["ep0", "ep0it10", "ep2", "ep10"]
    study = joined(write_run(tmp_path, 0.0, [0, 1]) + write_run(tmp_path, 0.5, [0, 1], other))
    assert study["step"].values.tolist() == ["ep0", "ep0it2", "ep0it10", "ep1", "ep2", "ep10"]
    assert study["step_epoch"].isel(run=1).values == pytest.approx([0, np.nan, 1, np.nan, 2, 3], nan_ok=True)
    assert study["emergence"].isel(run=0).sel(step="ep10").isnull().all()
    assert study["train_accuracy"].isel(run=1).sel(step="ep2", seed=1).item() == value(1, "ep2", 0.5)


def test_seeds_that_come_twice_or_differ_from_the_stated_ones_are_refused(tmp_path: Path) -> None:
    entries = write_run(tmp_path, 0.0, [0, 1]) + write_run(tmp_path, 0.0, [1, 2])
    with pytest.raises(ValueError, match=r"digits/mlp/dense: seeds come twice: \[0, 1, 1, 2\]"):
        joined(entries)
    with pytest.raises(ValueError, match=r"holds seeds \[0, 1\], expected \[5, 6\]"):
        joined([{**entries[0], "seeds": [5, 6]}])
    with pytest.raises(ValueError, match="no runs"):
        joined([])


def test_landscapes_join_at_their_seeds_and_steps_and_as_means_over_radii(tmp_path: Path) -> None:
    entries = write_run(tmp_path, 0.0, [0, 1, 2])
    dims = ("seed", "step", "radius")
    found = {"minima": (dims, [[[1, 3], [2, 2]]], ATTRIBUTES), "line_barrier": ("seed", [0.5], ATTRIBUTES)}
    at = {"seed": [1], "step": ["ep0", "ep2"], "radius": [0.5, 1.0]}
    write_dataset(tmp_path / "minima.nc", xr.Dataset(found, at), {})
    around = {**{key: entries[0][key] for key in entries[0] if key != "metrics"}, "minima": str(tmp_path / "minima.nc")}
    study = joined([*entries, around]).isel(run=0)
    assert study["minima"].transpose("seed", "step").sel(seed=1, step=["ep0", "ep2"]).values.tolist() == [2, 2]
    assert study["minima"].notnull().sum() == 2 and study["line_barrier"].values[1] == 0.5
    assert study["minima"].attrs["units"] == "1" and "radius" not in study.dims
    with pytest.raises(ValueError, match=r"holds seeds \[1\], expected \[5, 6\]"):
        joined([{**around, "seeds": [5, 6]}])


def test_an_entry_without_a_file_is_refused(tmp_path: Path) -> None:
    entry = {key: item for key, item in write_run(tmp_path, 0.0, [0, 1])[0].items() if key != "metrics"}
    with pytest.raises(ValueError, match=r"give one file, got 0"):
        joined([entry])


def test_the_script_writes_the_same_bytes_for_the_same_runs(tmp_path: Path) -> None:
    inputs = {"made": write_run(tmp_path, 0.0, [0, 1]) + write_run(tmp_path, 0.5, [0, 1])}
    settings = {"statistics": {"accuracy_targets": [0.5, 0.9]}}
    outputs = [tmp_path / "first.nc", tmp_path / "second.nc"]
    for output in outputs:
        do(job_file(tmp_path / "job.json", "collect_runs", inputs, {"study": output}, settings=settings))
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    study = read_dataset(outputs[0])
    assert study["dataset"].dims == study["network"].dims == study["sparsity"].dims == ("run",)
    assert study["run"].values.tolist() == ["digits/mlp/dense", "digits/mlp/global_magnitude~0.5"]
    assert {"step_epoch", "step_iteration"} <= set(study.data_vars)
    assert study["epochs_to_accuracy"].dims == study["censored"].dims == ("run", "seed", "accuracy_target")
    assert study["accuracy_target"].values.tolist() == [0.5, 0.9]
    areas = [np.trapezoid([value(seed, step, 0.5) for step in STEPS]) / (len(STEPS) - 1) for seed in (0, 1)]
    np.testing.assert_allclose(study["mean_accuracy"].isel(run=1).sel(seed=[0, 1]), areas)
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in study.data_vars.values())


def test_skills_are_joined_and_missing_for_runs_whose_data_set_has_none(tmp_path: Path) -> None:
    image, parity = (write_run(tmp_path / name, 0, [0, 1]) for name in ("digits", "parity"))
    strengths = np.arange(2 * len(STEPS) * 3.0).reshape(2, len(STEPS), 3)
    variables = {
        "skill_strength": (("seed", "step", "skill"), strengths, ATTRIBUTES),
        "random_answers": ((), 1.0, ATTRIBUTES),
        "measure_passes": ("measure", [1.0, 2.0], ATTRIBUTES),
    }
    labels = {"seed": [0, 1], "step": STEPS, "skill": ["1", "2", "3"], "measure": ["emergence", "weight_norm"]}
    write_dataset(tmp_path / "skills.nc", xr.Dataset(variables, labels), {})
    skills = {key: value for key, value in parity[0].items() if key != "metrics"} | {"skills": tmp_path / "skills.nc"}
    entries = [*image, *({**entry, "dataset": "parity"} for entry in (*parity, skills))]
    study = collect(read_manifest({"all": entries}))
    of_image, of_parity = (study.isel(run=place) for place in (0, 1))
    np.testing.assert_array_equal(of_parity["skill_strength"].transpose("seed", "step", "skill"), strengths)
    assert float(of_parity["random_answers"]) == 1
    assert of_parity["measure_passes"].values.tolist() == [1, 2]
    assert all(of_image[name].isnull().all() for name in variables)
