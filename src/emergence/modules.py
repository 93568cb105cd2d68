"""Networks as torch modules: private copies, and their weights."""

import copy
from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn.utils import prune

NON_LINEARITIES = (nn.ReLU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid)
"""Modules whose outputs are the activations of units."""


def plain_copy(network: nn.Module) -> nn.Module:
    """Copy a network, so that changes do not reach it; what masks of `torch.nn.utils.prune` cover becomes zero.

    >>> layer = prune.l1_unstructured(nn.Linear(2, 1), "weight", amount=1)
    >>> copied = plain_copy(layer)
    >>> [name for name, _ in copied.named_buffers()], int((copied.weight == 0).sum())
    ([], 1)
    """
    # A pruned module keeps its masked weight as a computed tensor, which deepcopy refuses.
    attributes = (value for module in network.modules() for value in vars(module).values())
    computed = {id(value): value.detach().clone() for value in attributes if isinstance(value, Tensor)}
    copied = copy.deepcopy(network, computed)
    for module in copied.modules():
        for hook in list(module._forward_pre_hooks.values()):
            if isinstance(hook, prune.BasePruningMethod):
                prune.remove(module, hook._tensor_name)
    return copied


def prunable(network: nn.Module) -> dict[str, Tensor]:
    """Return the weights that may be removed, by name: matrices and kernels, no biases, scales of norms or embeddings.

    Embeddings (of tokens or positions, in modules called so) are tables: their rows are looked up and multiply nothing.
    The weights are the network's own, without gradients, so that they can be changed; shared ones are listed once.

    >>> list(prunable(nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 3), nn.LayerNorm((2, 3)), nn.Linear(3, 2))))
    ['1.weight', '3.weight']
    """
    others = {id(p) for m in network.modules() if _has_no_matrix(m) for p in m.parameters(recurse=False)}
    return {name: p.detach() for name, p in network.named_parameters() if p.ndim >= 2 and id(p) not in others}


def _has_no_matrix(module: nn.Module) -> bool:
    return any(kind in type(module).__name__ for kind in ("Norm", "Embedding"))


def layer_weights(network: nn.Module) -> Iterator[Tensor]:
    """Yield the matrix or kernel of each layer, as `prunable` returns them.

    >>> [tuple(weight.shape) for weight in layer_weights(nn.Sequential(nn.Conv2d(3, 8, 3), nn.LayerNorm((6, 6))))]
    [(8, 3, 3, 3)]
    """
    yield from prunable(network).values()
