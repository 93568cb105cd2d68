"""Weights that start a network with more emergence at an unchanged number of parameters."""

import torch
from torch import nn
from torch.nn.utils import parametrize

_WEIGHTED = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
)  # fmt: skip


def promote_emergence(model: nn.Module, alpha: float) -> None:
    """Rescale an initialised network's weights in place, so that early layers are less active and late ones more.

    The weights of the first half of the layers are divided by alpha**k, those of the second half multiplied by it, k
    counting layers outward from the middle; the middle one of an odd number stays (Li, George, Silva 2024,
    Emergence-Promoting Initialization, arXiv:2407.19044). Layers are the linear and convolutional modules in the order
    of `modules()`. An `alpha` below one lowers emergence instead. Biases and normalisation keep their values.

    Raises ValueError unless `alpha` is positive, and for a weight that a parametrisation computes.

    >>> net = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    >>> before = [net[0].weight.item(), net[2].weight.item()]
    >>> promote_emergence(net, alpha=2.0)
    >>> net[0].weight.item() / before[0], net[2].weight.item() / before[1]
    (0.5, 2.0)
    """
    if not alpha > 0:
        raise ValueError(f"alpha {alpha} must be positive")
    layers = [module for module in model.modules() if isinstance(module, _WEIGHTED)]
    for layer in layers:
        if parametrize.is_parametrized(layer, "weight"):
            raise ValueError(f"the weight of {layer} is computed by a parametrisation; promote the network before that")
    with torch.no_grad():
        for position, layer in enumerate(layers):
            weight = getattr(layer, "weight_orig", layer.weight)  # a pruned layer computes `weight` from the original
            weight.mul_(alpha ** _steps_from_middle(position, len(layers)))


def _steps_from_middle(position: int, count: int) -> int:
    """Signed number of layers from the middle, which lies between two layers where their number is even.

    >>> [_steps_from_middle(i, 4) for i in range(4)], [_steps_from_middle(i, 3) for i in range(3)]
    ([-2, -1, 1, 2], [-1, 0, 1])
    """
    half = count // 2
    if position < half:
        return position - half
    return position - half + (count % 2 == 0)
