"""Tasks set by a prompt in the formal language: what they give, how answers are written and scored."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch
from benchmarks.systems.language_learning import Learner, learn
from torch import nn

from emergence.data_kinds.formal_language import FormalLanguage
from emergence.datasets import RawFiles
from emergence.networks.transformer import build
from emergence.testbeds.language import Language, Mixture, is_grammatical, packed
from emergence.testbeds.language.language import END, within_ends
from emergence.testbeds.language.tasks import TASKS, examples, longest_sentence, prompt
from emergence.testbeds.language.writing import write
from emergence.testbeds.percolation import Concepts

torch.set_num_threads(1)

LENGTH = 33


@cache
def language(prompts: bool = True) -> Language:
    return Language.sample(Concepts(20, 60, 4), 0.5, np.random.default_rng(0), prompts=prompts)


def sentences(count: int) -> list[np.ndarray]:
    rows = language().sentences(count, longest_sentence(language(), LENGTH), np.random.default_rng(1))
    return [within_ends(row) for row in rows]


def kinds(words: np.ndarray) -> list[str]:
    return [language().names[word].rstrip("0123456789") for word in words]


def test_prompts_give_nothing_all_words_or_one_of_each_part_of_the_sentence() -> None:
    rng, orders = np.random.default_rng(2), set()
    for words in sentences(300):
        given = {task: prompt(language(), words, task, rng) for task in TASKS}
        for task, row in given.items():
            assert [row[0], row[-1]] == [language().first("task") + TASKS.index(task), language().first("answer")]
        assert len(given["free"]) == 2
        scrambled = given["unscramble"][1:-1]
        assert Counter(scrambled.tolist()) == Counter(words.tolist())
        orders.add(np.array_equal(scrambled, words))
        names = kinds(words)
        split = min(names.index(kind) for kind in ("verb", "linking_verb") if kind in names)
        parts = [
            {word for word, name in zip(words[:split], names[:split], strict=True) if name == "entity"},
            {word for word, name in zip(words[split:], names[split:], strict=True) if name == "entity"},
            {word for word, name in zip(words, names, strict=True) if name == "verb"},
            {word for word, name in zip(words, names, strict=True) if name == "property"},
        ]
        filled = [part for part in parts if part]
        assert len(given["condition"]) == 2 + len(filled)
        assert all(word in part for word, part in zip(given["condition"][1:-1], filled, strict=True))
    assert False in orders


def test_rows_to_learn_from_are_prompts_with_their_sentences_as_often_as_the_mixture_says() -> None:
    mixture = Mixture(unscramble=0.2, condition=0.3)
    rows = examples(language(), 2000, LENGTH, mixture, np.random.default_rng(0))
    assert rows.shape == (2000, LENGTH + 1)
    found = Counter(TASKS[row[1] - language().first("task")] for row in rows)
    for task, share in {"free": 0.5, "unscramble": 0.2, "condition": 0.3}.items():
        assert found[task] / 2000 == pytest.approx(share, abs=0.05)
    for row in rows:
        (answer,) = np.flatnonzero(row == language().first("answer"))
        assert row[0] == END and END not in row[1:answer] and row[-1] == END
        assert is_grammatical("".join(language().letters[within_ends(row[answer:])]))


@pytest.mark.parametrize("drawn", [False, True])
def test_rows_are_written_together_as_one_by_one(drawn: bool) -> None:
    torch.manual_seed(0)
    network = build((12,), 6, blocks=1, heads=1, width=8)
    assert isinstance(network, nn.Sequential)
    starts = torch.tensor([0, 3, 5, 11])
    rows = torch.full((4, 13), END)
    for row, start in zip(rows, starts, strict=True):
        row[1 : 1 + start] = torch.randint(1, 6, (int(start),))
    one_by_one = []
    for row, start in zip(rows, starts, strict=True):
        words = row[: 1 + start].tolist()
        while len(words) < 13 and (len(words) == 1 + start or words[-1] != END):
            padded = torch.tensor([words + [END] * (12 - len(words))])
            words.append(int(network(padded)[0, :, len(words) - 1].argmax()))
        one_by_one.append(words + [END] * (13 - len(words)))
    if not drawn:
        assert write(network, rows.clone(), starts).tolist() == one_by_one
        return
    written = write(network, rows.clone(), starts, torch.Generator().manual_seed(0))
    again = write(network, rows.clone(), starts, torch.Generator().manual_seed(0))
    assert torch.equal(written, again) and not torch.equal(written, torch.tensor(one_by_one))
    for row, before, start in zip(written, rows, starts, strict=True):
        assert torch.equal(row[: 1 + start], before[: 1 + start])


def test_a_transformer_comes_to_write_sentences_that_hold_given_words() -> None:
    small = Language.sample(Concepts(4, 4, 2), 1.0, np.random.default_rng(0), prompts=True)
    learner = Learner(length=21, blocks=1, width=32, batch=32, learning_rate=1e-2, mixture=Mixture(0.1, 0.8))
    found = learn(small, [1, 150], [0], learner, sentences=60)
    start, end = found["conditions_relative"].values[0]
    assert end > start + 0.3
    assert found["grammaticality"].values[0, 1] > 0.3


def test_a_data_set_holds_prompts_where_its_tasks_ask_for_them() -> None:
    sizes = {"entities": 8, "properties": 24, "classes": 2, "density": 0.5, "sequences": 50, "length": 32}
    plain, prompted = (
        FormalLanguage.model_validate({**sizes, **tasks}).load("language", RawFiles(()))
        for tasks in ({}, {"tasks": {"unscramble": 0.5, "condition": 0.25}})
    )
    assert prompted.classes[:-4] == plain.classes
    assert prompted.classes[-4:] == ("task0", "task1", "task2", "answer0")
    counts = [int((prompted.inputs == prompted.classes.index(f"task{place}")).sum()) for place in range(3)]
    assert np.array(counts) / sum(counts) == pytest.approx([0.25, 0.5, 0.25], abs=0.15)
    rows = packed(language(), 20, LENGTH, Mixture(), np.random.default_rng(0))
    assert (rows[:, 0] == END).all()
    assert {language().names[word].rstrip("0123456789") for word in rows[:, 1]} == {"task"}
