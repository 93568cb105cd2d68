"""How much better a coarser description of small layers tells causes from effects."""

import logging
from itertools import combinations, pairwise

import numpy as np
from scipy.special import entr
from torch import Tensor, nn

from emergence.core.arrays import Floats, Integers
from emergence.core.modules import outputs
from emergence.measures._activity import activations

log = logging.getLogger(__name__)

UNITS, STATES = 4, 16
"""Most units of a layer, and most classes, that are described."""


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Causal primitives CP at the best scale less those at the finest: what a coarser description gains.

    Hoel (2025, arXiv:2503.13395): CP = sufficiency + necessity - 1 = determinism + specificity - 1, that is
    (H(E) - H(E | C)) / log2 of the number of effects, while causes C are set uniformly. Each site is a cause of the
    next; the state of a site is which of its units are above their means over the probe samples, that of the output the
    predicted class. Probabilities are frequencies among the samples, and only states that occur count. Means over all
    such pairs of sites.

    The best scale is the one of largest CP on a path from the finest to two causes and two effects, on which each step
    joins the two causes, or the two effects, that leave the largest CP; those that are joined are set uniformly. The
    paper joins states of one system, so causes with effects.

    NaN where no site of at most 4 units that take at least 2 states leads to another such site or to the prediction of
    one of at most 16 classes.

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    >>> _ = [nn.init.eye_(network[place].weight) for place in (0, 2)], [network[p].bias.data.zero_() for p in (0, 2)]
    >>> measure(network, torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.zeros(2))
    0.0
    """
    finest, best = scales(network, inputs)
    return best - finest


def scales(network: nn.Module, inputs: Tensor) -> tuple[float, float]:
    """Return CP at the finest and at the best scale, in the mean over pairs of sites."""
    sites = [_states(site) for site in activations(network, inputs).values()]
    pairs = pairwise([*sites, _predicted(outputs(network, inputs))])
    tables = [_transitions(causes, effects) for causes, effects in pairs if causes is not None and effects is not None]
    found = [(primitives(table), best_primitives(table)) for table in tables if min(table.shape) > 1]
    if not found:
        log.warning("no causal emergence 2.0: no two sites in a row have at most %d units and 2 states", UNITS)
        return np.nan, np.nan
    finest, best = np.mean(found, axis=0)
    return float(finest), float(best)


def primitives(transitions: Floats) -> float:
    """CP of probabilities (cause, effect); rows count alike, whatever their sums.

    >>> primitives(np.array([[1.0, 0.0], [0.0, 1.0]])), primitives(np.array([[0.5, 0.5], [0.5, 0.5]]))
    (1.0, 0.0)
    """
    rows = transitions / transitions.sum(1, keepdims=True)
    return float((entr(rows.mean(0)).sum() - entr(rows).sum(1).mean()) / np.log(rows.shape[1]))


def best_primitives(transitions: Floats) -> float:
    """Largest CP on the way to two causes and two effects.

    >>> best_primitives(np.kron(np.eye(2), np.full((2, 2), 0.5)))  # two pairs of states; 1/2 at the finest scale
    1.0
    """
    best = primitives(transitions)
    while max(transitions.shape) > 2:
        transitions = max(_coarser(transitions), key=primitives)
        best = max(best, primitives(transitions))
    return best


def _coarser(transitions: Floats) -> list[Floats]:
    """The tables in which two causes, or two effects, are one."""
    causes, effects = transitions.shape
    by_causes = [_join(transitions, pair) for pair in _pairs(causes)]
    return by_causes + [_join(transitions.T, pair).T for pair in _pairs(effects)]


def _pairs(size: int) -> list[tuple[int, int]]:
    return list(combinations(range(size), 2)) if size > 2 else []


def _join(table: Floats, pair: tuple[int, int]) -> Floats:
    """Add two rows, and put the sum first."""
    return np.vstack([table[list(pair)].sum(0), np.delete(table, pair, 0)])


def _states(site: Tensor) -> Integers | None:
    """The state of each sample, as a number; None for a site with too many units."""
    if site.shape[1] > UNITS:
        return None
    return np.unique((site > site.mean(0)).cpu().numpy(), axis=0, return_inverse=True)[1].ravel()


def _predicted(logits: Tensor) -> Integers | None:
    """The predicted class of each sample; None for sequences, and for too many classes."""
    if logits.ndim != 2 or logits.shape[1] > STATES:
        return None
    return np.unique(logits.argmax(1).cpu().numpy(), return_inverse=True)[1]


def _transitions(causes: Integers, effects: Integers) -> Floats:
    """Frequencies (cause, effect) of effects given causes."""
    table = np.zeros((causes.max() + 1, effects.max() + 1))
    np.add.at(table, (causes, effects), 1)
    shares: Floats = table / table.sum(1, keepdims=True)
    return shares
