"""Rules of layers with weights, of products of activations, and of attention."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.zoo.oracle.units import Units, each, present, rule, spread

A = torch.ops.aten


def _bilinear(multiply: Callable[[Tensor, Tensor], Tensor], first: Any, second: Any) -> Tensor:
    """Paths at the sums of products: of units and weights, or from both factors where both are units."""
    left = first.left if isinstance(first, Units) else None
    result: Any = 0
    if isinstance(first, Units):
        other = torch.ones_like(second.value, dtype=torch.float64) if isinstance(second, Units) else present(second)
        own = first.paths if left is None else first.paths * left
        result = result + each(lambda paths: multiply(paths, other), own)
    if isinstance(second, Units):
        if not isinstance(first, Units):
            other = present(first)
        else:
            other = torch.ones_like(first.value, dtype=torch.float64) if left is None else left.double()
        result = result + each(lambda paths: multiply(other, paths), second.paths)
    return result  # type: ignore[no-any-return]


@rule("mm", "bmm", "matmul", "mv", "dot", "vdot")
def matrix_product(value: Tensor, first: Any, second: Any) -> Tensor:
    """From the elements of its row and of its column."""
    return _bilinear(torch.matmul, first, second)


@rule("addmm", "addmv", "baddbmm", "addbmm")
def biased_product(value: Tensor, bias: Any, first: Any, second: Any, **settings: Any) -> Tensor:
    """A product, and what is added to it."""
    added = spread(bias, value.shape)
    return added + _bilinear(torch.matmul, first, second) if _any_units(first, second) else added


@rule("linear")
def linear(value: Tensor, x: Any, weight: Any, bias: Any = None) -> Tensor:
    """A product with the transposed weight."""
    added = spread(bias, value.shape)
    return added + _bilinear(lambda a, w: a @ w.transpose(-1, -2), x, weight) if _any_units(x, weight) else added


@rule("convolution", "_convolution")
def convolution(value: Tensor, x: Any, weight: Any, bias: Any, *settings: Any) -> Tensor:
    """One wire per non-zero weight of a kernel; kernels that are units wire too, and so does such a bias."""
    added = 0
    if isinstance(bias, Units):
        added = spread(bias, (1,)) if not value.ndim else bias.paths.reshape(2, 1, -1, *[1] * (value.ndim - 2))
    if not _any_units(x, weight):
        return added + torch.zeros(2, *value.shape, dtype=torch.float64)
    return added + _bilinear(lambda a, w: A.convolution(a, w, None, *settings[:7]), x, weight)


@rule("_cdist_forward")
def distances(value: Tensor, first: Any, second: Any, *settings: Any) -> Tensor:
    """From the elements of both rows."""
    rows = first.paths.sum(-1).unsqueeze(-1) if isinstance(first, Units) else 0
    columns = second.paths.sum(-1).unsqueeze(-2) if isinstance(second, Units) else 0
    return torch.as_tensor(rows + columns).expand(2, *value.shape)


@rule("_trilinear")
def trilinear(value: Tensor, first: Any, weight: Any, second: Any, *expansion: Any) -> Tensor:
    """Of nn.Bilinear: both inputs wire through each weight."""
    result = torch.zeros(2, *value.shape, dtype=torch.float64)
    factors = [torch.ones_like(f.value, dtype=torch.float64) if isinstance(f, Units) else present(f)
               for f in (first, weight, second)]  # fmt: skip
    for place, factor in enumerate((first, weight, second)):
        if isinstance(factor, Units):
            parts = [[*factors[:place], paths, *factors[place + 1 :]] for paths in factor.paths]
            result = result + torch.stack([A._trilinear(*part, *expansion) for part in parts])
    return result


@rule("embedding")
def embedding(value: Tensor, table: Any, index: Any, *settings: Any) -> Tensor:
    """From a token to the features that are not zero for some token."""
    result = torch.zeros(2, *value.shape, dtype=torch.float64)
    if isinstance(index, Units) and not index.silent:
        result = result + index.paths.unsqueeze(-1) * present(table).amax(0)
    if isinstance(table, Units):
        where = index.value if isinstance(index, Units) else index
        result = result + torch.stack([paths[where] for paths in table.paths])
    return result


@rule("attention")
def attention(
    value: Tensor, query: Any, key: Any, values: Any, mask: Any, causal: bool, grouped: bool
) -> Tensor | None:
    """From the values at each position that may be attended to; queries and keys add none."""
    if not isinstance(values, Units):
        return torch.zeros(2, *value.shape, dtype=torch.float64)
    number = [x.value.shape if isinstance(x, Units) else x.shape for x in (query, key)]
    wires = torch.ones(number[0][-2], number[1][-2], dtype=torch.float64)
    wires = wires.tril() if causal else wires
    if mask is not None:
        wires = wires * _allowed(mask.value if isinstance(mask, Units) else mask)
    paths = values.paths
    if grouped:
        paths = paths.repeat_interleave(number[0][-3] // paths.shape[-3], -3)
    return each(lambda part: (wires @ part).expand(value.shape), paths)


def _allowed(mask: Tensor) -> Tensor:
    """What a mask leaves: what is added to scores forbids where its own softmax is exactly zero."""
    return mask.double() if mask.dtype is torch.bool else present(mask.float().softmax(-1))


def _any_units(*arguments: Any) -> bool:
    return any(isinstance(argument, Units) for argument in arguments)
