"""A transformer writes sentences, word by word."""

import torch
from torch import Tensor, nn

from emergence.core.arrays import Integers
from emergence.testbeds.language.language import END, Language


def generate(
    network: nn.Sequential, language: Language, count: int, length: int, generator: torch.Generator
) -> Integers:
    """Let a transformer write sentences freely, (count, ...) as `Language.sentences` gives them.

    In a language with prompts each stands after the prompt for that, instead of the end of another sentence.
    The `network` maps tokens to logits; `generator` draws `count` sentences of at most `length` words (Lubana et al.
    2024, arXiv:2408.12578).
    """
    prompt = language.free_prompt
    rows = torch.full((count, length + 1), END)
    rows[:, 1 : 1 + len(prompt)] = torch.from_numpy(prompt)
    written: Integers = write(network, rows, torch.full((count,), len(prompt)), generator).numpy()
    return written[:, len(prompt) :]


@torch.no_grad()
def write(network: nn.Sequential, rows: Tensor, starts: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Fill rows (row, words) with what a transformer writes behind place `starts` (row), up to an end of a sentence.

    Words are drawn with their probabilities or, without a generator, the likeliest ones. Rows hold ends at the places
    to fill; they are changed and returned.
    """
    writing = torch.ones(len(rows), dtype=torch.bool)
    for place in range(int(starts.min()), rows.shape[1] - 1):
        now = writing & (starts <= place)
        if not writing.any():
            break
        chances = network.get_submodule("output")(network[:-2](rows[now, :-1])[:, place]).softmax(1)
        words = chances.argmax(1) if generator is None else chances.multinomial(1, generator=generator)[:, 0]
        rows[now, place + 1] = words
        writing[now] = words != END
    return rows
