"""Which jobs of the project's own plan a change of its code makes anew."""

import shutil
from pathlib import Path

import pytest

from emergence.parameters import Parameters
from emergence.parameters.reading import read
from emergence.study.plan import Plan
from emergence.study.table import PHASES
from tests.sampling import one_in

ROOT = Path(__file__).parents[2]
CONCLUSIONS = {"statistics", "figures", "report"}
EVERYTHING = set(PHASES)


OF_SAMPLING = "src/emergence/landscape/sampling.py"
GRID = "def centred_grid(extent: float, points: int) -> Floats:\n"
VERIFY = "def verify(path: Path) -> None:\n"
EDITS = {
    "a comment": (OF_SAMPLING, "def sample_line(", "def sample_line(  # a comment\n    ", set()),
    "a docstring": (OF_SAMPLING, '"""', '"""Other words. ', set()),
    "a function of the landscape room": (OF_SAMPLING, GRID, f"{GRID}    points += 0\n", {"landscape", *CONCLUSIONS}),
    "the script of claims": ("scripts/judge_claims.py", "-> None:\n", "-> None:\n    print()\n", CONCLUSIONS),
    "the script of masks": (
        "scripts/make_masks.py",
        "-> None:\n",
        "-> None:\n    print()\n",
        EVERYTHING - {"data", "train"},
    ),
    "a helper of the phases that read checkpoints": (
        "src/emergence/training/checkpoints.py",
        VERIFY,
        f"{VERIFY}    path = Path(path)\n",
        EVERYTHING - {"data"},
    ),
    "a network that the study has not": ("src/emergence/networks/cnn.py", "def build(", "X = 1\n\n\ndef build(", set()),
}


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return read(ROOT / "params.yaml", ROOT / "workflow/presets/smoke.yaml")


@pytest.fixture(scope="module")
def before(parameters: Parameters) -> Plan:
    return Plan(parameters, ROOT)


@pytest.mark.parametrize("edit", one_in(2, EDITS))
def test_a_change_of_code_recomputes_the_phases_that_run_it_and_those_that_follow(
    tmp_path: Path, parameters: Parameters, before: Plan, edit: str
) -> None:
    file, old, new, phases = EDITS[edit]
    for folder in ("scripts", "src", "extensions"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text, f"{file} does not hold {old!r}"
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    changed = [job for job in Plan(parameters, tmp_path).jobs if job.key not in before.by_key]
    assert {job.entry.phase for job in changed} == phases
