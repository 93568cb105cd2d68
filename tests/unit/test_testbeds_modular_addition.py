"""Waves of a sum in the logits of all pairs of numbers, and the losses with and without them."""

from math import log

import pytest
import torch
from torch import Tensor

from emergence.testbeds.modular_addition import excluded_loss, restricted_loss, waves_of

PRIME = 13
PAIRS = torch.arange(PRIME)[:, None] + torch.arange(PRIME)
SUMS = PAIRS % PRIME
TRAINED = torch.rand(PRIME**2, generator=torch.Generator().manual_seed(0)) < 0.5


def understood(frequencies: list[int]) -> Tensor:
    """Logits (a, b, class) that are waves of a + b - class (Nanda et al. 2023, section 4)."""
    angles = 2 * torch.pi * (PAIRS[..., None] - torch.arange(PRIME)).double() / PRIME
    return 30 * torch.stack([torch.cos(frequency * angles) for frequency in frequencies]).sum(0)


def memorised(labels: Tensor) -> Tensor:
    """Logits that are right on the pairs trained on and say nothing of the others."""
    right = torch.nn.functional.one_hot(labels, PRIME) * TRAINED[:, None]
    return 30 * right.unflatten(0, (PRIME, PRIME)).double()


def test_logits_that_are_waves_of_the_sum_lose_all_without_them_and_nothing_with_them_alone() -> None:
    waves = waves_of(understood([2, 3, 5]), frequencies=3)
    torch.testing.assert_close(waves.restricted, waves.logits)
    assert float(waves.share) == pytest.approx(1)
    assert restricted_loss(waves) < 0.01
    assert float(excluded_loss(waves, TRAINED, SUMS.flatten())) == pytest.approx(log(PRIME))


def test_the_key_frequencies_are_those_of_most_power() -> None:
    strong, weak = understood([2, 5]), understood([1]) / 10
    waves = waves_of(strong + weak, frequencies=2)
    torch.testing.assert_close(waves.key, strong)
    torch.testing.assert_close(waves.excluded, weak)


def test_a_memory_of_random_answers_has_no_waves_and_does_without_them() -> None:
    random = SUMS.flatten()[torch.randperm(PRIME**2, generator=torch.Generator().manual_seed(1))]
    waves = waves_of(memorised(random), frequencies=2)
    assert float(waves.share) < 0.1
    assert restricted_loss(waves) > 0.9 * log(PRIME)
    assert excluded_loss(waves, TRAINED, random) < 0.01
