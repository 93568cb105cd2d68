"""Sequences that ask for induction: what follows some tokens is fixed anew in each, and told by the sequence alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from emergence.core.raw_files import RawFiles
from emergence.parameters.base import MOST_SAMPLES, MOST_UNITS, Seed
from emergence.parameters.data_kind import NUMBER, TEST_SHARE, DataKind, Size

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from torch import nn

    from emergence.core.known_skills import KnownSkills
    from emergence.datasets import RawDataset, SplitDataset
    from emergence.testbeds.induction import Chain


class Induction(DataKind):
    """A chain of tokens with triggers, followed by a token of each sequence's own (Bietti et al., arXiv:2306.00802)."""

    form = "tokens"
    content = "tokens"

    kind: Literal["induction"] = "induction"
    """Which kind of data set."""

    vocabulary: int = Field(default=32, ge=3, le=MOST_UNITS)
    """Tokens, the triggers among them."""

    triggers: int = Field(default=3, ge=1, le=MOST_UNITS)
    """Tokens whose follower is drawn anew for each sequence; after other tokens the same ones follow in all."""

    trigger_share: float = Field(default=0.5, gt=0, lt=1)
    """Share of triggers among the tokens that follow those that are none; each follows as often."""

    concentration: float = Field(default=0.3, ge=0.01, le=1000)
    """How evenly other tokens follow: the concentration of a Dirichlet distribution, less for fewer followers."""

    sequences: int = Field(default=4000, ge=10, le=MOST_SAMPLES)
    """Sequences of the data set."""

    length: int = Field(default=32, ge=8, le=MOST_UNITS)
    """Tokens per sequence, each of which is predicted from those before it in the sequence."""

    random_words: bool = False
    """Tokens are in random order, so that there is nothing to learn but how frequent they are: the control."""

    seed: Seed = 0
    """Seed of the chain and of the sequences."""

    @model_validator(mode="after")
    def _has_common_tokens(self) -> Self:
        if self.triggers > self.vocabulary - 2:
            told = f"of vocabulary = {self.vocabulary} at least 2 tokens must be no triggers"
            raise ValueError(f"triggers = {self.triggers}: {told}; allowed: 1 to {self.vocabulary - 2}")
        return self

    @property
    def examined_numbers(self) -> int:
        return self.length * max(self.length, self.vocabulary)

    @property
    def learnt_as(self) -> Literal["skills"]:
        return "skills"

    @property
    def is_control(self) -> bool:
        return self.random_words

    @property
    def task(self) -> str:
        return "" if self.is_control else str(self.model_dump(exclude={"sequences"}))

    def size(self, files: RawFiles) -> Size:
        return Size(self.sequences, self.sequences // TEST_SHARE, (self.length,), self.vocabulary)

    def needs(self) -> Iterator[tuple[str, int, str, int]]:
        yield "sequences", self.sequences, "its sequences", self.sequences * self.length * NUMBER
        yield "vocabulary", self.vocabulary, "pairs of tokens", self.vocabulary**2 * NUMBER


def _generators(described: Induction) -> list[np.random.Generator]:
    """Return what draws the chain, the sequences, and the order of random words."""
    import numpy as np

    return np.random.default_rng(described.seed).spawn(3)


def chain_of(described: Induction) -> Chain:
    """Return the chain that sequences of a data set are drawn from.

    >>> chain_of(Induction(vocabulary=6, triggers=2)).following.sum(1).round(6).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    from emergence.testbeds.induction import Chain

    drawing, *_ = _generators(described)
    shape = described.vocabulary, described.triggers, described.trigger_share, described.concentration
    return Chain.sample(*shape, drawing)


def load(described: Induction, name: str, files: RawFiles) -> RawDataset:
    """Return sequences as tokens (sample, position), and for each token the next one as its label.

    The last tenth of them is the test part. Random words are the tokens of all sequences in a random order.

    >>> data = load(Induction(sequences=20, length=8), "chains", RawFiles(()))
    >>> data.inputs.shape, data.labels.shape, data.classes[3:5]
    ((20, 8), (20, 8), ('token 1', 'token 2'))
    """
    import numpy as np

    from emergence.datasets import RawDataset

    _, drawing, shuffling = _generators(described)
    rows = chain_of(described).sequences(described.sequences, described.length + 1, drawing)
    if described.random_words:
        rows = shuffling.permutation(rows.ravel()).reshape(rows.shape)
    named = {"trigger": described.triggers, "token": described.vocabulary - described.triggers}
    return RawDataset(
        inputs=rows[:, :-1],
        labels=rows[:, 1:],
        classes=tuple(f"{name} {number}" for name, count in named.items() for number in range(1, count + 1)),
        source="random words of a chain with triggers" if described.random_words else "a chain with triggers",
        test=np.arange(len(rows)) >= len(rows) - len(rows) // TEST_SHARE,
        tokens=True,
    )


def skills(described: Induction, dataset: SplitDataset, samples: int, seed: int) -> KnownSkills:
    """Return how well networks know the chain and look up what followed a trigger, on so many fresh sequences.

    Known beforehand is how often each is asked for.
    """
    import numpy as np
    import torch

    from emergence.core.known_skills import KnownSkills, labelled
    from emergence.testbeds.induction import SCORES, TEXTS, Examination

    chain = chain_of(described)
    tokens = torch.from_numpy(chain.sequences(samples, described.length + 1, np.random.default_rng(seed)))
    examination = Examination(chain, tokens)

    def examined(network: nn.Module) -> xr.Dataset:
        found = examination.strengths(network)
        title = "how well the network knows the skill: " + "; ".join(f"{name}: {TEXTS[name]}" for name in TEXTS)
        scores = {f"induction_{name}": ((), found[name], text) for name, text in SCORES.items()}
        strengths = {"skill_strength": ("skill", [found[name] for name in TEXTS], title)}
        return labelled(strengths | scores, skill=list(TEXTS))

    def known(network: nn.Module) -> xr.Dataset:
        shares = [float(examination.places[name].double().mean()) for name in TEXTS]
        return labelled({"skill_frequency": ("skill", shares, "share of tokens that ask for it")}, skill=list(TEXTS))

    return KnownSkills(examined, known)
