"""Whether what was recorded of a network is what the network computes, tried on two samples."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from emergence.graph.operations import TraceError, map_arguments
from emergence.graph.recorder import OVERWRITE, Tape, Value
from emergence.graph.template import batch_dimension, holds_samples

_TOLERANCE = {torch.float16: 0.05, torch.bfloat16: 0.2}
"""Largest difference of two ways to compute a tensor, as a share of its largest element; 0.001 for other types."""

_VANISHING = 1e-25
"""Differences below this are rounding near the smallest numbers."""


def other_sample(examples: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """A second sample of each input: the second of those given, or the first one changed."""
    return tuple(x[1:2].detach().clone() if len(x) > 1 else _changed(x[:1].detach()) for x in examples)


def verify(
    model: nn.Module, first: Tape, second: Tape, both: Tape, shapes: dict[Value, tuple[list[int], list[int]]]
) -> None:
    """Raise TraceError unless the calls give the network's values on another sample, and samples do not mix."""
    for value, outputs in zip(first.results, zip(first.outputs, second.outputs, strict=True), strict=True):
        if value is None and not _close(*outputs):
            raise TraceError(
                "an output depends on the input by way of operations that cannot be seen (TorchScript, vmap, "
                "numpy, operators in C++)"
            )
    again = _replay(first, second.inputs, second)
    for value, (one, two) in shapes.items():
        alone, replayed, together = second.values[value], again[value], both.values[value]
        if replayed.shape == alone.shape and not _close(replayed, alone):
            raise TraceError(f"its operations, one by one, give something else for another sample{_at(first, value)}")
        if holds_samples(one, two):
            dim = batch_dimension(one, two)
            parts = together.movedim(dim, 0).reshape(2, math.prod(one))
            singles = [tape.values[value].movedim(dim, 0).reshape(-1) for tape in (first, second)]
            if not all(_close(part, single) for part, single in zip(parts, singles, strict=True)):
                raise TraceError(f"what it computes for a sample depends on the others of the batch{_at(first, value)}")


def _replay(tape: Tape, inputs: list[Value], other: Tape) -> dict[Value, Tensor]:
    """The values of a tape's calls, one by one, on the inputs of another."""
    values = {value: other.values[given].clone() for value, given in zip(tape.inputs, inputs, strict=True)}

    def argument(part: Any) -> Any:
        return values[part].clone() if isinstance(part, Value) else part.clone() if isinstance(part, Tensor) else part

    for call in tape.calls:
        args, kwargs = map_arguments((call.args, call.kwargs), argument)
        if call.operation is OVERWRITE:
            old, new, places = args
            result = call.operation.function(old.reshape(1, -1), new.reshape(1, -1), places).reshape(old.shape)
        else:
            result = call.operation.function(*args, **kwargs)
            result = args[0] if call.operation.name == "setitem" else result
        leaves = result if isinstance(result, tuple | list) else [result]
        for leaf, value in zip(_flat(leaves), call.outputs, strict=True):
            if value is not None:
                values[value] = leaf
    return values


def _flat(leaves: Any) -> list[Any]:
    return [part for leaf in leaves for part in (_flat(leaf) if isinstance(leaf, tuple | list) else [leaf])]


def _changed(x: Tensor) -> Tensor:
    """A sample of the same kind as another: values moved along, and numbers with some noise."""
    moved = x.flatten(1).roll(1, 1).view_as(x) if x.ndim > 1 else x
    if not x.is_floating_point():
        return moved.clone()
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(x.shape, generator=generator, dtype=torch.float32).to(x)
    spread = x.std() if x.numel() > 1 and x.std() > 0 else 1.0
    return moved + 0.5 * spread * noise


def _close(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors agree but for rounding; truth values and integers are not looked at."""
    if not a.is_floating_point() or a.numel() == 0:
        return True
    difference, scale = (a - b).abs().max(), b.abs().max()
    if not bool(torch.isfinite(difference + scale)):
        finite = a.isfinite() & b.isfinite()
        if not bool(finite.any()):
            return True
        difference, scale = (a[finite] - b[finite]).abs().max(), b[finite].abs().max()
    return bool(difference <= _TOLERANCE.get(a.dtype, 1e-3) * scale + _VANISHING)


def _at(tape: Tape, value: Value) -> str:
    return next((f" (at {call.operation})" for call in tape.calls if value in call.outputs), "")
