"""Sequences that ask for induction as a data set: heads that look up come of a sudden, with a fall of the loss."""

from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from pydantic import ValidationError
from torch import Tensor, nn
from torch.nn.functional import one_hot

from emergence.data_kinds.induction import Induction, chain_of
from emergence.datasets import RawDataset, RawFiles
from emergence.networks import Architecture
from emergence.parameters.data import Data
from emergence.parameters.training import Training
from tests.testbeds import examined_training, split_of, times

INDUCTION = Induction(sequences=400)


def loaded(induction: Induction) -> RawDataset:
    return induction.load("chains", RawFiles(()))


def test_a_trigger_is_followed_by_one_token_in_a_sequence_and_by_many_in_all() -> None:
    data = loaded(INDUCTION)
    for trigger in range(3):
        after = [set(labels[inputs == trigger]) for inputs, labels in zip(data.inputs, data.labels, strict=True)]
        assert max(map(len, after)) == 1
        assert set.union(*after) == set(range(3, 32))


def test_other_tokens_are_followed_by_the_same_ones_in_all_sequences() -> None:
    data, following = loaded(INDUCTION), chain_of(INDUCTION).following
    counts = np.zeros((32, 32))
    np.add.at(counts, (data.inputs.ravel(), data.labels.ravel()), 1)
    shares = counts[3:] / counts[3:].sum(1, keepdims=True)
    np.testing.assert_allclose(shares, following[3:], atol=0.15)
    assert shares[:, :3].sum(1) == pytest.approx(0.5, abs=0.15)


def test_random_words_are_as_frequent_and_repeat_nothing() -> None:
    data, control = loaded(INDUCTION), loaded(INDUCTION.model_copy(update={"random_words": True}))
    tokens, of_control = (np.column_stack([one.inputs, one.labels[:, -1]]) for one in (data, control))
    np.testing.assert_array_equal(np.bincount(tokens.ravel()), np.bincount(of_control.ravel()))
    again = control.labels[control.inputs == 0] == 0
    assert again.mean() > 0.05  # triggers follow triggers, as they never do in the chain


def test_the_last_tenth_of_the_sequences_is_for_testing() -> None:
    test = loaded(INDUCTION).test
    assert test is not None and test.sum() == 40 and test[-40:].all()


def test_tokens_that_are_all_triggers_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"triggers = 7: of vocabulary = 8 at least 2 .* allowed: 1 to 6"):
        Induction(vocabulary=8, triggers=7)


class LooksUp(nn.Module):
    """Two heads written by hand: one attends to the token before, one to those behind the same token before."""

    def __init__(self, first: float, second: float) -> None:
        super().__init__()
        self.strengths = nn.Parameter(torch.tensor([float(first), float(second)]))
        self.previous, self.induction = nn.Softmax(-1), nn.Softmax(-1)

    def forward(self, tokens: Tensor) -> Tensor:
        length, known = tokens.shape[1], one_hot(tokens, 32).float()
        later = torch.ones(length, length).triu(1).bool()
        to_previous = torch.ones(length, length).tril(-1).triu(-1).expand(len(tokens), 1, -1, -1)
        weights = self.previous((self.strengths[0] * to_previous).masked_fill(later, -torch.inf))
        before = weights[:, 0] @ known
        scores = self.strengths[1] * (known @ before.transpose(1, 2))[:, None]
        found = self.induction(scores.masked_fill(later, -torch.inf))[:, 0] @ known
        return 20 * found.transpose(1, 2)


class KnowsChain(nn.Module):
    """Gives after each token the probabilities of the chain."""

    def __init__(self) -> None:
        super().__init__()
        self.following = nn.Parameter(torch.from_numpy(chain_of(INDUCTION).following))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.following[tokens].clamp_min(1e-9).log().transpose(1, 2)


def examined(folder: Path, network: nn.Module) -> xr.Dataset:
    skills = INDUCTION.known_skills(split_of(folder, INDUCTION, Data(probe_samples=64), seed=0), 300, 0)
    return skills.examine(network).merge(skills.known(network))


def test_a_network_that_looks_up_has_the_heads_and_the_skill_of_induction_only(tmp_path: Path) -> None:
    found = examined(tmp_path, LooksUp(50, 50))
    assert found["skill"].values.tolist() == ["bigram", "induction"]
    assert float(found["skill_strength"].sel(skill="induction")) > 0.99
    assert float(found["skill_strength"].sel(skill="bigram")) == 0
    assert float(found["induction_prefix_matching"]) > 0.98  # nothing is before the first place
    assert float(found["induction_previous_token"]) > 0.99
    assert float(found["induction_in_context_score"]) < -0.5


def test_heads_that_attend_to_all_alike_have_the_scores_of_that(tmp_path: Path) -> None:
    uniform = examined(tmp_path, LooksUp(0, 0))
    assert float(uniform["induction_previous_token"]) == pytest.approx(np.mean(1 / np.arange(2, 33)), abs=1e-5)
    assert float(uniform["induction_prefix_matching"]) < 0.3


def test_a_network_that_knows_the_chain_guesses_what_follows_a_trigger(tmp_path: Path) -> None:
    found = examined(tmp_path, KnowsChain())
    assert found["skill_strength"].values == pytest.approx([1, 1 / 29], abs=1e-6)
    assert np.isnan(found["induction_prefix_matching"]) and np.isnan(found["induction_previous_token"])
    assert found["skill_frequency"].sel(skill="bigram") > found["skill_frequency"].sel(skill="induction") > 0.2


def course(folder: Path, induction: Induction, width: int, rate: float, epochs: int, seeds: int) -> xr.Dataset:
    """What attention-only networks of two blocks know over training."""
    options = {"blocks": 2, "heads": 2, "width": width, "feed_forward": False}
    network = Architecture("transformer", (induction.length,), induction.vocabulary, options)
    settings = {
        "epochs": epochs,
        "optimizer": {"name": "adamw", "learning_rate": rate},
        "schedule": {"warmup_epochs": 2},
        "checkpoints": {"early_iterations": [8, 16, 24, 32]},
    }
    training = Training.model_validate(settings)
    return examined_training(folder, induction, Data(probe_samples=64), network, training, seeds, samples=400)


def check_heads_come_with_the_skill_and_a_fall_of_the_loss(found: xr.Dataset) -> None:
    epochs, strengths = found["step_epoch"], found["skill_strength"]
    bigram, induction = (times(epochs, strengths.sel(skill=name)) for name in ("bigram", "induction"))
    heads = times(epochs, found["induction_prefix_matching"])
    assert (induction > 2 * bigram).all()
    assert (abs(heads - induction) < 2).all()
    assert (strengths.isel(step=-1).sel(skill="induction") > 0.7).all()
    for seed, time in enumerate(induction):
        loss = found["test_loss"].isel(seed=seed).swap_dims(step="step_epoch")
        halfway, before, after = loss.interp(step_epoch=[(2 * bigram[seed] + time) / 2, time - 2, time + 2]).values
        assert before - after > max(0.1, halfway - before)


def test_heads_of_induction_come_with_the_skill_and_a_fall_of_the_loss(tmp_path: Path) -> None:
    small = Induction(vocabulary=12, triggers=2, length=16, sequences=2400)
    found = course(tmp_path, small, width=32, rate=0.01, epochs=12, seeds=1)
    check_heads_come_with_the_skill_and_a_fall_of_the_loss(found)


@pytest.mark.long
def test_they_come_in_all_of_twenty_seeds(tmp_path: Path) -> None:
    found = course(tmp_path, Induction(), width=48, rate=0.008, epochs=20, seeds=20)
    check_heads_come_with_the_skill_and_a_fall_of_the_loss(found)


@pytest.mark.long
def test_nothing_is_looked_up_after_training_on_random_words(tmp_path: Path) -> None:
    found = course(tmp_path, Induction(random_words=True), width=48, rate=0.008, epochs=20, seeds=20)
    assert (found["skill_strength"] < 0.2).all()
    assert (found["induction_prefix_matching"] < 0.4).all()
