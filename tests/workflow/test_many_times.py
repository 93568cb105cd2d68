"""What chance could hide, done often: fresh clones, changes in them, experiments, training killed at random moments."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from emergence.study.layout import log
from tests.workflow.conftest import Repository
from tests.workflow.test_currency import is_clean, new_jobs, phases_of

CONCLUSIONS = ["statistics", "figures", "report"]
CHANGES = {
    "data.split_seed": (1, ["data", "train", "prune", "emergence", "landscape", *CONCLUSIONS]),
    "training.batch_size": (32, ["train", "prune", "emergence", "landscape", *CONCLUSIONS]),
    "training.epochs": (4, ["train", "prune", "emergence", "landscape", *CONCLUSIONS]),
    "study.seeds": (6, ["train", "prune", "emergence", "landscape", *CONCLUSIONS]),
    "pruning.retraining": (["fine_tune"], ["prune", "emergence", "landscape", *CONCLUSIONS]),
    "emergence.thresholds": ([0.05, 0.1], ["emergence", *CONCLUSIONS]),
    "measures.names": (["weight_norm"], ["emergence", *CONCLUSIONS]),
    "landscape.points": (5, ["landscape", *CONCLUSIONS]),
    "minima.copies": (2, ["landscape", *CONCLUSIONS]),
    "statistics.confidence": (0.9, CONCLUSIONS),
    "figures.font_size": (11.0, ["figures", "report"]),
}
"""One parameter or two of each phase: another value, and the phases that depend on it."""

pytestmark = [pytest.mark.workflow, pytest.mark.long]


@pytest.mark.parametrize("attempt", range(20))
def test_nothing_is_to_be_done_in_any_fresh_clone(finished: Repository, tmp_path: Path, attempt: int) -> None:
    clone = finished.clone(tmp_path / "clone")
    clone.run("dvc", "pull", "-q")
    assert clone.planned() == {}


@pytest.fixture(scope="module")
def from_scratch(source: Repository, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, bytes]]:
    """The results of the study with one parameter changed, made from nothing.

    Computed once per parameter, since one process runs both tests of it.
    """

    @cache
    def results(key: str) -> dict[str, bytes]:
        clone = source.clone(tmp_path_factory.mktemp("scratch") / "clone")
        clone.set(key, CHANGES[key][0])
        clone.run("snakemake")
        return clone.current_files()

    return results


@pytest.mark.parametrize("tool", ["snakemake", "dvc repro"])
@pytest.mark.parametrize("key", [pytest.param(key, marks=pytest.mark.xdist_group(key)) for key in CHANGES])
def test_in_a_fresh_clone_a_change_makes_what_depends_on_it_as_from_scratch(
    repository: Repository, from_scratch: Callable[[str], dict[str, bytes]], key: str, tool: str
) -> None:
    assert repository.planned() == {}
    value, phases = CHANGES[key]
    before = repository.plan()
    repository.set(key, value)
    expected = new_jobs(before, repository.plan())
    assert phases_of(expected) == phases
    repository.run(*tool.split())
    assert repository.logs() == sorted(log(job.rule, job.name, job.key) for job in expected)
    assert repository.planned() == {}
    if tool == "dvc repro":
        assert is_clean(repository)
    made, scratch = repository.current_files(), from_scratch(key)
    assert {name: made[name] for name in scratch} == scratch


@pytest.mark.parametrize("way", ["--temp", "--queue"])
@pytest.mark.parametrize("attempt", range(10))
def test_an_experiment_draws_the_figure_of_its_own_parameter(repository: Repository, attempt: int, way: str) -> None:
    figure = repository.folder / "results/figures/png/sparsity.png"
    value = 10.0 + attempt
    repository.run("dvc", "exp", "run", way, "--name", "other", "--set-param", f"figures.font_size={value}")
    if way == "--queue":
        repository.run("dvc", "exp", "run", "--run-all")
    direct = repository.copy(repository.folder.parent / "direct")
    direct.set("figures.font_size", value)
    direct.run("snakemake", "draw_sparsity")
    repository.run("dvc", "exp", "apply", "other")
    assert figure.read_bytes() == (direct.folder / "results/figures/png/sparsity.png").read_bytes()
    assert repository.planned() == {}


@pytest.mark.parametrize("attempt", range(20))
def test_a_study_killed_at_a_random_moment_ends_as_if_it_had_not_been(
    source: Repository, finished: Repository, tmp_path: Path, attempt: int
) -> None:
    clone = source.clone(tmp_path / "clone")
    program = str(Path(sys.executable).parent / "snakemake")
    with subprocess.Popen([program], cwd=clone.folder, start_new_session=True, stderr=subprocess.DEVNULL) as study:
        time.sleep(random.Random(attempt).uniform(5, 40))
        os.killpg(study.pid, signal.SIGKILL)
    clone.run("snakemake", "--unlock")
    clone.run("snakemake")
    made, expected = clone.current_files(), finished.current_files()
    assert {name: made[name] for name in expected} == expected
