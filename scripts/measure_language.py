"""Measure what a run's networks know of the grammar and types of a language, and what measures of them cost."""

import numpy as np
import torch
import xarray as xr
from emergence.measure_costs import measure_passes
from emergence.testbeds.language.training import examine, examined
from scipy.stats import entropy
from torch import nn

from emergence.jobs import Checkpoints, JobFile, job
from emergence.parameters.data import FormalLanguage
from emergence.testbeds.language.described import language_of


@job
def measure_language(given: JobFile, run: Checkpoints) -> xr.Dataset:
    described = FormalLanguage.model_validate(given.setting("data", "languages", given.of_run.dataset))
    language = language_of(described)
    samples, seed = given.setting("scoreboard", "samples"), given.setting("scoreboard", "seed")

    def measure(network: nn.Module, own_seed: int) -> xr.Dataset:
        writing, measuring = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
        assert isinstance(network, nn.Sequential)
        known = examine(network, language, described.length, samples, writing, measuring)
        texts = examined(language)
        return xr.Dataset(
            {
                f"language_{name}": ((), value, {"units": "1", "long_name": text})
                for value, (name, text) in zip(known, texts.items(), strict=True)
            }
        )

    frequencies, random = entropy(run.data.labels.flatten().bincount()), float(described.random_words)
    last = run.network(run.seeds[0], run.steps[-1])
    return run.each(measure).assign(
        word_entropy=((), frequencies, {"units": "nat", "long_name": "entropy of how frequent words are"}),
        random_answers=((), random, {"units": "1", "long_name": "1 where answers or words are random"}),
        measure_passes=measure_passes(last, run.data, given.setting("measures", "names")),
    )
