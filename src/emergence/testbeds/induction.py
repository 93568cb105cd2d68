"""Sequences in which some tokens are followed by a token that is fixed anew in each: learnt by induction heads.

Bietti et al. 2023, arXiv:2306.00802: a transformer of two layers first learns which tokens follow which in all
sequences, then, of a sudden, to look up in the sequence at hand what followed a token before.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from emergence.core.arrays import Floats, Integers

TEXTS = {
    "bigram": "share of what frequencies do not tell of the token after a common one that the network knows",
    "induction": "probability of the right token after a trigger that stood in the sequence before",
}
"""Skills, in the order in which they are learnt."""

SCORES = {
    "prefix_matching": "attention to tokens that followed the trigger before, of the head of the last layer with most",
    "previous_token": "attention to the token before, of the head of the first layer with most",
    "in_context_score": "loss in the last quarter of sequences less that in the first",
}


@dataclass(frozen=True)
class Chain:
    """How likely each token follows each, `following` (token, token); the first `triggers` are followed by others.

    In every sequence, each trigger is followed by one token, drawn anew from those that are no triggers.
    """

    following: Floats
    triggers: int

    @classmethod
    def sample(
        cls, vocabulary: int, triggers: int, share: float, concentration: float, rng: np.random.Generator
    ) -> Self:
        """Draw a chain, in which `share` of the tokens that follow common ones are triggers, each as often.

        Which others follow a common token is drawn from a Dirichlet distribution: ever fewer the less its
        concentration.
        """
        common = vocabulary - triggers
        to_triggers = np.full((common, triggers), share / triggers)
        after_common = np.hstack([to_triggers, (1 - share) * rng.dirichlet(np.full(common, concentration), common)])
        after_triggers = np.hstack([np.zeros((triggers, triggers)), np.full((triggers, common), 1 / common)])
        return cls(np.vstack([after_triggers, after_common]), triggers)

    def sequences(self, count: int, length: int, rng: np.random.Generator) -> Integers:
        """Draw sequences (count, length), which begin with any token.

        >>> chain = Chain.sample(6, 2, 0.8, 1.0, np.random.default_rng(0))
        >>> rows = chain.sequences(100, 12, np.random.default_rng(1))
        >>> all(len(set(row[1:][row[:-1] == 0])) <= 1 for row in rows), bool((rows[:, 1:][rows[:, :-1] < 2] >= 2).all())
        (True, True)
        """
        vocabulary, bounds = len(self.following), self.following.cumsum(1)
        answers = rng.integers(self.triggers, vocabulary, (count, self.triggers))
        rows = np.empty((count, length), np.int64)
        rows[:, 0] = rng.integers(0, vocabulary, count)
        for place in range(1, length):
            before = rows[:, place - 1]
            drawn = (bounds[before] < rng.random((count, 1))).sum(1).clip(max=vocabulary - 1)
            asked = before < self.triggers
            drawn[asked] = answers[asked, before[asked]]
            rows[:, place] = drawn
        return rows


class Examination:
    """Sequences (sample, position) of a chain, on which networks are examined."""

    def __init__(self, chain: Chain, tokens: Tensor) -> None:
        self.chain, self.inputs, self.targets = chain, tokens[:, :-1], tokens[:, 1:]
        same = (self.inputs[:, :, None] == self.inputs[:, None, :]).tril(-1)
        self.places = {
            "bigram": self.inputs >= chain.triggers,
            "induction": (self.inputs < chain.triggers) & same.any(-1),
        }
        """Where each skill is asked for (sample, position)."""
        self._followed = same.roll(1, dims=-1)
        """The places after the same token before (sample, position, position)."""

    def strengths(self, network: nn.Module) -> dict[str, float]:
        """Return what TEXTS and SCORES name; scores of attention are NaN for a network without modules of softmax.

        These give attention (sample, head, position, position) each.
        """
        device = next(network.parameters()).device
        logits, attention = _watched(network, self.inputs.to(device))
        found = logits.cpu().double().log_softmax(1).gather(1, self.targets[:, None])[:, 0]
        quarter = found.shape[1] // 4
        first, *_, last = attention or [torch.full((1, 1, *self._followed.shape[1:]), torch.nan)] * 2
        return {
            "bigram": self._bigram(found),
            "induction": float(found[self.places["induction"]].exp().mean()),
            "prefix_matching": self._prefix_matching(last.cpu()),
            "previous_token": float(first.diagonal(-1, -2, -1).mean((0, 2)).max()),
            "in_context_score": float(found[:, :quarter].mean() - found[:, -quarter:].mean()),
        }

    def _bigram(self, found: Tensor) -> float:
        """Share of the difference in loss between frequencies of tokens and the chain that the network makes up for."""
        asked = self.places["bigram"]
        frequencies = self.targets.flatten().bincount(minlength=len(self.chain.following)) / self.targets.numel()
        by_chain = torch.from_numpy(self.chain.following)[self.inputs, self.targets][asked].log().mean()
        by_frequency = frequencies[self.targets][asked].log().mean()
        return float(((found[asked].mean() - by_frequency) / (by_chain - by_frequency)).clamp(0, 1))

    def _prefix_matching(self, attention: Tensor) -> float:
        asked = self.places["induction"]
        paid = (attention * self._followed[:, None]).sum(-1) * asked[:, None]
        return float((paid.sum((0, 2)) / asked.sum()).max())


@torch.no_grad()
def _watched(network: nn.Module, inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return logits and what the modules of softmax gave, in the order in which they ran."""
    seen: list[Tensor] = []
    softmax = [module for module in network.modules() if isinstance(module, nn.Softmax)]
    hooks = [module.register_forward_hook(lambda _, __, output: seen.append(output)) for module in softmax]
    try:
        return network(inputs), seen
    finally:
        for hook in hooks:
            hook.remove()
