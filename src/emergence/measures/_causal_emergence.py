"""What the main direction of each layer tells of the next beyond what its units tell one by one."""

import logging
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.measures._activity import activations
from emergence.measures._gaussian import parts, shared

log = logging.getLogger(__name__)


class CausalEmergence(NamedTuple):
    """Psi, Delta and Gamma, in bits."""

    psi: float
    delta: float
    gamma: float


def of_layers(network: nn.Module, inputs: Tensor) -> CausalEmergence:
    """Return the criteria of causal emergence with layers as time, on inputs (sample, ...).

    Rosas et al. (2020, arXiv:2004.08220), from each site X to the next X', the last being the network's output:

        Psi = I(V; V') - sum over j of I(X_j; V'),  Delta = max over j of I(V; X'_j) - sum over i of I(X_i; X'_j),
        Gamma = max over j of I(V; X'_j)

    and their means over all such pairs. Psi or Delta above 0 suffices for emergence, Psi above 0 with Gamma 0 for
    causal decoupling. The X_j are a site's units, or the means of 10 clusters of correlated ones where there are more
    than 10; of more than 256, as many are read, drawn with a fixed seed. V is the first principal component of the X_j,
    each divided by its spread. All information is that of Gaussians, without bias. NaN where no two sites in a row have
    units that vary, and for fewer than 4 samples.
    """
    sites = [parts(site) for site in activations(network, inputs, include_output=True).values()]
    pairs = [criteria(*pair) for pair in pairwise(sites) if pair[0].size and pair[1].size and len(inputs) > 3]
    if not pairs:
        log.warning("no causal emergence: no two sites in a row have units that vary")
        return CausalEmergence(np.nan, np.nan, np.nan)
    return CausalEmergence(*(float(mean) for mean in np.mean(pairs, axis=0)))


def criteria(before: Floats, after: Floats) -> CausalEmergence:
    """Psi, Delta and Gamma (bit) from variables (sample, variable) to later ones, V being their main directions."""
    macro, next_macro = main_direction(before), main_direction(after)
    to_parts, single = shared(macro, after)[0], shared(before, after).sum(0)
    psi = shared(macro, next_macro).item() - shared(before, next_macro).sum()
    return CausalEmergence(psi, float((to_parts - single).max()), float(to_parts.max()))


def main_direction(variables: Floats) -> Floats:
    """Scores (sample, 1) on the first principal component of standardised variables."""
    spread = variables.std(0)
    standard = (variables - variables.mean(0)) / np.where(spread > 0, spread, 1)
    direction = np.linalg.svd(standard, full_matrices=False)[2][:1]
    scores: Floats = standard @ direction.T
    return scores
