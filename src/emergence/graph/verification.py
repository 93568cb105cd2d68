"""Check on two samples that the recorded calls compute what the network computes."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from emergence.graph.operations import TraceError, leaves_in, map_arguments
from emergence.graph.recorder import OVERWRITE, Tape, Value
from emergence.graph.rounding import close
from emergence.graph.template import batch_dimension, holds_samples


def other_sample(examples: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """A second sample of each input: the second of those given, or the first one changed."""
    return tuple(x[1:2].detach().clone() if len(x) > 1 else _changed(x[:1].detach()) for x in examples)


def verify(first: Tape, second: Tape, both: Tape, values: Iterable[Value]) -> None:
    """Raise TraceError unless the calls give these values on another sample, and samples do not mix."""
    for value, outputs in zip(first.results, zip(first.outputs, second.outputs, strict=True), strict=True):
        if value is None and not close(*outputs):
            raise TraceError(
                "an output depends on the input by way of operations that cannot be seen (TorchScript, vmap, "
                "numpy, operators in C++)"
            )
    again = _replay(first, second.inputs, second)
    made_by = {value: call for call in first.calls for value in call.outputs}
    for value in values:
        call, alone, together = made_by.get(value), second.values[value], both.values[value]
        at = f" (at {call.operation})" if call else ""
        sums = call is not None and "softmax" not in call.operation.name.lower()  # these round as their terms do
        read = [second.values[source] for source in call.sources] if call and sums else []
        if again[value].shape == alone.shape and not close(again[value], alone, *read):
            raise TraceError(f"its operations, one by one, give something else for another sample{at}")
        one = first.values[value]
        if holds_samples(one.shape, together.shape):
            parts = together.movedim(batch_dimension(one.shape, together.shape), 0).reshape(2, one.numel())
            singles = [tape.values[value].reshape(-1) for tape in (first, second)]
            if not all(close(part, single, *read) for part, single in zip(parts, singles, strict=True)):
                reason = "what it computes for a sample depends on the others of the batch, or is not in one piece"
                raise TraceError(f"{reason}{at}")


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
        for leaf, value in zip(leaves_in(result), call.outputs, strict=True):
            if value is not None:
                values[value] = leaf
    return values


def _changed(x: Tensor) -> Tensor:
    """A sample of the same kind as another: values moved along, and numbers with some noise."""
    moved = x.flatten(1).roll(1, 1).view_as(x) if x.ndim > 1 else x
    if not x.is_floating_point():
        return moved.clone()
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(x.shape, generator=generator, dtype=torch.float32).to(x)
    spread = x.std() if x.numel() > 1 and x.std() > 0 else 1.0
    return moved + 0.5 * spread * noise
