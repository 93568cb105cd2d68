"""Random directions in weight space, scaled like the weights."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import torch
from torch import Tensor
from torch.linalg import vector_norm

from emergence.plugins import unknown


def random_directions(
    weights: Mapping[str, Tensor], seed: int, normalisation: str = "filter", count: int = 2
) -> list[dict[str, Tensor]]:
    """Draw Gaussian directions and scale them to the weights; the seed alone decides what is drawn.

    `weights` are a network's parameters by name (no buffers). `normalisation` is one of

    - "filter": every filter, the slice of a tensor along its first axis, which holds the incoming weights of one
      neuron or one output channel, gets the norm of the same filter of the weights (Li et al. 2018, section 4,
      arXiv:1712.09913). A step of 1 then changes every filter by its own length, whatever scale it has;
    - "layer": every tensor gets the norm of the same tensor of the weights;
    - "none": the Gaussian numbers as drawn.

    Parameters with fewer than two axes (biases, scales and shifts of normalisation layers) get a zero direction: they
    have no filters, and their norm does not tell how far the function moves (a bias may well be zero). Li et al.
    likewise leave the parameters of batch normalisation unperturbed. Weights of exactly zero, as pruned ones are, get
    a zero direction too and so stay pruned; norms are taken over the others.

    Returns `count` directions with the names, shapes, types and devices of `weights`. Raises ValueError for an unknown
    normalisation.

    >>> weights = {"weight": torch.tensor([[3.0, 4.0], [0.0, 2.0]]), "bias": torch.ones(2)}
    >>> first, second = random_directions(weights, seed=0)
    >>> first["weight"].norm(dim=1), first["weight"][1, 0], first["bias"]
    (tensor([5., 2.]), tensor(0.), tensor([0., 0.]))
    """
    return list(islice(drawn_directions(weights, seed, normalisation), count))


def drawn_directions(weights: Mapping[str, Tensor], seed: int, normalisation: str) -> Iterator[dict[str, Tensor]]:
    """Yield the directions of `random_directions` one after another, without end.

    >>> endless = drawn_directions({"weight": torch.ones(1, 4)}, seed=0, normalisation="filter")
    >>> next(endless)["weight"].norm(), next(endless)["weight"].norm()
    (tensor(2.), tensor(2.))
    """
    if normalisation not in SCALES:
        raise ValueError(unknown(normalisation, sorted(SCALES), "normalisation"))
    generator = torch.Generator().manual_seed(seed)
    scale = SCALES[normalisation]
    while True:
        drawn = {name: _draw(weights[name].detach(), generator, scale) for name in sorted(weights)}
        yield {name: drawn[name] for name in weights}


def _draw(weight: Tensor, generator: torch.Generator, scale: Callable[[Tensor], Tensor]) -> Tensor:
    if weight.ndim < 2:
        return torch.zeros_like(weight)
    gaussian = torch.randn(weight.shape, generator=generator, dtype=torch.float64).to(weight.device)
    gaussian = gaussian.where(weight != 0, 0.0)
    ratio: Tensor = scale(weight.double()) / scale(gaussian)
    return (gaussian * ratio.nan_to_num(0.0)).to(weight.dtype)


def _filter_norms(tensor: Tensor) -> Tensor:
    norms: Tensor = vector_norm(tensor, dim=tuple(range(1, tensor.ndim)), keepdim=True)
    return norms


def _one(tensor: Tensor) -> Tensor:
    return torch.ones((), dtype=tensor.dtype, device=tensor.device)


SCALES: Mapping[str, Callable[[Tensor], Tensor]] = {"filter": _filter_norms, "layer": vector_norm, "none": _one}
