"""Texts of which the best prediction is known."""

from pathlib import Path

import numpy as np

from emergence.core.files import checksum
from emergence.data_kinds.text import Text

CHARACTERS = "abcd"
STEPS = np.array([0.7, 0.15, 0.1, 0.05])
"""A Markov chain: the probabilities that the next character lies 0, 1, 2 or 3 places further on in the circle."""

ENTROPY_RATE = float(-(STEPS * np.log(STEPS)).sum())
"""Nats per character: of every row of the transition matrix, so of all. The least mean loss a predictor can have."""

SPREAD = float(np.sqrt((STEPS * np.log(STEPS) ** 2).sum() - ENTROPY_RATE**2))
"""Standard deviation of one character's loss under the true probabilities; steps are independent, so are losses."""


def markov_text(characters: int, seed: int = 0) -> str:
    """A text of that chain; characters are equally frequent in the long run, so that single ones have ln 4 nats."""
    steps = np.random.default_rng(seed).choice(len(STEPS), characters, p=STEPS)
    return "".join(np.array(list(CHARACTERS))[np.cumsum(steps) % len(CHARACTERS)])


def write_markov_text(path: Path, characters: int, length: int) -> Text:
    """Write a text of the chain; return it as parameters name it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markov_text(characters))
    return Text(file=path.name, sha256=checksum(path), length=length)


def true_loss(inputs: np.ndarray, labels: np.ndarray) -> float:
    """Mean loss of the true probabilities on given tokens and those that follow them."""
    return float(-np.log(STEPS[(labels - inputs) % len(STEPS)]).mean())
