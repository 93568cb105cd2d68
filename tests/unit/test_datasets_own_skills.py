"""A user's own data set whose skills are known, as docs/data.md writes one."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from emergence.core.plugins import available
from emergence.core.raw_files import RawFiles
from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.data_kinds.custom import Custom
from emergence.datasets import process, read_processed
from emergence.networks import build, describe
from emergence.parameters.data import KINDS, Data
from emergence.parameters.networks import MLP
from emergence.training.checkpoints import Checkpoint, file_name, publish, write
from tests.job_files import examination
from tests.unit.test_study_plan import STUDY, changed, plan

ROOT = Path(__file__).parents[2]
SPIRALS = Custom(loader="my_data:spirals", skills="my_data:skills")


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The processed data set and two untrained networks, made with the module that the documentation shows."""
    blocks = re.findall(r"^```python\n(# my_data\.py.*?)^```", (ROOT / "docs/data.md").read_text(), re.M | re.S)
    (tmp_path / "my_data.py").write_text("\n".join(blocks))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_data", raising=False)
    points = np.random.default_rng(0).normal(size=(60, 2))
    (tmp_path / "spirals").mkdir()
    np.savetxt(tmp_path / "spirals/points.txt", np.column_stack([points, points[:, 0] > 0]))
    raw = SPIRALS.load("spirals", RawFiles((tmp_path,)))
    write_dataset(tmp_path / "dataset.nc", process("spirals", raw, Data(probe_samples=10)), {})
    described = describe(MLP(widths=[4]), (2,), 2)
    networks = [build(described).state_dict() for _ in range(2)]
    file = tmp_path / file_name(Step(0))
    weights = {name: torch.stack([one[name] for one in networks]) for name in networks[0]}
    publish({file: write(Checkpoint(Step(0), (0, 1), described, weights), file)}, tmp_path / "checkpoints")
    return tmp_path


@pytest.mark.parametrize("control", [False, True])
def test_networks_are_examined_as_the_users_function_says(
    stored: Path, monkeypatch: pytest.MonkeyPatch, control: bool
) -> None:
    entry = SPIRALS.model_copy(update={"control": control}).model_dump()
    command = examination(stored, "spirals", entry, 9)
    monkeypatch.setattr(sys, "argv", command[1:])
    runpy.run_path(command[1], run_name="__main__")
    found = read_dataset(stored / "skills.nc")
    assert found["skill_strength"].sizes == {"seed": 2, "step": 1, "skill": 2}
    assert ((found["skill_strength"] > 0) & (found["skill_strength"] < 1)).all()
    shares = torch.bincount(read_processed(stored / "dataset.nc").of_seed(0).part("test")[1]) / 12
    np.testing.assert_allclose(found["skill_frequency"], shares, rtol=1e-6)
    assert float(found["random_answers"]) == control


def test_a_function_that_says_something_else_is_refused(stored: Path) -> None:
    (stored / "my_data.py").write_text("def skills(dataset, samples, seed): return {}\n")
    sys.modules.pop("my_data")
    with pytest.raises(
        ValueError, match=r"my_data:skills must return an emergence\.core\.known_skills\.KnownSkills, not dict"
    ):
        SPIRALS.known_skills(read_processed(stored / "dataset.nc").of_seed(0), 9, 0)


def test_a_study_of_it_has_a_scoreboard_unless_it_is_a_control(stored: Path) -> None:
    study = {"study": {**STUDY, "experiments": ["spirals/mlp"]}}

    def made(**changes: object) -> set[str]:
        entry = SPIRALS.model_copy(update=changes).model_dump()
        return {job.rule for job in plan(**study, data={"sets": {"spirals": entry}}).jobs}

    assert {"measure_skills", "score_measures"} <= made()
    assert made(control=True) & {"measure_skills", "score_measures"} == {"measure_skills"}
    assert not made(skills=None) & {"measure_skills", "score_measures"}


def test_skills_that_are_added_later_leave_data_and_networks_as_they_are(stored: Path) -> None:
    study = {"study": {**STUDY, "experiments": ["spirals/mlp"]}}
    without, with_skills = (
        plan(**study, data={"sets": {"spirals": entry.model_dump()}})
        for entry in (SPIRALS.model_copy(update={"skills": None}), SPIRALS)
    )
    assert not changed(without, with_skills) & {"prepare_data", "train_networks", "count_paths"}


def test_every_kind_is_a_file_that_says_so() -> None:
    assert list(KINDS) == available("data_kinds")
    assert all(model.model_fields["kind"].default == kind for kind, model in KINDS.items())
