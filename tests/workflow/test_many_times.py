"""What chance could hide, done often: fresh clones, changes in them, experiments, training killed at random moments."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.workflow.conftest import Repository, pulled
from tests.workflow.test_currency import is_clean, new_jobs

JUDGED = dict.fromkeys(
    ["judge_claims", "map_robustness", "compare_rivals", "compare_stopping", "write_metrics", "write_report"], 1
)
JOINED = {"collect_runs": 1, **JUDGED}
LOOKED_AT = {"sample_landscape": 2, "measure_ruggedness": 2, "measure_curvature": 2, "find_minima": 2}
PRUNED = {"make_masks": 1, "retrain_networks": 1, "gather_networks": 1}
ANALYSED = {"count_paths": 2, "apply_measures": 2, "compare_controls": 1}
TRAINED = {"train_networks": 1, **PRUNED, **ANALYSED, **LOOKED_AT, **JOINED, "draw_figure": 24}
CHANGES: dict[str, tuple[object, dict[str, int]]] = {
    "data.split_seed": (1, {"prepare_data": 1, **TRAINED}),
    "training.batch_size": (32, TRAINED),
    "training.epochs": (4, TRAINED),
    # Landscapes are of the first seeds.
    "study.seeds": (6, {"train_networks": 1, **PRUNED, **ANALYSED, **JOINED, "draw_figure": 19}),
    "pruning.retraining": (
        ["fine_tune"],
        {"retrain_networks": 1, "gather_networks": 1, "count_paths": 1, "apply_measures": 1}
        | dict.fromkeys(LOOKED_AT, 1)
        | {**JOINED, "draw_figure": 24},
    ),
    "emergence.thresholds": ([0.05, 0.1], {"count_paths": 2, **JOINED, "draw_figure": 18}),
    "measures.names": (["weight_norm"], {"apply_measures": 2, **JOINED, "draw_figure": 18}),
    "landscape.points": (
        5,
        {"sample_landscape": 2, "measure_ruggedness": 2, **JOINED, "draw_figure": 23},
    ),
    "minima.copies": (2, {"find_minima": 2, **JOINED, "draw_figure": 18}),
    "statistics.confidence": (0.9, {**JUDGED, "draw_figure": 24}),
    "figures.font_size": (11.0, {"draw_figure": 24, "write_report": 1}),
}
"""One parameter or two of each phase: another value, and the jobs of each rule that depend on it."""

pytestmark = [pytest.mark.workflow, pytest.mark.long]


@pytest.mark.parametrize("attempt", range(5))
def test_nothing_is_to_be_done_in_any_fresh_clone(finished: Repository, tmp_path: Path, attempt: int) -> None:
    assert pulled(finished, tmp_path / "clone").planned() == {}


@pytest.mark.parametrize("key", CHANGES)
def test_in_fresh_clones_both_tools_make_what_depends_on_a_change_as_from_scratch(
    source: Repository, finished: Repository, tmp_path: Path, key: str
) -> None:
    scratch = source.clone(tmp_path / "scratch")
    scratch.set(key, CHANGES[key][0])
    scratch.run("snakemake")
    for tool in ("snakemake", "dvc repro"):
        clone = pulled(finished, tmp_path / tool.split()[0])
        change(clone, key, tool)
        made, expected = clone.current_files(), scratch.current_files()
        assert {name: made[name] for name in expected} == expected


def change(repository: Repository, key: str, tool: str) -> None:
    """Change a parameter and run the tool: it must do the jobs that depend on it and leave nothing to do."""
    value, jobs = CHANGES[key]
    assert repository.planned() == {}
    before = repository.plan()
    repository.set(key, value)
    expected = new_jobs(before, repository.plan())
    assert Counter(job.rule for job in expected) == jobs
    repository.run(*tool.split())
    assert repository.logs() == sorted(job.notes["log"] for job in expected)
    assert repository.planned() == {}
    if tool == "dvc repro":
        assert is_clean(repository)


def test_more_epochs_continue_training_to_the_bytes_of_training_in_one_go(source: Repository, tmp_path: Path) -> None:
    grown, whole = source.clone(tmp_path / "grown"), source.clone(tmp_path / "whole")
    grown.run("snakemake", "train")
    for repository in (grown, whole):
        repository.set("training.epochs", 5)
        repository.run("snakemake", "train")
    (training,) = grown.plan().of_rule("train_networks")
    assert "continuing after ep3 of 5 epochs" in (grown.folder / training.notes["log"]).read_text()
    made, expected = grown.current_files(), whole.current_files()
    assert {name: made[name] for name in expected} == expected


@pytest.mark.parametrize("way", ["--temp", "--queue"])
def test_ten_experiments_draw_the_figures_of_their_own_parameters(repository: Repository, way: str) -> None:
    figure = "results/studies/smoke/figures/png/sparsity.png"
    direct = repository.copy(repository.folder.parent / "direct")
    sizes = {f"size-{number}": 10.0 + number for number in range(10)}
    for name, size in sizes.items():
        repository.run("dvc", "exp", "run", way, "--name", name, "--set-param", f"figures.font_size={size}")
    if way == "--queue":
        repository.run("dvc", "exp", "run", "--run-all")
    drawn = set()
    for name, size in sizes.items():
        repository.run("dvc", "exp", "apply", name)
        assert repository.planned() == {}
        direct.set("figures.font_size", size)
        direct.run("snakemake", "draw_sparsity")
        drawn.add((repository.folder / figure).read_bytes())
        assert (repository.folder / figure).read_bytes() == (direct.folder / figure).read_bytes()
    assert len(drawn) == len(sizes)


@pytest.mark.parametrize("clone", range(4))
def test_a_study_killed_at_five_random_moments_ends_as_if_it_had_not_been(
    source: Repository, finished: Repository, tmp_path: Path, clone: int
) -> None:
    moments = random.Random(clone)
    study = source.clone(tmp_path / "clone")
    for _ in range(5):
        kill(study, after=moments.uniform(5, 40))
    study.run("snakemake")
    made, expected = study.current_files(), finished.current_files()
    assert {name: made[name] for name in expected} == expected


def kill(study: Repository, after: float) -> None:
    """Let a study run for some seconds, kill all its processes and unlock its folder."""
    program = str(Path(sys.executable).parent / "snakemake")
    with subprocess.Popen([program], cwd=study.folder, start_new_session=True, stderr=subprocess.DEVNULL) as running:
        time.sleep(after)
        os.killpg(running.pid, signal.SIGKILL)
    study.run("snakemake", "--unlock")
