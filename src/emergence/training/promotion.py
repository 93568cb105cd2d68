"""Initial weights that raise or lower emergence before training."""

from collections.abc import Sequence

import torch
from torch import Tensor

from emergence.graph.initialisation import promote_emergence
from emergence.networks import Architecture
from emergence.training.member import initial_network


def promoted_weights(architecture: Architecture, seeds: Sequence[int], alpha: float) -> dict[str, Tensor]:
    """Return the initial weights (seed, ...) of each seed's network, rescaled by `promote_emergence`.

    >>> architecture = Architecture("mlp", (4,), 2, {"widths": [3]})
    >>> promoted, plain = (promoted_weights(architecture, [7], alpha) for alpha in (2.0, 1.0))
    >>> {name: round((promoted[name] / plain[name]).mean().item(), 6) for name in plain if "weight" in name}
    {'linear1.weight': 0.5, 'output.weight': 2.0}
    """
    networks = [initial_network(architecture, seed) for seed in seeds]
    for network in networks:
        promote_emergence(network, alpha)
    states = [network.state_dict() for network in networks]
    return {name: torch.stack([state[name] for state in states]) for name in states[0]}
