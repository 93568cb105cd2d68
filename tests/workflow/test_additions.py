"""What is added to the project: how many files that takes, and that only what it asks for is computed."""

import re

import pytest
import xarray as xr

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

LARGEST_WEIGHT = '''"""The largest weight."""


def measure(network, inputs, labels):
    """Largest absolute value of all parameters."""
    return max(float(parameter.abs().max()) for parameter in network.parameters())
'''

QUADRANTS = '''"""Points in the plane, whose label is their quadrant: the sign of each coordinate is a skill."""

import numpy as np
import torch

from emergence.core.known_skills import KnownSkills, labelled
from emergence.datasets import RawDataset


def load(files):
    """Draw 1,000 points."""
    points = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    quadrants = (points[:, 0] > 0) * 2 + (points[:, 1] > 0)
    return RawDataset(points, quadrants.astype(np.int64), ("a", "b", "c", "d"), source="random points")


def skills(dataset, samples, seed):
    """Ask for the sign of either coordinate."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(samples, 2, generator=generator)

    def examine(network):
        device = next(network.parameters()).device
        answers = network(dataset.normalise(points.to(device))).argmax(1).cpu()
        right = [((answers >> 1 - place) % 2 == (points[:, place] > 0)).double().mean() for place in range(2)]
        return labelled({"skill_strength": ("skill", [float(share) for share in right], "right")}, skill=[1, 2])

    def known(network):
        return labelled({"skill_frequency": ("skill", [1.0, 1.0], "share of samples that ask for it")}, skill=[1, 2])

    return KnownSkills(examine, known)
'''

ANALYSIS = '''"""Count the weights of a run's networks that are close to zero."""

import xarray as xr
from torch import nn

from emergence.jobs import Checkpoints, job
from emergence.parameters.landscape import Landscape


@job
def count_small_weights(run: Checkpoints, landscape: Landscape) -> xr.Dataset:
    def measure(network: nn.Module, seed: int) -> xr.Dataset:
        small = sum(int((weights.abs() < 1 / landscape.points).sum()) for weights in network.parameters())
        return xr.Dataset({"small_weights": ((), small, {"units": "1", "long_name": "weights close to zero"})})

    return run.each(measure)
'''

ENTRY = """    Rule(
        "count_small_weights",
        phase="landscape",
        folder="results/landscape/small_weights",
        files={"small_weights": "small_weights.nc"},
        reads=CHECKPOINTS,
        settings=(*BUILDER, "landscape.points"),
        modules=given.building,
    ),
)

JOINED = {"""

FIGURE = '''"""Weights close to zero over sparsity."""

from matplotlib.figure import Figure

from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import wrapped_grid
from emergence.drawing.style import Style

TITLE = "Small weights"
POSITION = 99
NEEDS = ("small_weights",)
SECTIONS = ("landscape",)
CAPTION = "Weights close to zero after training, over the share of weights removed; mean over seeds."
ALTERNATIVE = "Points: number of weights close to zero, against sparsity in percent."


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    figure, panels = wrapped_grid(style, len(inputs.analyses))
    for panel, of_variant in zip(panels, inputs.analyses.values(), strict=True):
        for variant, data in of_variant.items():
            panel.plot(100 * variant.sparsity, data["small_weights"].isel(step=-1).mean("seed"), "o")
    return figure
'''


def test_an_own_measure_is_one_file_and_only_measures_and_what_reads_them_are_made_anew(
    repository: Repository,
) -> None:
    write(repository, "extensions/largest.py", LARGEST_WEIGHT)
    assert touched(repository) == ["extensions/largest.py"]
    repository.set("measures.names", ["active_fraction", "extensions.largest:measure"])
    done = repository.executed("snakemake", "statistics")
    assert done == dict.fromkeys(
        ["collect_runs", "judge_claims", "map_robustness", "compare_rivals", "compare_stopping", "write_metrics"], 1
    ) | {"apply_measures": 2}
    study = xr.load_dataset(repository.study / "statistics/study.nc")
    assert (study["extensions.largest:measure"] > 0).all()


def test_an_own_data_set_with_skills_is_one_file_and_nothing_else_is_prepared_or_trained(
    repository: Repository,
) -> None:
    write(repository, "extensions/quadrants.py", QUADRANTS)
    assert touched(repository) == ["extensions/quadrants.py"]
    entry = {"kind": "custom", "loader": "extensions.quadrants:load", "skills": "extensions.quadrants:skills"}
    repository.set("data.sets", {"quadrants": entry})
    repository.set("study.experiments", ["digits/mlp", "quadrants/mlp"])
    done = repository.executed("snakemake", "emergence")
    assert done == {
        "prepare_data": 1,
        "train_networks": 1,
        "make_masks": 1,
        "retrain_networks": 1,
        "count_paths": 2,
        "apply_measures": 2,
        "compare_controls": 1,
        "measure_skills": 1,
    }
    (skills,) = (repository.folder / "results/emergence/skills/quadrants").rglob("skills.nc")
    assert xr.load_dataset(skills)["skill_strength"].sizes == {"seed": 3, "step": 5, "skill": 2}


def test_an_own_measure_gets_a_row_on_the_scoreboard_and_networks_are_neither_trained_nor_examined_anew(
    repository: Repository,
) -> None:
    bits = {"kind": "sparse_parity", "skills": 2, "bits": 4, "relevant_bits": 2, "samples": 2000}
    repository.set("data.sets", {"parity": bits, "random_parity": {**bits, "random_answers": True}})
    repository.set("study.experiments", ["parity/mlp", "random_parity/mlp"])
    repository.set("study.seeds", 4)
    repository.set("study.seeds_per_block", 4)
    repository.set("pruning.sparsities", [])
    repository.set("landscape.seeds", 0)
    repository.set("scoreboard", {"samples": 200, "emerged_at": 0.5, "permutations": 99, "seed": 0})
    repository.set("measures.names", ["active_fraction", "weight_norm"])
    repository.executed("snakemake", "statistics")
    scoreboard = repository.study / "statistics/scoreboard.nc"
    before = xr.load_dataset(scoreboard)
    write(repository, "extensions/largest.py", LARGEST_WEIGHT)
    repository.set("measures.names", ["active_fraction", "weight_norm", "extensions.largest:measure"])
    done = repository.executed("snakemake", "statistics")
    assert done["apply_measures"] == 2 and done["score_measures"] == 1
    assert not {"prepare_data", "train_networks", "count_paths", "measure_skills"} & set(done)
    after = xr.load_dataset(scoreboard)
    assert "extensions.largest:measure" in after["measure"].values
    assert set(before["measure"].values) < set(after["measure"].values)
    xr.testing.assert_equal(after["p_value"].sel(measure=before["measure"]), before["p_value"])
    assert (after["measure_passes"].sel(measure="extensions.largest:measure") == 0).all()


def test_an_own_analysis_of_checkpoints_with_a_figure_is_three_files_and_only_it_and_its_figure_are_made(
    repository: Repository,
) -> None:
    write(repository, "scripts/count_small_weights.py", ANALYSIS)
    write(repository, "src/emergence/figures/small_weights.py", FIGURE)
    table = "src/emergence/study/table.py"
    repository.edit(table, ")\n\nJOINED = {", ENTRY)
    repository.edit(
        table, "DRAWABLE = {", 'DRAWABLE = {\n    "small_weights": Source(("count_small_weights",), of.every),'
    )
    assert len(touched(repository)) == 3
    done = repository.executed("snakemake")
    assert done == {"count_small_weights": 2, "draw_small_weights": 1, "write_report": 1}
    assert "Small weights" in (repository.study / "report.html").read_text()
    assert repository.planned() == {}


def test_an_own_figure_is_one_file_and_only_it_and_the_report_are_made(repository: Repository) -> None:
    example = re.search(r"```python\n(.*?)```", (repository.folder / "docs/figures.md").read_text(), re.DOTALL)
    assert example
    write(repository, "extensions/spread.py", example[1])
    assert touched(repository) == ["extensions/spread.py"]
    repository.set("figures.own", ["extensions.spread:draw"])
    assert repository.executed("snakemake") == {"draw_extensions_spread": 1, "write_report": 1}
    report = (repository.study / "report.html").read_text()
    assert "Figures of your own" in report and "Spread of emergence over seeds" in report
    repository.edit("extensions/spread.py", "spread / mean", "spread")
    assert repository.executed("snakemake") == {"draw_extensions_spread": 1, "write_report": 1}
    repository.set("figures.own", [])
    assert repository.planned() == {"write_report": 1}


def write(repository: Repository, file: str, content: str) -> None:
    (repository.folder / file).write_text(content)


def touched(repository: Repository) -> list[str]:
    """The files that differ from the last commit."""
    status = repository.run("git", "status", "--porcelain", "--untracked-files=all")
    return [line[3:] for line in status.splitlines()]
