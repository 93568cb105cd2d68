"""Random directions in weight space, scaled like the weights."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice

import torch
from torch import Tensor, nn
from torch.linalg import vector_norm

from emergence.core.modules import input_first, prunable, swapped, tables, undecided
from emergence.core.plugins import unknown

Rescale = Callable[[Tensor, Tensor], Tensor]
"""Scales Gaussian numbers, the first tensor, to weights, the second; numbers where weights are 0 are 0."""

ROUNDS = 100


def random_directions(
    weights: nn.Module | Mapping[str, Tensor], seed: int, normalisation: str = "filter", count: int = 2
) -> list[dict[str, Tensor]]:
    """Draw `count` Gaussian directions and scale them to the weights; the seed alone decides what is drawn.

    `weights` are a network, or parameters by name (no buffers). `normalisation` is one of

    - "filter": every filter (the incoming weights of one neuron or output channel) gets the norm of the same filter of
      the weights (Li et al. 2018, section 4, arXiv:1712.09913);
    - "layer": every tensor gets the norm of the same tensor of the weights;
    - "none": the Gaussian numbers as drawn.

    A network tells which axis of a weight holds the outputs: the first, but the second in transposed convolutions. Of
    matrices given by name the first axis is taken; kernels given by name are scaled along their first two axes in turn
    until filters along either have the norms of the weights'.

    Directions of a network move its matrices, kernels and tables of vectors, such as embeddings. They are zero for
    biases, scales, tokens and the parameters of normalisation layers, as in Li et al. Of tensors given by name, those
    of fewer than two axes do not move. Weights of exactly zero, as pruned ones are, do not move either.

    Returns directions with the names, shapes, types and devices of `weights`. Raises ValueError for an unknown
    normalisation.

    >>> weights = {"weight": torch.tensor([[3.0, 4.0], [0.0, 2.0]]), "bias": torch.ones(2)}
    >>> first, second = random_directions(weights, seed=0)
    >>> first["weight"].norm(dim=1), first["weight"][1, 0], first["bias"]
    (tensor([5., 2.]), tensor(0.), tensor([0., 0.]))
    """
    return list(islice(drawn_directions(weights, seed, normalisation), count))


def drawn_directions(
    weights: nn.Module | Mapping[str, Tensor], seed: int, normalisation: str
) -> Iterator[dict[str, Tensor]]:
    """Yield the directions of `random_directions` one after another, without end."""
    if normalisation not in NORMALISATIONS:
        raise ValueError(unknown(normalisation, list(NORMALISATIONS), "normalisation"))
    generator = torch.Generator().manual_seed(seed)
    tensors = dict(weights.named_parameters()) if isinstance(weights, nn.Module) else weights
    rescale = _rescaling(weights, normalisation)
    while True:
        drawn = {name: _draw(tensors[name].detach(), generator, rescale.get(name)) for name in sorted(tensors)}
        yield {name: drawn[name] for name in tensors}


def directed(network: nn.Module) -> set[str]:
    """Return the names of the parameters that random directions of a network move.

    >>> network = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 3), nn.LayerNorm((2, 3)))
    >>> sorted(directed(network))
    ['0.weight', '1.weight']
    """
    own = {name for name, tensor in undecided(network).items() if sum(size > 1 for size in tensor.shape) > 1}
    return own | prunable(network).keys() | tables(network)


def _rescaling(weights: nn.Module | Mapping[str, Tensor], normalisation: str) -> dict[str, Rescale]:
    """Return how each parameter that moves is scaled."""
    if not isinstance(weights, nn.Module):
        moving = {name: tensor for name, tensor in weights.items() if tensor.ndim >= 2}
        if normalisation != "filter":
            return dict.fromkeys(moving, NORMALISATIONS[normalisation])
        return {name: _by_filter if tensor.ndim == 2 else _by_filter_either_way for name, tensor in moving.items()}
    rescale = dict.fromkeys(directed(weights), NORMALISATIONS[normalisation])
    if normalisation == "filter":
        rescale |= {name: partial(_by_swapped_filter, groups=groups) for name, groups in input_first(weights).items()}
    return rescale


def _draw(weight: Tensor, generator: torch.Generator, rescale: Rescale | None) -> Tensor:
    if rescale is None:
        return torch.zeros_like(weight)
    gaussian = torch.randn(weight.shape, generator=generator, dtype=torch.float64).to(weight.device)
    return rescale(gaussian.where(weight != 0, 0.0), weight.double()).to(weight.dtype)


def _by_filter(gaussian: Tensor, weight: Tensor) -> Tensor:
    wanted, drawn = (vector_norm(t, dim=tuple(range(1, t.ndim)), keepdim=True) for t in (weight, gaussian))
    return gaussian * _ratio(wanted, drawn)


def _by_swapped_filter(gaussian: Tensor, weight: Tensor, groups: int) -> Tensor:
    return swapped(_by_filter(swapped(gaussian, groups), swapped(weight, groups)), groups)


def _by_filter_either_way(gaussian: Tensor, weight: Tensor) -> Tensor:
    """Scale along both axes in turn: Sinkhorn and Knopp 1967, Pacific Journal of Mathematics 21:343."""
    wanted, drawn = (tensor.square().flatten(2).sum(2) for tensor in (weight, gaussian))
    rows = torch.ones_like(wanted[:, 0])
    for _ in range(ROUNDS):
        columns = _ratio(wanted.sum(0), rows @ drawn)
        rows = _ratio(wanted.sum(1), drawn @ columns)
    scale = (rows[:, None] * columns).sqrt()
    return gaussian * scale.reshape(*scale.shape, *[1] * (weight.ndim - 2))


def _by_layer(gaussian: Tensor, weight: Tensor) -> Tensor:
    return gaussian * _ratio(vector_norm(weight), vector_norm(gaussian))


def _as_drawn(gaussian: Tensor, weight: Tensor) -> Tensor:
    return gaussian


def _ratio(wanted: Tensor, drawn: Tensor) -> Tensor:
    """Return by how much to multiply; 0 where there is nothing."""
    return (wanted / drawn).nan_to_num(0.0)


NORMALISATIONS: Mapping[str, Rescale] = {"filter": _by_filter, "layer": _by_layer, "none": _as_drawn}
