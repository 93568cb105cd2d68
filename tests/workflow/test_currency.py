"""What a change recomputes, in fresh clones, by Snakemake and by DVC."""

import os
import random
from pathlib import Path

import pytest

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

FIGURES_OF_THE_STUDY = {
    "draw_training_curves": 1,
    "draw_emergence_over_training": 1,
    "draw_active_units": 1,
    "draw_emergence_against_improvement": 1,
    "draw_emergence_over_threshold": 1,
    "draw_sparsity": 1,
    "draw_emergence_against_convergence": 1,
    "draw_retraining": 1,
    "draw_emergence_before_and_after_pruning": 1,
    "draw_winning_tickets": 1,
    "draw_landscape_ruggedness_against_emergence": 1,
}
AROUND = {"measure_ruggedness": 1, "measure_curvature": 1, "find_minima": 1}
FIGURES_OF_LANDSCAPES = {
    "draw_landscape_contour": 1,
    "draw_landscape_surface": 1,
    "draw_landscape_line": 1,
    "draw_landscape_slices": 1,
    "animate_figure": 1,
}
FIGURES_OF_MASKS = {"draw_mask_density": 1}
FIGURES_OF_RESULTS = FIGURES_OF_THE_STUDY | FIGURES_OF_LANDSCAPES
FIGURES = FIGURES_OF_RESULTS | FIGURES_OF_MASKS
CONCLUSIONS = {"collect_runs": 1, "judge_claims": 1, "write_report": 1}

CHANGES = {
    "a colour": ("figures.colours", ["#D55E00", "#0072B2", "#009E73", "#000000"], FIGURES | {"write_report": 1}),
    "a font size": ("figures.font_size", 11, FIGURES | {"write_report": 1}),
    "the threshold grid": (
        "emergence.thresholds",
        [0.05, 0.1],
        {"count_paths": 2} | CONCLUSIONS | FIGURES_OF_THE_STUDY,
    ),
    "one more sparsity": (
        "pruning.sparsities",
        [0.5, 0.8],
        {"make_masks": 1, "retrain_networks": 1, "count_paths": 1, "apply_measures": 1, "sample_landscape": 1}
        | AROUND
        | CONCLUSIONS
        | FIGURES,
    ),
    "points of the landscape": (
        "landscape.points",
        9,
        {"sample_landscape": 2, "measure_ruggedness": 2} | CONCLUSIONS | FIGURES_OF_RESULTS,
    ),
    "the device": ("compute.device", "cpu", {}),
}


def is_clean(repository: Repository) -> bool:
    return "up to date" in repository.run("dvc", "status")


def test_in_a_fresh_clone_nothing_is_to_be_done_after_a_pull(repository: Repository) -> None:
    assert repository.planned() == {}
    assert is_clean(repository)
    assert repository.executed("dvc", "repro") == {}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_recomputes_what_depends_on_it_by_either_tool(repository: Repository, change: str) -> None:
    key, value, expected = CHANGES[change]
    repository.set(key, value)
    assert repository.planned() == expected
    assert repository.executed("dvc", "repro") == expected
    assert repository.planned() == {}
    assert is_clean(repository)


def test_one_more_method_trains_only_its_own_cells_which_can_be_made_alone(repository: Repository) -> None:
    repository.set("pruning.methods", ["global_magnitude", "random_weights"])
    cell = {"make_masks": 1, "retrain_networks": 1, "count_paths": 1, "apply_measures": 1}
    assert repository.planned() == cell | CONCLUSIONS | FIGURES_OF_THE_STUDY | FIGURES_OF_MASKS
    only = ("--config", "only=digits/mlp/random_weights~0.5/*")
    assert repository.planned("prune", "emergence", *only) == cell


def test_results_after_changes_equal_those_of_a_run_from_scratch(source: Repository, repository: Repository) -> None:
    scratch = source.clone(repository.folder.parent / "scratch")
    for key, value in {"emergence.thresholds": [0.05, 0.1], "landscape.points": 5, "figures.font_size": 11}.items():
        repository.set(key, value)
        repository.run("snakemake")
        scratch.set(key, value)
    scratch.run("snakemake")
    made, expected = repository.current_files(), scratch.current_files()
    assert {name: made[name] for name in expected} == expected


def test_going_back_to_earlier_parameters_brings_the_earlier_results_back(repository: Repository) -> None:
    before = (repository.folder / "results/figures/png/sparsity.png").read_bytes()
    parameters = (repository.folder / "params.yaml").read_text()
    repository.set("figures.font_size", 14)
    repository.run("snakemake")
    assert (repository.folder / "results/figures/png/sparsity.png").read_bytes() != before
    (repository.folder / "params.yaml").write_text(parameters)
    assert repository.executed("snakemake") == FIGURES | {"write_report": 1}
    assert (repository.folder / "results/figures/png/sparsity.png").read_bytes() == before


def test_scrambled_file_times_change_nothing(repository: Repository) -> None:
    times = random.Random(0)
    for folder in ("results", "data", "src", "scripts", "workflow"):
        for path in (repository.folder / folder).rglob("*"):
            moment = times.uniform(1e9, 2e9)
            os.utime(path, (moment, moment))
    assert repository.planned() == {}


def test_a_comment_recomputes_nothing(repository: Repository) -> None:
    for file in ("src/emergence/landscape/__init__.py", "scripts/count_paths.py", "src/emergence/storage.py"):
        path = repository.folder / file
        path.write_text(path.read_text() + "\n# A remark.\n")
    assert repository.planned() == {}
    assert repository.executed("dvc", "repro") == {}


def test_a_function_of_one_phase_recomputes_that_phase_and_what_follows(repository: Repository) -> None:
    repository.edit("scripts/sample_landscape.py", "def main() -> None:\n", "def main() -> None:\n    print('begin')\n")
    assert repository.planned() == {"sample_landscape": 2, "measure_ruggedness": 2} | CONCLUSIONS | FIGURES_OF_RESULTS


def test_a_figure_changed_by_hand_is_drawn_again(repository: Repository) -> None:
    figure = repository.folder / "results/figures/png/sparsity.png"
    content = figure.read_bytes()
    figure.unlink()
    figure.write_bytes(content[:-100])
    assert repository.executed("snakemake") == {"draw_sparsity": 1}
    assert figure.read_bytes() == content


def test_an_older_figure_restored_over_newer_results_is_drawn_again(repository: Repository) -> None:
    repository.set("emergence.thresholds", [0.05, 0.1])
    repository.run("dvc", "repro")
    repository.commit("Other thresholds")
    repository.run("git", "checkout", "-q", "HEAD~1", "--", "dvc.lock")
    repository.run("dvc", "checkout", "-q", "--force", "results/figures", "results/stamps/figures")
    repository.run("git", "checkout", "-q", "HEAD", "--", "dvc.lock")
    assert repository.executed("snakemake") == FIGURES_OF_THE_STUDY


def test_an_experiment_in_a_temporary_folder_draws_with_its_own_parameter(repository: Repository) -> None:
    figure = Path("results/figures/png/sparsity.png")
    before = (repository.folder / figure).read_bytes()
    repository.run("dvc", "exp", "run", "--temp", "--name", "large", "--set-param", "figures.font_size=13")
    repository.run("dvc", "exp", "apply", "large")
    assert (repository.folder / figure).read_bytes() != before
    assert repository.planned() == {}
