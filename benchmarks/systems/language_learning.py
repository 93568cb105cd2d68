"""A small transformer that learns the formal language from fresh sentences, and when it comes to know what."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import xarray as xr
from torch import nn
from torch.nn.functional import cross_entropy

from emergence.core.arrays import Floats, Integers
from emergence.networks.transformer import build
from emergence.statistics.change_points import onsets
from emergence.statistics.estimate import Estimate
from emergence.testbeds.language.examination import examine, examined
from emergence.testbeds.language.language import END, Language
from emergence.testbeds.language.tasks import Mixture, examples

UNCOUNTED = -100
"""Label of what follows the end of a sentence, which the loss leaves out."""


@dataclass(frozen=True)
class Learner:
    """A transformer of this project, trained by AdamW on `batch` new sentences a step, in rows of `length` words.

    They stand after prompts, by the `mixture` of tasks, in a language that has prompts.

    Betas 0.9 and 0.95, weight decay 1e-4, gradients of norm 1 at most and a linear warm-up are those of Lubana et al.
    2024 (arXiv:2408.12578).
    """

    length: int = 24
    blocks: int = 2
    heads: int = 2
    width: int = 64
    batch: int = 64
    learning_rate: float = 2e-3
    warmup: int = 50
    mixture: Mixture = field(default_factory=Mixture)


DEFAULT = Learner()


def learn(
    language: Language, at: Sequence[int], seeds: Sequence[int], learner: Learner = DEFAULT, sentences: int = 200
) -> xr.Dataset:
    """Train from each seed, and after the numbers of steps `at` measure order parameters on generated sentences.

    Returns the order parameters, see `order_parameters`, over (seed, step), and `valid_probability`, how much of the
    probability of the next word goes to properties of the subject where a property follows, on `sentences` of the
    language. As many are generated, freely, of which shares of fewer than `FEWEST_CHECKED` verbs or properties are NaN.
    In a language with prompts scores of the other tasks are added, see `task_scores`, on as many sentences each.

    >>> from emergence.testbeds.percolation import Concepts
    >>> language = Language.sample(Concepts(entities=8, properties=24, classes=2), 0.5, np.random.default_rng(0))
    >>> tiny = Learner(length=12, blocks=1, heads=1, width=8, batch=4)
    >>> learn(language, at=[1, 2], seeds=[0], learner=tiny, sentences=5).sizes
    Frozen({'seed': 1, 'step': 2})
    """
    courses = np.array([_course(language, list(at), seed, learner, sentences) for seed in seeds])
    along = {"seed": list(seeds), "step": ("step", np.array(at), {"units": "1", "long_name": "updates"})}
    measured = {
        name: (("seed", "step"), courses[..., place], {"units": "1", "long_name": text})
        for place, (name, text) in enumerate(examined(language).items())
    }
    return xr.Dataset(measured, along)


def phase_onsets(measured: xr.Dataset, confidence: float = 0.95, seed: int = 0) -> dict[str, Estimate]:
    """Return the number of updates at which each order parameter begins to rise, in the mean over seeds.

    By the change of slope over the log of updates, see `emergence.statistics.change_points.onsets`, which needs three
    seeds. Steps at which a seed has no value, as types have none before there is a grammatical sentence, are left out;
    infinite where nothing rises.
    """
    found = {}
    for name in measured.data_vars:
        known = measured[name].dropna("step")
        rise = onsets(np.log(known.step.values), known.transpose("seed", "step").values, confidence, seed)["rise"]
        estimate, low, high = np.exp([rise.estimate, rise.low, rise.high]).tolist()
        found[str(name)] = Estimate(estimate, low, high, observations=rise.observations)
    return found


def _course(language: Language, at: list[int], seed: int, learner: Learner, sentences: int) -> Floats:
    """Order parameters and valid probability, (step, quantity)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build((learner.length,), language.size, learner.blocks, learner.heads, learner.width)
        assert isinstance(network, nn.Sequential)
    drawing, measuring = np.random.default_rng(seed).spawn(2)
    writing = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(
        network.parameters(), learner.learning_rate, betas=(0.9, 0.95), weight_decay=1e-4, fused=True
    )
    warmup = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / learner.warmup, total_iters=learner.warmup)
    rows = []
    for step in range(1, max(at) + 1):
        _step(network, optimizer, examples(language, learner.batch, learner.length, learner.mixture, drawing))
        warmup.step()
        if step in at:
            rows.append(examine(network, language, learner.length, sentences, writing, measuring))
    return np.array(rows)


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, sentences: Integers) -> None:
    optimizer.zero_grad()
    inputs, labels = torch.from_numpy(sentences[:, :-1]), torch.from_numpy(sentences[:, 1:])
    after_end = (labels == END).cumsum(1).roll(1, 1)
    after_end[:, 0] = 0
    logits = network(inputs).transpose(1, 2).flatten(0, 1)
    cross_entropy(logits, labels.masked_fill(after_end > 0, UNCOUNTED).flatten(), ignore_index=UNCOUNTED).backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
