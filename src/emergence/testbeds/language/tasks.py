"""Tasks set by a prompt: write any sentence, put words in order, or write a sentence that holds given words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from emergence.core.arrays import Integers
from emergence.testbeds.language.language import END, Language, within_ends
from emergence.testbeds.language.writing import write

TASKS = ("free", "unscramble", "condition")
"""In the order of the words that name them in a prompt."""

SCORES = {
    "placed": "share of words that unscrambling puts in their place",
    "exact": "share of sentences that unscrambling puts in order without a mistake",
    "conditions": "share of given words that the sentences written for them hold",
}
KINDS = {"relative": ("v", "sentences with verbs"), "descriptive": ("l", "sentences with properties")}
TASK_TEXTS = {
    f"{score}_{kind}": f"{text}, {of_kind}" for score, text in SCORES.items() for kind, (_, of_kind) in KINDS.items()
}
"""Names of the scores that `task_scores` returns, in its order."""


@dataclass(frozen=True)
class Mixture:
    """Shares of prompted sentences that are to be unscrambled, or hold given words; the others are written freely.

    The text of Lubana et al. 2024 (arXiv:2408.12578) says 10 % each, the authors' program sets 40 % each.
    """

    unscramble: float = 0.1
    condition: float = 0.1

    def draw(self, count: int, rng: np.random.Generator) -> list[str]:
        """Draw tasks."""
        chances = [1 - self.unscramble - self.condition, self.unscramble, self.condition]
        return [TASKS[place] for place in rng.choice(len(TASKS), size=count, p=chances)]


def longest_sentence(language: Language, length: int) -> int:
    """Return of how many words, and its end, a sentence may be where a row holds so many words to predict.

    In a language with prompts all words of a sentence may stand in its prompt too.
    """
    return (length - 1) // 2 if language.prompts else length


def prompt(language: Language, words: Integers, task: str, rng: np.random.Generator) -> Integers:
    """Return the prompt to which a sentence is an answer: the word of the task, what is given, and the answer's word.

    Given are nothing, all words in random order, or one word each of the subjects, objects, verbs and properties that
    the sentence has.

    >>> from emergence.testbeds.percolation import Concepts
    >>> rng = np.random.default_rng(0)
    >>> language = Language.sample(Concepts(entities=8, properties=8, classes=2), 0.9, rng, prompts=True)
    >>> sentence = language.sentences(1, 12, np.random.default_rng(3))[0]
    >>> print(language.text(sentence))
    adjective2 entity2 verb0 preposition2 entity6
    >>> for task in TASKS:
    ...     print(language.text(np.append(END, prompt(language, within_ends(sentence), task, rng))))
    task0 answer0
    task1 verb0 entity6 preposition2 adjective2 entity2 answer0
    task2 entity2 entity6 verb0 answer0
    """
    given = {"free": words[:0], "unscramble": rng.permutation(words), "condition": conditions(language, words, rng)}
    named = language.first("task") + TASKS.index(task)
    return np.array([named, *given[task], language.first("answer")])


def conditions(language: Language, words: Integers, rng: np.random.Generator) -> Integers:
    """Choose one word each of the subjects, objects, verbs and properties that a sentence has."""
    letters = language.letters[words]
    predicate = int(np.isin(letters, ["v", "l"]).argmax())
    entity, before = letters == "e", np.arange(len(words)) < predicate
    groups = (words[entity & before], words[entity & ~before], words[letters == "v"], words[letters == "p"])
    return np.array([rng.choice(group) for group in groups if len(group)])


def examples(language: Language, count: int, length: int, mixture: Mixture, rng: np.random.Generator) -> Integers:
    """Draw rows (count, length + 1) to learn from: sentences, each after a prompt where the language has prompts.

    A row begins with the end of another sentence, and its own end is repeated.
    """
    sentences = language.sentences(count, longest_sentence(language, length), rng)
    if not language.prompts:
        return sentences
    rows = np.full((count, length + 1), END)
    for row, sentence, task in zip(rows, sentences, mixture.draw(count, rng), strict=True):
        words = within_ends(sentence)
        filled = np.append(prompt(language, words, task, rng), words)
        row[1 : 1 + len(filled)] = filled
    return rows


def packed(language: Language, count: int, length: int, mixture: Mixture, rng: np.random.Generator) -> Integers:
    """Draw rows (count, length + 1) full of what `examples` draws, one after the end of the other; the last is cut off.

    `mixture` has the shares of the tasks; `rng` draws.

    >>> from emergence.testbeds.percolation import Concepts
    >>> language = Language.sample(Concepts(entities=20, properties=60, classes=4), 0.5, np.random.default_rng(0))
    >>> rows = packed(language, 3, 40, Mixture(), np.random.default_rng(1))
    >>> rows.shape, rows[:, 0].tolist(), bool(((rows == END).sum(axis=1) > 1).all())
    ((3, 41), [0, 0, 0], True)
    """
    rows: list[Integers] = []
    while len(rows) < count:
        drawn = examples(language, count, length, mixture, rng)
        stream = drawn[np.column_stack([np.ones(count, dtype=bool), drawn[:, 1:] != END])]
        starts = np.append(np.flatnonzero(stream == END), len(stream))
        begin = 0
        while len(rows) < count and begin + length < len(stream):
            rows.append(stream[begin : begin + length + 1])
            begin = starts[np.searchsorted(starts, begin + length + 1)]
    return np.array(rows)


def task_scores(
    network: nn.Sequential, language: Language, length: int, count: int, rng: np.random.Generator, fewest: int = 1
) -> list[float]:
    """Let a transformer unscramble `count` sentences, and write as many to given words; return what TASK_TEXTS names.

    The tasks are those of Lubana et al. 2024 (arXiv:2408.12578), in a `language`; sentences have at most `length` words
    and are drawn by `rng`. The `network` writes the likeliest word at every place. Words are in their place where they
    are those of the sentence that was scrambled, though another order may be a sentence too. Sentences with both verbs
    and properties do not count; scores of fewer than `fewest` sentences are NaN.
    """
    sentences = [within_ends(row) for row in language.sentences(count, longest_sentence(language, length), rng)]
    scores: dict[str, list[float]] = {name: [] for name in TASK_TEXTS}
    ordered, held = (
        _answers(network, [prompt(language, words, task, rng) for words in sentences], length)
        for task in ("unscramble", "condition")
    )
    for words, (_, unscrambled), (given, written) in zip(sentences, ordered, held, strict=True):
        kinds = [kind for kind, (letter, _) in KINDS.items() if letter in language.letters[words]]
        if len(kinds) == 1:
            padded = np.append(unscrambled, np.full(len(words), END))[: len(words)]
            scores[f"placed_{kinds[0]}"].append(float((padded == words).mean()))
            scores[f"exact_{kinds[0]}"].append(float(np.array_equal(unscrambled, words)))
            scores[f"conditions_{kinds[0]}"].append(float(np.isin(given[1:-1], written).mean()))
    return [float(np.mean(found)) if len(found) >= fewest else float("nan") for found in scores.values()]


def _answers(network: nn.Sequential, prompts: Sequence[Integers], length: int) -> list[tuple[Integers, Integers]]:
    """Return prompts, each with the words that a transformer answers."""
    rows, starts = torch.full((len(prompts), length + 1), END), torch.tensor([len(given) for given in prompts])
    for row, given in zip(rows, prompts, strict=True):
        row[1 : 1 + len(given)] = torch.from_numpy(given)
    written = write(network, rows, starts).numpy()
    return [(given, within_ends(row[start:])) for given, row, start in zip(prompts, written, starts, strict=True)]
