"""Multifractal spectrum of the weights."""

import logging
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.measures._weights import matrices

log = logging.getLogger(__name__)

POWERS = np.arange(-30, 31) / 10
FARTHEST, LEAST_EDGES, UNITS = 150, 3, 64
"""The longest edge, the least number of edges of a unit, and most units of a layer that are read."""


class Spectrum(NamedTuple):
    """Width of a multifractal spectrum, and alpha_0, the place of its top."""

    width: float
    alpha: float


def of_weights(network: nn.Module, inputs: Tensor) -> Spectrum:
    """Return the multifractal spectrum of a network's weights; `inputs` tell which weights are used.

    Xiao et al. (ICLR 2025, arXiv:2402.09099). An edge has the length 1 / |w|; N_i(r) is 1 plus the number of edges from
    unit i to the next layer of length up to r. With Z_q(r) = sum over i of (N_i(r) / N_i(d))^q, where d is the largest
    r, tau(q) is the slope of ln Z_q on ln(r / d) for q from -3 to 3. The spectrum is f = q alpha - tau over alpha =
    d tau / dq; its width is the range of alpha, and alpha_0 is where f is largest. The paper's degree of emergence is
    width_t / width_0 ln(alpha_0 at 0 / alpha_0 at t), which follows from both along a training.

    As in the authors' code, lengths are rounded, and those up to 1 or above 150 do not count. Units count that have at
    least 3 edges (there 11, for large models). At most 64 units of a layer are read, drawn with a fixed seed. A kernel
    counts as the matrix (output channels, input channels x kernel). NaN where edges have fewer than 2 lengths.
    """
    lengths = [row for matrix in matrices(network, inputs) for row in _lengths(matrix)]
    if len(set(np.concatenate([[0.0], *lengths]))) > 2:
        return spectrum(lengths)
    log.warning("no multifractal spectrum: too few weights between 1/%d and 1", FARTHEST)
    return Spectrum(np.nan, np.nan)


def spectrum(lengths: list[Floats]) -> Spectrum:
    """Width and alpha_0 of units with edges of these lengths."""
    radii = np.unique(np.concatenate(lengths))
    within = np.stack([1 + np.searchsorted(np.sort(row), radii, side="right") for row in lengths])
    shares = np.log(within / within[:, -1:])
    slopes = np.array([np.polyfit(np.log(radii / radii[-1]), _log_sum(q * shares), 1)[0] for q in POWERS])
    alpha = np.diff(slopes) / np.diff(POWERS)
    heights = POWERS[:-1] * alpha - slopes[:-1]
    return Spectrum(float(np.ptp(alpha)), float(alpha[heights.argmax()]))


def _log_sum(exponents: Floats) -> Floats:
    total: Floats = np.log(np.exp(exponents).sum(0))
    return total


def _lengths(matrix: Tensor) -> list[Floats]:
    """Rounded lengths of the edges from each input that is read."""
    chosen = torch.randperm(matrix.shape[1], generator=torch.Generator().manual_seed(0))[:UNITS]
    lengths = 1 / matrix[:, chosen.to(matrix.device)].T.abs().double().cpu().numpy().clip(1e-300)
    near = [np.round(row[(row > 1) & (row <= FARTHEST)]) for row in lengths]
    return [row for row in near if len(row) >= LEAST_EDGES]
