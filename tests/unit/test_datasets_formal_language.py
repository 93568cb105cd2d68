"""A formal language as a data set, and what is measured of the networks that learn it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.data_kinds.formal_language import FormalLanguage, Tasks, language_of
from emergence.datasets import RawDataset, RawFiles, process
from emergence.networks import build, describe
from emergence.parameters.data import Data
from emergence.parameters.networks import Transformer
from emergence.testbeds.language import is_grammatical, order_parameters
from emergence.testbeds.language.language import END
from emergence.training.checkpoints import Checkpoint, file_name, publish, write
from tests.job_files import do, examination

ROOT = Path(__file__).parents[2]
LANGUAGE = FormalLanguage(entities=8, properties=24, classes=2, density=0.5, sequences=200, length=24)


def loaded(**changes: object) -> RawDataset:
    return LANGUAGE.model_copy(update=changes).load("sentences", RawFiles(()))


def rows(data: RawDataset) -> np.ndarray:
    return np.column_stack([data.inputs, data.labels[:, -1:]])


def test_sequences_are_whole_sentences_of_the_language_up_to_the_last_which_is_cut_off() -> None:
    language, whole = language_of(LANGUAGE), []
    for row in rows(loaded()):
        assert row[0] == END
        *sentences, _ = np.split(row, np.flatnonzero(row == END)[1:])
        whole += [np.append(sentence, END) for sentence in sentences]
    assert len(whole) > 200
    assert all(is_grammatical("".join(language.letters[sentence[1:-1]])) for sentence in whole)
    checked = [order_parameters(language, sentence[None]) for sentence in whole]
    for name in ("relative", "descriptive", "joined"):
        assert np.nanmin([getattr(found, name) for found in checked]) == 1


def test_each_token_is_labelled_with_the_next_one_and_a_tenth_is_for_testing() -> None:
    data = loaded()
    assert data.tokens and data.inputs.shape == data.labels.shape == (200, 24)
    np.testing.assert_array_equal(data.inputs[:, 1:], data.labels[:, :-1])
    assert data.test is not None and data.test.sum() == 20 and data.test[-20:].all()


def test_random_words_are_as_frequent_as_those_of_the_sentences_and_tell_nothing_of_the_next() -> None:
    data, control = loaded(), loaded(random_words=True)
    counts, of_control = (np.bincount(one.labels.ravel(), minlength=len(data.classes)) for one in (data, control))
    np.testing.assert_array_equal(counts, of_control)
    assert (control.inputs[:, 0] == END).all() and control.classes == data.classes and control.source != data.source
    after_end, in_control = (one.labels[one.inputs == END] == END for one in (data, control))
    assert not after_end.any()  # no sentence is empty
    share = counts[END] / counts.sum()
    assert in_control.mean() == pytest.approx(share, abs=4 * np.sqrt(share / len(in_control)))


def test_the_seed_decides_the_order_of_random_words() -> None:
    control = rows(loaded(random_words=True))
    np.testing.assert_array_equal(control, rows(loaded(random_words=True)))
    assert (control != rows(loaded(random_words=True, seed=1))).any()


def test_a_language_can_be_joined_as_by_the_published_program() -> None:
    rotated = FormalLanguage(entities=8, properties=160, classes=2, construction="rotated", sequences=50, length=24)
    assert np.diff(language_of(rotated).graph.indptr).tolist() == [12] * 8
    with pytest.raises(ValueError, match="properties = 200 in 2 classes: construction = rotated takes"):
        FormalLanguage(entities=8, properties=200, classes=2, construction="rotated")


def test_random_words_go_with_no_tasks() -> None:
    with pytest.raises(ValueError, match="random_words = true leaves nothing to answer"):
        FormalLanguage(random_words=True, tasks=Tasks(condition=0.1))


@pytest.mark.parametrize("random", [False, True])
def test_untrained_networks_are_measured_at_every_step_and_write_no_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, random: bool
) -> None:
    described = describe(Transformer(blocks=1, heads=1, width=8), (LANGUAGE.length,), language_of(LANGUAGE).size)
    files = {}
    for step in (Step(0), Step(1)):
        networks = [build(described).state_dict() for _ in range(2)]
        weights = {name: torch.stack([one[name] for one in networks]) for name in networks[0]}
        file = tmp_path / file_name(step)
        files[file] = write(Checkpoint(step, (3, 4), described, weights), file)
    publish(files, tmp_path / "checkpoints")
    language = LANGUAGE.model_copy(update={"random_words": random})
    raw = language.load("sentences", RawFiles(()))
    write_dataset(tmp_path / "dataset.nc", process("sentences", raw, Data(probe_samples=20)), {})
    do(examination(tmp_path, "sentences", language.model_dump(), 30))
    found = read_dataset(tmp_path / "skills.nc")
    assert found["seed"].values.tolist() == [3, 4] and found["step"].values.tolist() == ["ep0", "ep1"]
    assert (found["language_grammaticality"] < 0.2).all()
    chance = (found["language_valid_probability"] * 24).mean()
    assert 0 < chance < 24
    assert float(found["random_answers"]) == random
    shares = np.bincount(raw.labels.ravel()) / raw.labels.size
    assert float(found["word_entropy"]) == pytest.approx(-(shares * np.log(np.where(shares, shares, 1))).sum())
