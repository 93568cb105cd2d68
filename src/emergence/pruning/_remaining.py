"""Remaining weights and units of networks, read from the weights, however the others became zero."""

import numpy as np
import xarray as xr
from torch import Tensor, nn

from emergence.core.modules import plain_copy, prunable
from emergence.pruning._cost import multiply_adds
from emergence.pruning._effective import effective
from emergence.training.checkpoints import Checkpoint


def remaining(checkpoint: Checkpoint, example: Tensor) -> xr.Dataset:
    """Return the effective sparsity and the cost of each network of a checkpoint; `example` is one input.

    Variables over `seed`: ``effective_sparsity`` (see `effective_sparsity`), and per sample ``multiply_adds`` of the
    dense network and ``effective_multiply_adds`` with weights that are not zero (see `multiply_adds`).

    >>> import torch
    >>> from emergence.core.steps import Step
    >>> from emergence.networks import Architecture
    >>> layer = {"output.weight": torch.tensor([[[1.0, 0.0], [2.0, 3.0]]]), "output.bias": torch.zeros(1, 2)}
    >>> described = Architecture("mlp", (2,), 2, {"widths": [], "activation": "relu"})
    >>> checkpoint = Checkpoint(Step(0), (7,), described, layer)
    >>> remaining(checkpoint, torch.zeros(1, 2))["effective_sparsity"].item()
    0.25
    """
    networks = [checkpoint.network(seed) for seed in checkpoint.seeds]
    costs = np.array([multiply_adds(network, example) for network in networks])
    sparsities = [effective_sparsity(network, example) for network in networks]
    described = {
        "effective_sparsity": (sparsities, "share of prunable weights on no path from input to output"),
        "multiply_adds": (costs[:, 0], "multiply-adds per sample of the dense network"),
        "effective_multiply_adds": (costs[:, 1], "multiply-adds per sample with weights that are not zero"),
    }
    return xr.Dataset(
        {
            name: ("seed", np.asarray(values, dtype=float), {"units": "1", "long_name": title})
            for name, (values, title) in described.items()
        },
        {"seed": list(checkpoint.seeds)},
    )


def effective_sparsity(network: nn.Module, example: Tensor) -> float:
    """Return the share of the prunable weights that are zero or on no path of others from an input to an output.

    `example` is one input, (1, ...).

    >>> import torch
    >>> network = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False))
    >>> _ = network[0].weight.data.copy_(torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
    >>> round(effective_sparsity(network, torch.zeros(1, 2)), 3)  # the second unit has no input, so no effect
    0.5
    """
    network = plain_copy(network)
    weights = prunable(network, example)
    kept = effective(network, {name: weight != 0 for name, weight in weights.items()}, example)
    size = sum(weight.numel() for weight in weights.values())
    return 1 - sum(int(on.sum()) for on in kept.values()) / size if size else float("nan")
