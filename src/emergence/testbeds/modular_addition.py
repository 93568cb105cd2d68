"""Progress in learning modular addition, which networks first memorise and understand much later: grokking.

Nanda et al. 2023, arXiv:2301.05217: networks that have understood it give logits that are sums of a few waves of a + b.
These waves are learnt gradually, long before the loss on pairs that were not trained on falls.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

KEY_FREQUENCIES = 5
"""Frequencies that count, those with most power: as many as the network of the paper had."""


class Waves(NamedTuple):
    """Logits of all pairs (a, b), and what of them is waves of a + b with the key frequencies: (a, b, class) each.

    `constant` (class,) is the mean of the logits.
    """

    logits: Tensor
    key: Tensor
    constant: Tensor

    @property
    def restricted(self) -> Tensor:
        """The logits without all but the key waves and the constant."""
        return self.key + self.constant

    @property
    def excluded(self) -> Tensor:
        """The logits without the key waves."""
        return self.logits - self.key

    @property
    def share(self) -> Tensor:
        """Share of the key waves in the variance of the logits of each class over pairs."""
        return self.key.square().sum() / (self.logits - self.constant).square().sum()


def waves_of(logits: Tensor, frequencies: int = KEY_FREQUENCIES) -> Waves:
    """Split logits (a, b, class) of all pairs; the key frequencies are those of most power over all classes.

    A function of a and b is projected on waves of a + b by its mean over pairs of the same sum, whose Fourier transform
    has their amplitudes.

    >>> a, b, c = torch.meshgrid(*[torch.arange(7.0)] * 3, indexing="ij")
    >>> sums, of_a = torch.cos(2 * torch.pi * 2 * (a + b - c) / 7), torch.cos(2 * torch.pi * a / 7)
    >>> waves = waves_of(sums + of_a + 3, frequencies=1)
    >>> torch.testing.assert_close(waves.restricted, sums + 3)
    >>> torch.testing.assert_close(waves.excluded, of_a + 3)
    >>> round(float(waves.share), 6)
    0.5
    """
    modulus = len(logits)
    numbers = torch.arange(modulus, device=logits.device)
    of_sum = logits[numbers, (numbers[:, None] - numbers) % modulus].mean(1)  # (sum, class)
    amplitudes = torch.fft.rfft(of_sum, dim=0)
    power = amplitudes.abs().square().sum(1)
    power[0] = -1  # no wave
    unwanted = torch.ones_like(power, dtype=torch.bool)
    unwanted[power.topk(min(frequencies, modulus // 2)).indices] = False
    key = torch.fft.irfft(amplitudes.masked_fill(unwanted[:, None], 0), n=modulus, dim=0)
    return Waves(logits, key[(numbers[:, None] + numbers) % modulus], of_sum.mean(0))


def restricted_loss(waves: Waves) -> Tensor:
    """Cross-entropy on all pairs of the key waves alone (Nanda et al. 2023, section 5.1), against their true sum."""
    numbers = torch.arange(len(waves.logits), device=waves.logits.device)
    sums = (numbers[:, None] + numbers) % len(numbers)
    return cross_entropy(waves.restricted.flatten(0, 1), sums.flatten())


def excluded_loss(waves: Waves, trained: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of all but the key waves, on the pairs (pair,) that were trained on, with their labels (pair,)."""
    return cross_entropy(waves.excluded.flatten(0, 1)[trained], labels[trained])
