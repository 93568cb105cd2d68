"""Which jobs of the project's own plan a change of its code makes anew."""

import shutil
from pathlib import Path

import pytest

from emergence.parameters.reading import read
from emergence.study.plan import Plan
from emergence.study.table import PHASES

ROOT = Path(__file__).parents[2]
CONCLUSIONS = {"statistics", "figures", "report"}
EVERYTHING = set(PHASES)


def phases_changed(root: Path, file: str, old: str, new: str) -> set[str]:
    """Phases with another key after text of a file, in a copy of the project below `root`, has been replaced."""
    for folder in ("scripts", "src", "extensions"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} does not hold {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    parameters = read(ROOT / "params.yaml", ROOT / "workflow/presets/smoke.yaml")
    before = {job.key for job in Plan(parameters, ROOT).jobs}
    return {job.entry.phase for job in Plan(parameters, root).jobs if job.key not in before}


@pytest.mark.parametrize(
    ("file", "old", "new", "phases"),
    [
        ("src/emergence/landscape/sampling.py", "def sample_line(", "def sample_line(  # a comment\n    ", set()),
        ("src/emergence/landscape/sampling.py", '"""', '"""Other words. ', set()),
        ("src/emergence/landscape/sampling.py", "\n\n\ndef ", "\n\n\n\n\n\ndef ", set()),
        (
            "src/emergence/landscape/sampling.py",
            "def centred_grid(extent: float, points: int) -> Floats:\n",
            "def centred_grid(extent: float, points: int) -> Floats:\n    points += 0\n",
            {"landscape", *CONCLUSIONS},
        ),
        ("scripts/judge_claims.py", "-> None:\n", "-> None:\n    print()\n", CONCLUSIONS),
        ("scripts/write_report.py", "-> None:\n", "-> None:\n    print()\n", {"report"}),
        (
            "scripts/count_paths.py",
            "-> xr.Dataset:\n",
            "-> xr.Dataset:\n    print()\n",
            {"emergence", *CONCLUSIONS},
        ),
        (
            "scripts/make_masks.py",
            "-> None:\n",
            "-> None:\n    print()\n",
            EVERYTHING - {"data", "train"},
        ),
        (
            "src/emergence/training/checkpoints.py",
            "def verify(path: Path) -> None:\n",
            "def verify(path: Path) -> None:\n    path = Path(path)\n",
            EVERYTHING - {"data"},
        ),
        (
            "src/emergence/core/files.py",
            "def _sync(path: Path) -> None:\n",
            "def _sync(path: Path) -> None:\n    path = Path(path)\n",
            EVERYTHING,
        ),
        ("src/emergence/networks/cnn.py", "def build(", "PLACE = 1\n\n\ndef build(", set()),
    ],
    ids=[
        "a comment",
        "a docstring",
        "blank lines",
        "a function of the landscape room",
        "the script of claims",
        "the script of the report",
        "the script of paths",
        "the script of masks",
        "a helper of the phases that read checkpoints",
        "a helper of all phases",
        "a network that the study has not",
    ],
)
def test_a_change_of_code_recomputes_the_phases_that_run_it_and_those_that_follow(
    tmp_path: Path, file: str, old: str, new: str, phases: set[str]
) -> None:
    assert phases_changed(tmp_path, file, old, new) == phases
