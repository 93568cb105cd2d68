"""Weights that start a network with more emergence at an unchanged number of parameters."""

from math import inf

import torch
from torch import nn
from torch.nn.utils import prune

_WEIGHTED = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
)  # fmt: skip


def promote_emergence(model: nn.Module, alpha: float) -> None:
    """Rescale the weights of an initialised `model` in place, so that early layers are less active and late ones more.

    The weights of the first half of the layers are divided by alpha**k, those of the second half multiplied by it, k
    counting layers outward from the middle; the middle one of an odd number stays (Li, George, Silva 2024,
    Emergence-Promoting Initialization, arXiv:2407.19044). Layers are the linear and convolutional modules in the order
    of `modules()`. An `alpha` below one lowers emergence instead. Biases and normalisation keep their values.

    Raises ValueError unless `alpha` is positive and finite, for a weight that a parametrisation or a hook computes, and
    for one that layers share; nothing has changed then.

    >>> net = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    >>> before = [net[0].weight.item(), net[2].weight.item()]
    >>> promote_emergence(net, alpha=2.0)
    >>> net[0].weight.item() / before[0], net[2].weight.item() / before[1]
    (0.5, 2.0)
    """
    if not 0 < alpha < inf:
        raise ValueError(f"alpha {alpha} must be positive and finite")
    layers = [module for module in model.modules() if isinstance(module, _WEIGHTED)]
    weights = [_weight_of(layer) for layer in layers]
    if len(set(map(id, weights))) < len(weights):
        raise ValueError("layers share a weight, which cannot be scaled for each of them")
    with torch.no_grad():
        half = len(weights) // 2
        for position, weight in enumerate(weights):
            passed_middle = position >= half and len(weights) % 2 == 0  # which lies between two layers
            weight.mul_(alpha ** (position - half + passed_middle))


def _weight_of(layer: nn.Module) -> nn.Parameter:
    pruned = any(isinstance(hook, prune.BasePruningMethod) for hook in layer._forward_pre_hooks.values())
    weight = layer._parameters.get("weight_orig" if pruned else "weight")
    if weight is None:
        raise ValueError(
            f"the weight of {layer} is computed by a parametrisation or a hook; promote the network before that"
        )
    return weight
