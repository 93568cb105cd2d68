"""What a change recomputes, in fresh clones, by Snakemake and by DVC."""

import json
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from emergence.study.jobs import Job
from emergence.study.layout import log
from emergence.study.plan import Plan
from emergence.study.table import PHASES
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

CONCLUSIONS = ["statistics", "figures", "report"]

LANDSCAPE = ["sample_landscape", "measure_ruggedness", "measure_curvature", "find_minima"]

CHANGES = {
    "a colour": ("figures.colours", ["#D55E00", "#0072B2", "#009E73", "#000000"], ["figures", "report"]),
    "the threshold grid": ("emergence.thresholds", [0.05, 0.1], ["emergence", *CONCLUSIONS]),
    "one more sparsity": ("pruning.sparsities", [0.5, 0.8], ["prune", "emergence", "landscape", *CONCLUSIONS]),
    "the device": ("compute.device", "cpu", []),
}


def new_jobs(before: Plan, after: Plan) -> list[Job]:
    """The jobs of a plan that an earlier one has not, or has with another key."""
    return [job for job in after.jobs if job.key not in before.by_key]


def counted(jobs: list[Job]) -> dict[str, int]:
    """How many jobs of each rule there are; figures have rules of their own."""
    return dict(Counter(f"draw_{job.name}" if phases_of([job]) == ["figures"] else job.rule for job in jobs))


def phases_of(jobs: list[Job]) -> list[str]:
    return [phase for phase in PHASES if phase in {job.entry.phase for job in jobs}]


def is_clean(repository: Repository) -> bool:
    return "up to date" in repository.run("dvc", "status")


def test_in_a_fresh_clone_nothing_is_to_be_done_after_a_pull(repository: Repository) -> None:
    assert repository.planned() == {}
    assert is_clean(repository)
    assert repository.executed("dvc", "repro") == {}


@pytest.mark.parametrize("change", CHANGES)
def test_either_tool_says_of_a_change_what_depends_on_it(repository: Repository, change: str) -> None:
    key, value, phases = CHANGES[change]
    before = repository.plan()
    repository.set(key, value)
    expected = new_jobs(before, repository.plan())
    assert phases_of(expected) == phases
    assert repository.planned() == counted(expected)
    assert stages_named_by_status(repository, key) == phases


@pytest.mark.parametrize("change", ["one more sparsity", "the device"])
def test_dvc_does_of_a_change_what_snakemake_planned_and_no_more(repository: Repository, change: str) -> None:
    before = repository.plan()
    repository.set(*CHANGES[change][:2])
    expected = new_jobs(before, repository.plan())
    repository.run("dvc", "repro")
    assert repository.logs() == sorted(log(job.rule, job.name, job.key) for job in expected)
    assert repository.planned() == {}
    assert is_clean(repository)


def stages_named_by_status(repository: Repository, key: str) -> list[str]:
    """The stages of which `dvc status` says that a parameter has changed."""
    status = json.loads(repository.run("dvc", "status", "--json"))
    return [stage for stage in PHASES if f"'{key}'" in str(status.get(stage, ""))]


def test_one_more_method_trains_only_its_own_cells_which_can_be_made_alone(repository: Repository) -> None:
    before = repository.plan()
    repository.set("pruning.methods", ["global_magnitude", "random_weights"])
    expected = new_jobs(before, repository.plan())
    assert {job.run.method for job in expected if job.run} == {"random_weights"}
    assert repository.planned() == counted(expected)
    cell = {"make_masks": 1, "retrain_networks": 1, "count_paths": 1, "apply_measures": 1}
    only = ("--config", "only=digits/mlp/random_weights~0.5/*")
    assert repository.planned("prune", "emergence", *only) == cell


def test_one_more_data_set_needs_its_own_work_and_new_conclusions_alone(repository: Repository) -> None:
    before = repository.plan()
    repository.set("study.experiments", ["digits/mlp", "mnist1d/mlp"])
    after = repository.plan()
    assert [job for job in before.jobs if job.run and job.key not in after.by_key] == []
    own = {"prepare_data": 1, "train_networks": 1, "make_masks": 1, "retrain_networks": 1, "compare_controls": 1}
    analyses = ("count_paths", "apply_measures", *LANDSCAPE)
    own |= dict.fromkeys(analyses, 2)  # of the dense and the pruned networks
    joined = ("gather_networks", "collect_runs", "judge_claims", "map_robustness", "compare_rivals", "compare_stopping")
    drawn = [f"draw_{job.name}" for job in after.of_phase("figures")]
    assert repository.planned() == own | dict.fromkeys([*joined, *drawn, "write_report"], 1)


def test_results_after_changes_equal_those_of_a_run_from_scratch(source: Repository, repository: Repository) -> None:
    scratch = source.clone(repository.folder.parent / "scratch")
    changes = {"emergence.thresholds": [0.05, 0.1], "landscape.points": 5, "figures.font_size": 11}
    for (key, value), target in zip(changes.items(), ("statistics", "landscape", "all"), strict=True):
        repository.set(key, value)
        repository.run("snakemake", target)
        scratch.set(key, value)
    scratch.run("snakemake")
    made, expected = repository.current_files(), scratch.current_files()
    assert {name: made[name] for name in expected} == expected


def test_more_epochs_continue_training_to_the_bytes_of_training_in_one_go(source: Repository, tmp_path: Path) -> None:
    grown, whole = source.clone(tmp_path / "grown"), source.clone(tmp_path / "whole")
    grown.run("snakemake", "train")
    for repository in (grown, whole):
        repository.set("training.epochs", 5)
        repository.run("snakemake", "train")
    (training,) = [job for job in grown.plan().jobs if job.rule == "train_networks"]
    messages = grown.folder / log(training.rule, training.name, training.key)
    assert "continuing after ep3 of 5 epochs" in messages.read_text()
    made, expected = grown.current_files(), whole.current_files()
    assert {name: made[name] for name in expected} == expected


def test_going_back_to_earlier_parameters_brings_the_earlier_results_back(repository: Repository) -> None:
    before = (repository.folder / "results/figures/png/sparsity.png").read_bytes()
    parameters = (repository.folder / "params.yaml").read_text()
    repository.set("figures.font_size", 14)
    repository.run("snakemake", "draw_sparsity")
    assert (repository.folder / "results/figures/png/sparsity.png").read_bytes() != before
    (repository.folder / "params.yaml").write_text(parameters)
    assert repository.executed("snakemake") == {"draw_sparsity": 1, "write_report": 1}
    assert (repository.folder / "results/figures/png/sparsity.png").read_bytes() == before


def test_scrambled_file_times_change_nothing(repository: Repository) -> None:
    times = random.Random(0)
    for folder in ("results", "data", "src", "scripts", "workflow"):
        for path in (repository.folder / folder).rglob("*"):
            moment = times.uniform(1e9, 2e9)
            os.utime(path, (moment, moment))
    assert repository.planned() == {}


def test_a_comment_recomputes_nothing(repository: Repository) -> None:
    for file in ("src/emergence/landscape/__init__.py", "scripts/count_paths.py", "src/emergence/core/files.py"):
        path = repository.folder / file
        path.write_text(path.read_text() + "\n# A remark.\n")
    assert repository.planned() == {}
    assert repository.executed("dvc", "repro") == {}


def test_a_function_of_one_phase_recomputes_that_phase_and_what_follows(
    finished: Repository, repository: Repository
) -> None:
    repository.edit("scripts/sample_landscape.py", "-> xr.Dataset:\n", "-> xr.Dataset:\n    print('begin')\n")
    expected = new_jobs(finished.plan(), repository.plan())
    assert phases_of(expected) == ["landscape", *CONCLUSIONS]
    assert repository.planned() == counted(expected)


@pytest.mark.parametrize("phase", ["figures", "report"])
def test_a_phase_asked_for_alone_first_makes_anew_what_it_reads_from_fixed_places(
    repository: Repository, phase: str
) -> None:
    before = repository.plan()
    repository.set("statistics.confidence", 0.9)
    expected = new_jobs(before, repository.plan())
    assert phases_of(expected) == CONCLUSIONS
    earlier = PHASES[: PHASES.index(phase) + 1]
    assert repository.planned(phase) == counted([job for job in expected if phases_of([job])[0] in earlier])


def test_a_figure_changed_by_hand_is_drawn_again_and_the_report_with_it(repository: Repository) -> None:
    figure = repository.folder / "results/figures/png/sparsity.png"
    content = figure.read_bytes()
    figure.unlink()
    figure.write_bytes(content[:-100])
    assert repository.executed("snakemake") == {"draw_sparsity": 1, "write_report": 1}
    assert figure.read_bytes() == content


def test_an_older_figure_restored_over_newer_results_is_drawn_again(repository: Repository) -> None:
    before = repository.plan()
    repository.set("emergence.thresholds", [0.05, 0.1])
    repository.run("dvc", "repro")
    repository.commit("Other thresholds")
    repository.run("git", "checkout", "-q", "HEAD~1", "--", "dvc.lock")
    repository.run("dvc", "checkout", "-q", "--force", "results/figures", "results/stamps/figures")
    repository.run("git", "checkout", "-q", "HEAD", "--", "dvc.lock")
    redrawn = [job for job in new_jobs(before, repository.plan()) if phases_of([job]) == ["figures"]]
    assert repository.planned() == {**counted(redrawn), "write_report": 1}
    assert repository.executed("snakemake", "draw_sparsity") == {"draw_sparsity": 1}


def test_an_experiment_in_a_temporary_folder_draws_with_its_own_parameter(repository: Repository) -> None:
    figure = Path("results/figures/png/sparsity.png")
    before = (repository.folder / figure).read_bytes()
    repository.run("dvc", "exp", "run", "--temp", "--name", "large", "--set-param", "figures.font_size=13")
    repository.run("dvc", "exp", "apply", "large")
    assert (repository.folder / figure).read_bytes() != before
    assert repository.planned() == {}
