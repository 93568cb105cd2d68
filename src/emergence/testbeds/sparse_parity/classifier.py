"""Strength of each skill in networks of two classes, even and odd."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from emergence.testbeds.sparse_parity.task import SparseParity


class Questions(NamedTuple):
    """Equally many samples of every skill: inputs (skill, sample, skills + bits) and parities (skill, sample), +-1."""

    inputs: Tensor
    parities: Tensor


@lru_cache(maxsize=1)
def questions(task: SparseParity, samples: int, seed: int) -> Questions:
    """Draw `samples` samples of every skill, or return them if they were the last drawn; not to be changed.

    >>> asked = questions(SparseParity(skills=2, alpha=0.6, bits=4, relevant_bits=2), samples=3, seed=0)
    >>> tuple(asked.inputs.shape), tuple(asked.parities.shape)
    ((2, 3, 6), (2, 3))
    """
    rng = np.random.default_rng(seed)
    drawn = [task.sample_skill(skill, samples, rng) for skill in range(task.skills)]
    inputs = np.stack([task.inputs(of_skill) for of_skill in drawn])
    parities = np.stack([task.parities(of_skill) for of_skill in drawn])
    return Questions(torch.from_numpy(inputs), torch.from_numpy(parities).float())


def hidden_units(network: nn.Module) -> int:
    """Return how many units the fully connected layers of a network have, but for the last.

    >>> hidden_units(nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 2)))
    8
    """
    layers = [module.out_features for module in network.modules() if isinstance(module, nn.Linear)]
    return sum(layers[:-1])


@torch.no_grad()
def examine(network: nn.Module, asked: Questions) -> tuple[Tensor, Tensor]:
    """Return strength and accuracy of every skill, (skill,) each; the network gives logits of the classes even and odd.

    The strength is R_k = E[g_k f] (Nam et al. 2024, arXiv:2404.17563) of f = P(even) - P(odd), the probabilities that
    the network gives: 0 where it knows nothing of the skill, 1 where it knows it with certainty.

    >>> certain = nn.Linear(2, 2, bias=False)
    >>> _ = certain.weight.data.copy_(torch.tensor([[0.0, -50.0], [0.0, 50.0]]))
    >>> asked = Questions(torch.tensor([[[1.0, 1.0], [1.0, -1.0]]]), torch.tensor([[-1.0, 1.0]]))
    >>> examine(certain, asked)
    (tensor([1.]), tensor([1.]))
    """
    even, odd = network(asked.inputs.flatten(0, 1)).unflatten(0, asked.parities.shape).unbind(-1)
    knows = torch.tanh((even - odd) / 2)
    return (asked.parities * knows).mean(1), (asked.parities * knows > 0).float().mean(1)
