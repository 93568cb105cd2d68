"""Information emergence while demonstrations are read: texts that repeat one thing, so that a model can catch on."""

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from emergence.information.estimate import DEFAULT, Fit
from emergence.information.language_models import States, information_emergence


def demonstrations(names: int, shots: int, samples: int, rng: np.random.Generator) -> Tensor:
    """Draw texts (sample, 2 shots) of different names in random order, each followed by a comma, token 0.

    One name with its comma is a shot (Chen et al. 2024, arXiv:2405.12617: 4 of 25 countries, 5 of 16 animals). Raises
    ValueError for fewer names than shots.

    >>> demonstrations(names=3, shots=2, samples=2, rng=np.random.default_rng(0))
    tensor([[3, 0, 1, 0],
            [3, 0, 2, 0]])
    """
    if names < shots:
        raise ValueError(f"names: {names} is not allowed; at least as many as the {shots} shots")
    orders = rng.permuted(np.tile(np.arange(1, names + 1), (samples, 1)), axis=1)[:, :shots]
    texts = np.zeros((samples, 2 * shots), dtype=np.int64)
    texts[:, ::2] = orders
    return torch.from_numpy(texts)


def emergence_over_positions(states: States, texts: Tensor, fit: Fit = DEFAULT, seed: int = 0) -> xr.Dataset:
    """Return `information_emergence` along a dimension `position`: when so many tokens of the texts are read.

    >>> from emergence.information.language_models import states_of
    >>> from emergence.networks.transformer import build
    >>> network = build((4,), 6, blocks=1, heads=1, width=8)
    >>> texts = demonstrations(names=5, shots=2, samples=100, rng=np.random.default_rng(0))
    >>> emergence_over_positions(states_of(network, [network.block1]), texts, Fit(steps=2)).emergence.sizes
    Frozen({'position': 4, 'block': 1})
    """
    positions = range(texts.shape[1])
    found = [information_emergence(states, texts, position, fit, seed) for position in positions]
    attributes = {"units": "1", "long_name": "place of the last token read"}
    label = xr.DataArray(list(positions), dims="position", name="position", attrs=attributes)
    return xr.concat(found, label, combine_attrs="override")
