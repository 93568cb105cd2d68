"""A study opens as labelled data sets whose keys nobody has to know."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from emergence import open_study
from emergence.core.runs import Run
from emergence.core.storage import write_dataset
from emergence.parameters.reading import ParametersError, check
from emergence.statistics.collect import RunFile, labelled
from emergence.study import studies
from emergence.study.opened import ROOT
from emergence.study.plan import Plan

SMALL = {
    "study": {"name": "small", "experiments": ["digits/mlp"], "seeds": 3, "seeds_per_block": 2},
    "variations": {"networks": []},
    "pruning": {"methods": ["global_magnitude"], "sparsities": [0.5]},
}
NUMBER = {"units": "1", "long_name": "a number"}


def write(path: Path, seeds: tuple[int, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = xr.Variable("seed", np.array(seeds, dtype=float), NUMBER)
    write_dataset(path, xr.Dataset({"value": values}, {"seed": list(seeds)}), {})


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(check(SMALL), ROOT)


@pytest.fixture
def folder(plan: Plan, tmp_path: Path) -> Path:
    """The folder of a study with joined runs, and with counts of all runs but measures of the first alone."""
    studies.leave(plan.parameters, tmp_path)
    for job in plan.of_rule("count_paths"):
        write(tmp_path / job.file("emergence"), job.run.seeds if job.run else ())
    write(tmp_path / plan.of_rule("apply_measures")[0].file("measures"), (0, 1))
    write(tmp_path / plan.of_rule("collect_runs")[0].file("study"), (0, 1, 2))
    return tmp_path / "results/studies/small"


def test_results_are_named_without_keys_and_only_those_of_all_runs(folder: Path) -> None:
    study = open_study(folder)
    assert list(study) == ["study", "emergence"] and len(study) == 2
    assert repr(study) == "<study small: study, emergence>"
    assert study.parameters.study.seeds == 3
    assert study["study"]["value"].values.tolist() == [0, 1, 2]


def test_files_of_single_runs_are_joined_along_run_and_seed(folder: Path) -> None:
    counted = open_study(str(folder))["emergence"]
    assert counted["method"].values.tolist() == ["dense", "global_magnitude"]
    assert counted["sparsity"].values.tolist() == [0.0, 0.5]
    assert counted["value"].values.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert counted["value"].attrs == NUMBER


def test_files_of_other_dimensions_and_sizes_are_joined_too(tmp_path: Path) -> None:
    """As planes lie around some networks only, and networks differ in their numbers of units."""
    slices = xr.Dataset({"slice": ("offset", [1.0, 2.0], NUMBER)}, {"offset": [0, 1], "of_unit": ("unit", ["a", "b"])})
    plane = xr.Dataset({"plane": ("alpha", [3.0], NUMBER)}, {"alpha": [0.5], "of_unit": ("unit", ["c"])})
    files = []
    for sparsity, data in ((0.0, slices), (0.5, plane)):
        run = Run("digits", "mlp", "dense" if not sparsity else "random_weights", sparsity, (0,))
        files.append(RunFile(run, "landscape", tmp_path / f"{sparsity}.nc"))
        write_dataset(files[-1].path, data.expand_dims(seed=[0]), {})
    joined = labelled(files)
    assert joined["alpha"].dims == ("alpha",) and joined["unit"].values.tolist() == [0, 1]
    assert joined["plane"].sel(run=joined["run"][1], alpha=0.5).item() == 3.0
    assert joined["plane"].isel(run=0).isnull().all() and joined["slice"].isel(run=1).isnull().all()
    assert joined["of_unit"].isel(unit=0).values.tolist() == ["a", "c"]


def test_what_is_not_there_is_named_beside_what_is(folder: Path) -> None:
    with pytest.raises(KeyError, match="no current 'measures'; there are: study, emergence"):
        open_study(folder)["measures"]


def test_a_folder_that_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParametersError, match=r"results/studies/none/params.yaml: is missing or damaged"):
        open_study(tmp_path / "results/studies/none")
    with pytest.raises(ValueError, match=r"allowed: a folder in results/studies"):
        open_study(tmp_path)
