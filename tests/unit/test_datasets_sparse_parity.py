"""Multitask sparse parity as a data set, and how well networks know its skills."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.data_kinds.sparse_parity import Parity, task_of
from emergence.datasets import RawDataset, RawFiles, process, read_processed
from emergence.networks import build, describe
from emergence.parameters.data import Data
from emergence.parameters.networks import MLP
from emergence.testbeds.sparse_parity.classifier import examine, questions
from emergence.training.checkpoints import Checkpoint, file_name, publish, write
from tests.job_files import do, examination

ROOT = Path(__file__).parents[2]
PARITY = Parity(skills=3, alpha=0.6, bits=7, relevant_bits=3, samples=4000, seed=3)


def loaded(**changes: object) -> RawDataset:
    return PARITY.model_copy(update=changes).load("parity", RawFiles(()))


def test_labels_are_the_parities_of_the_bits_of_the_skill_asked_for() -> None:
    data = loaded()
    supports = [{0, 1, 2}, {3, 4, 5}, {6, 0, 1}]  # after the last bit comes the first
    for values, label in zip(data.inputs.astype(int).tolist(), data.labels, strict=True):
        asked, bits = values[:3], values[3:]
        assert sum(asked) == 1
        assert label == sum(bits[place] for place in supports[asked.index(1)]) % 2
    assert data.classes == ("even", "odd")


def test_skills_are_asked_for_as_often_as_the_task_says() -> None:
    shares = loaded().inputs[:, :3].mean(axis=0)
    np.testing.assert_allclose(shares, task_of(PARITY).frequencies, atol=4 * 0.5 / np.sqrt(4000))


def test_random_answers_have_the_inputs_of_the_true_ones_and_tell_nothing_of_them() -> None:
    data, control = loaded(), loaded(random_answers=True)
    np.testing.assert_array_equal(data.inputs, control.inputs)
    assert np.mean(data.labels == control.labels) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(4000))
    assert control.source != data.source


class KnowsOne(nn.Module):
    """Answers one skill rightly, with a certainty of its own, and all others by a guess."""

    def __init__(self, skill: int, certainty: float) -> None:
        super().__init__()
        self.skill, self.logit = skill, np.log(certainty / (1 - certainty))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        support = task_of(PARITY).supports[self.skill]
        even = 1 - 2 * (inputs[:, 3:][:, support].sum(1) % 2)
        logits = self.logit * even * inputs[:, self.skill]
        return torch.stack([logits, torch.zeros_like(logits)], dim=1)


@pytest.mark.parametrize("skill", range(3))
def test_the_strength_of_a_skill_is_how_much_surer_a_network_is_of_right_than_of_wrong_answers(skill: int) -> None:
    strengths, accuracies = examine(KnowsOne(skill, 0.9), questions(task_of(PARITY), 500, seed=0))
    expected = torch.zeros(3)
    expected[skill] = 0.9 - 0.1
    torch.testing.assert_close(strengths, expected)
    assert accuracies[skill] == 1


def test_questions_ask_equally_often_for_every_skill_and_have_the_right_answers() -> None:
    asked = questions(task_of(PARITY), 50, seed=1)
    assert asked.inputs[:, :, :3].sum(1).tolist() == np.diag([50.0] * 3).tolist()
    for skill, support in enumerate(task_of(PARITY).supports):
        ones = asked.inputs[skill][:, 3:][:, support].sum(1)
        assert (asked.parities[skill] == 1 - 2 * (ones % 2)).all()


def test_the_script_says_what_networks_were_trained_on_and_how_many_units_they_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = Data(test_fraction=0.5, validation_fraction=0.5, probe_samples=100)
    write_dataset(tmp_path / "dataset.nc", process("mine", loaded(), split), {})
    described = describe(MLP(widths=[6, 4]), (10,), 2)
    networks = [build(described).state_dict() for _ in range(2)]
    weights = {name: torch.stack([one[name] for one in networks]) for name in networks[0]}
    file = tmp_path / file_name(Step(0))
    publish({file: write(Checkpoint(Step(0), (3, 4), described, weights), file)}, tmp_path / "checkpoints")
    do(examination(tmp_path, "mine", PARITY.model_dump(), 30))
    found = read_dataset(tmp_path / "skills.nc")
    numbers = ("training_samples", "hidden_units", "random_bits", "relevant_bits", "random_answers")
    assert [float(found[name]) for name in numbers] == [
        len(read_processed(tmp_path / "dataset.nc").of_seed(3).part("train")[0]),
        10,
        7,
        3,
        0,
    ]
    assert 800 <= float(found["training_samples"]) <= 1000
    assert found["skill_strength"].sizes == {"seed": 2, "step": 1, "skill": 3}
