"""Knowledge of the language in a transformer: order parameters of its sentences, and scores of its tasks."""

from dataclasses import astuple

import numpy as np
import torch
from torch import nn

from emergence.core.arrays import Integers
from emergence.testbeds.language.language import Language, within_ends
from emergence.testbeds.language.order_parameters import described, order_parameters
from emergence.testbeds.language.tasks import TASK_TEXTS, Mixture, examples, task_scores
from emergence.testbeds.language.writing import generate

FEWEST_CHECKED = 20
"""Shares of fewer generated verbs or properties are missing: early on, one more or less would look like a rise."""


TEXTS = {
    "grammaticality": "share of generated sentences that are grammatical",
    "relative": "share of generated verbs with subjects and objects of their classes",
    "descriptive": "share of generated properties of their subject's class",
    "joined": "share of generated properties that their subject has",
    "valid_probability": "probability of properties that the subject has where a property follows",
}


def examined(language: Language) -> dict[str, str]:
    """Return what is measured of networks that learn a language: names and descriptions, in order."""
    return TEXTS | (TASK_TEXTS if language.prompts else {})


def examine(
    network: nn.Sequential,
    language: Language,
    length: int,
    sentences: int,
    writing: torch.Generator,
    measuring: np.random.Generator,
) -> list[float]:
    """Return what `examined` names: of so many sentences that a transformer writes, and of as many of the language."""
    generated = generate(network, language, sentences, length, writing)
    valid = valid_probability(network, language, examples(language, sentences, length, Mixture(0, 0), measuring))
    found = [*astuple(order_parameters(language, generated, FEWEST_CHECKED)), valid]
    return found + (task_scores(network, language, length, sentences, measuring) if language.prompts else [])


@torch.no_grad()
def valid_probability(network: nn.Module, language: Language, sentences: Integers) -> float:
    """Mean probability of properties that the subject has, at the places of properties; NaN where there are none.

    The `network` maps tokens to logits (Lubana et al. 2024, arXiv:2408.12578, whose `language` it learned). `sentences`
    (row, words) are as `examples` gives them for sentences written freely.
    """
    start = len(language.free_prompt)
    chances = network(torch.from_numpy(sentences[:, :-1])).softmax(1).numpy()
    first, valid = language.first("property"), []
    for row, sentence in enumerate(sentences):
        words = within_ends(sentence[start:])
        places = start + np.flatnonzero(language.letters[words] == "p")
        for place, (subject, _) in zip(places, described(language, words), strict=True):
            entity = subject - language.first("entity")
            begin, end = language.graph.indptr[entity : entity + 2]
            valid.append(chances[row, first + language.graph.indices[begin:end], place].sum())
    return float(np.mean(valid)) if valid else float("nan")
