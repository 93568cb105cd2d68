"""Texts of demonstrations, which repeat one thing, so that a language model can catch on."""

import numpy as np
import torch
from torch import Tensor


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
