"""Masks of all networks of a checkpoint, by a method given by name."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from emergence.plugins import load
from emergence.pruning._mask import Mask
from emergence.training.checkpoints import Checkpoint


def prunable(network: nn.Module) -> dict[str, Tensor]:
    """Return the weights that may be removed: matrices and kernels, but no biases and no scales of norms.

    >>> list(prunable(nn.Sequential(nn.Linear(4, 3), nn.LayerNorm((2, 3)), nn.Linear(3, 2))))
    ['0.weight', '2.weight']
    """
    norms = {id(p) for m in network.modules() if "Norm" in type(m).__name__ for p in m.parameters(recurse=False)}
    return {name: p.detach() for name, p in network.named_parameters() if p.ndim >= 2 and id(p) not in norms}


def prune(checkpoint: Checkpoint, method: str, sparsity: float) -> Mask:
    """Make the masks of all networks of a checkpoint.

    `method` is a file of this package or module:function; its random numbers are a function of the network's seed.
    Raises ValueError for an unknown method, a sparsity outside [0, 1), and a mask that does not fit the network or
    does not remove the wanted share, to within one weight per layer.
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity {sparsity}; allowed: 0 up to, but not including, 1")
    make_mask = load("pruning", method, "make_mask")
    masks = [_mask_of(checkpoint.network(seed), make_mask, method, sparsity, seed) for seed in checkpoint.seeds]
    return Mask(checkpoint.seeds, {name: torch.stack([mask[name] for mask in masks]) for name in masks[0]})


def _mask_of(
    network: nn.Module, make_mask: Callable[..., Mapping[str, Tensor]], method: str, sparsity: float, seed: int
) -> Mapping[str, Tensor]:
    weights = prunable(network)
    if not weights:
        raise ValueError("the network has no weights that can be pruned")
    mask = make_mask(weights, sparsity, torch.Generator().manual_seed(seed))
    if {n: t.shape for n, t in mask.items()} != {n: t.shape for n, t in weights.items()}:
        raise ValueError(f"pruning method '{method}': names or shapes of its mask are not those of the weights")
    size = sum(weight.numel() for weight in weights.values())
    removed = size - sum(int(kept.sum()) for kept in mask.values())
    if abs(removed - sparsity * size) > len(weights):
        raise ValueError(f"pruning method '{method}' removed {removed} of {size} weights for sparsity {sparsity}")
    return mask
