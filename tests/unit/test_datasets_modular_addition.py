"""Modular addition as a data set: networks memorise it at once and generalise much later, in every seed."""

from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from pydantic import ValidationError
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.data_kinds.modular_addition import ModularAddition
from emergence.datasets import RawDataset, RawFiles, SplitDataset
from emergence.networks import Architecture
from emergence.parameters.data import Data
from emergence.parameters.training import Training
from tests.testbeds import examined_training, split_of, times

ADDITION = ModularAddition(prime=31)
TRAINING = Training.model_validate(
    {
        "epochs": 200,
        "batch_size": 160,
        "optimizer": {"name": "adamw", "learning_rate": 0.015, "weight_decay": 1.0},
        "checkpoints": {"early_iterations": [], "every_epochs": 2},
    }
)
SPLIT = Data(test_fraction=0.25, probe_samples=32)
GUESSED = np.log(31)


def loaded(addition: ModularAddition) -> RawDataset:
    return addition.load("sums", RawFiles(()))


def test_labels_are_the_sums_modulo_the_prime_of_all_pairs() -> None:
    data = loaded(ADDITION)
    first, second = data.inputs[:, :31].argmax(1), data.inputs[:, 31:].argmax(1)
    assert (data.inputs.sum(1) == 2).all() and len(set(zip(first, second, strict=True))) == 31**2
    np.testing.assert_array_equal(data.labels, (first + second) % 31)


def test_random_answers_are_as_frequent_and_tell_nothing_of_the_sums() -> None:
    data, control = loaded(ADDITION), loaded(ModularAddition(prime=31, random_answers=True))
    np.testing.assert_array_equal(data.inputs, control.inputs)
    np.testing.assert_array_equal(np.bincount(data.labels), np.bincount(control.labels))
    assert np.mean(data.labels == control.labels) < 4 / 31


def test_a_modulus_that_is_no_prime_is_refused() -> None:
    with pytest.raises(ValidationError, match="prime = 91 is a multiple of 7; allowed: prime numbers of 3 or more"):
        ModularAddition(prime=91)


class Answers(nn.Module):
    """Gives all pairs the logits that it was made with."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.logits


def examined(data: SplitDataset, labels: Tensor, known: Tensor) -> xr.Dataset:
    answers = nn.functional.one_hot(labels, 31) * known[:, None] * 20.0
    skills = ADDITION.known_skills(data, 1, 0)
    return skills.examine(Answers(answers + 1e-3 * nn.functional.one_hot((labels + 1) % 31, 31)))


def test_memory_knows_the_pairs_trained_on_and_understanding_all(tmp_path: Path) -> None:
    data = split_of(tmp_path, ADDITION, SPLIT, seed=3)
    trained = torch.zeros(31**2, dtype=torch.bool).index_fill(0, data.places("train"), True)
    memory, understanding = (examined(data, data.labels, known) for known in (trained, torch.ones(31**2)))
    assert memory["skill"].values.tolist() == ["memorisation", "generalisation"]
    assert memory["skill_strength"].values.tolist() == [1, 0]
    assert understanding["skill_strength"].values.tolist() == [1, 1]
    assert float(understanding["modular_addition_waves"]) < 1  # it has waves of all frequencies
    assert float(understanding["modular_addition_excluded_loss"]) > float(memory["modular_addition_excluded_loss"])


def course(folder: Path, addition: ModularAddition, seeds: int) -> tuple[xr.Dataset, Floats, Floats]:
    """Networks of some seeds over training: what is measured, and when they memorise and generalise (seed,)."""
    network = Architecture("mlp", (62,), 31, {"widths": [160, 64]})
    found = examined_training(folder, addition, SPLIT, network, TRAINING, seeds, samples=1)
    strengths = found["skill_strength"]
    return found, *(times(found["step_epoch"], strengths.sel(skill=name)) for name in strengths["skill"].values)


def check_grokking(folder: Path, seeds: int) -> None:
    found, memorised, generalised = course(folder, ADDITION, seeds)
    assert (generalised > 4 * memorised).all()
    of_loss = times(found["step_epoch"], -found["test_loss"], -GUESSED / 2)
    of_waves = times(found["step_epoch"], -found["modular_addition_restricted_loss"], -GUESSED / 2)
    assert (of_waves < 0.7 * of_loss).all()
    last = found.isel(step=-1)
    assert (last["skill_strength"] > 0.9).all() and (
        last["modular_addition_excluded_loss"] > last["train_loss"] + 0.5
    ).all()


def test_networks_generalise_long_after_they_memorise_and_the_waves_come_first(tmp_path: Path) -> None:
    check_grokking(tmp_path, seeds=2)


@pytest.mark.long
def test_all_of_twenty_seeds_grok(tmp_path: Path) -> None:
    check_grokking(tmp_path, seeds=20)


@pytest.mark.long
def test_random_answers_are_memorised_and_nothing_generalises(tmp_path: Path) -> None:
    found, memorised, generalised = course(tmp_path, ModularAddition(prime=31, random_answers=True), seeds=20)
    assert np.isfinite(memorised).all() and np.isnan(generalised).all()
    assert found["skill_strength"].sel(skill="generalisation").max() < 0.1
    assert (found["modular_addition_restricted_loss"] > 0.95 * GUESSED).all()
