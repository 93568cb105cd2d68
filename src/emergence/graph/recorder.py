"""A network's run on a few samples as a list of calls, each a function of earlier values.

What operations overwrite in place is followed through all views of the same memory: whoever reads a part that was
overwritten reads the new value.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from emergence.graph.operations import Operation, TraceError, Watch, leaves_in, map_arguments, tensors_in


class Value(int):
    """A tensor that depends on the input, by its place among all such."""


@dataclass(frozen=True, eq=False)
class Call:
    """An operation on values and on constants."""

    operation: Operation
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Value | None, ...]
    """What it gives, None for what is no tensor."""
    number: int | None
    """Its place among the calls that the network makes; None for a reading of overwritten memory."""

    @property
    def sources(self) -> list[Value]:
        """The values that it depends on."""
        return [leaf for leaf in leaves_in((self.args, self.kwargs)) if isinstance(leaf, Value)]


@dataclass
class Tape:
    """Record of a forward pass: the calls, their values, and the values that the network returned."""

    calls: list[Call]
    values: dict[Value, Tensor]
    inputs: list[Value]
    results: list[Value | None]
    """Its outputs; None for one that does not depend on the input."""
    outputs: list[Tensor]
    facts: list[Any]
    """Numbers and truth values that Python got."""


def record(model: nn.Module, inputs: Sequence[Tensor], keep: bool = True) -> Tape:
    """Run a model on samples and record its calls, with `keep` also what each value was."""
    return _Recorder(model, keep).record(inputs)


def overwrite(old: Tensor, new: Tensor, places: Tensor) -> Tensor:
    """Put units of `new` (rows, units) at the given places of `old`, where these are not negative."""
    return torch.where(places < 0, old, new.index_select(1, places.clamp(min=0)))


OVERWRITE = Operation(overwrite)
"""Memory was read again after part of it was overwritten: a value made of the old one and of what was written."""


class _Recorder(Watch):
    def __init__(self, model: nn.Module, keep: bool) -> None:
        super().__init__(model)
        self._keep, self._numbers, self._places = keep, count(), count()
        self._tape = Tape([], {}, [], [], [], [])
        self._known: dict[int, tuple[Tensor, Value, int]] = {}
        """By the id of a tensor: itself, its value, and how many of the writes into its memory that value knows of."""
        self._writes: dict[int, list[tuple[Tensor, Value]]] = {}
        """By memory: what was written into it, in order."""
        self._parameters = {_memory_of(parameter) for parameter in model.parameters()}

    def record(self, inputs: Sequence[Tensor]) -> Tape:
        copies = [x.detach().clone() for x in inputs]
        self._tape.inputs = [self._learn(x) for x in copies]
        outputs = list(outputs_in(self.run(copies)))
        self._tape.results = [self._value(t) for t in outputs]
        self._tape.outputs = [t.detach().clone() for t in outputs] if self._keep else []
        return self._tape

    def depends(self, tensor: Tensor) -> bool:
        return id(tensor) in self._known or (bool(self._writes) and _memory_of(tensor) in self._writes)

    def take(self, operation: Operation, args: Any, kwargs: dict[str, Any], run: Callable[[], Any]) -> Any:
        read = map_arguments((args, {key: value for key, value in kwargs.items() if key != "out"}), self._argument)
        before = [(tensor, version(tensor)) for tensor in tensors_in((args, kwargs))]
        result = run()
        changed = {id(tensor) for tensor, number in before if version(tensor) != number}
        leaves = [args[0]] if operation.name == "setitem" else list(leaves_in(result))
        followed = {_memory_of(leaf) for leaf in leaves if isinstance(leaf, Tensor) and id(leaf) in changed}
        lost = (t for t, _ in before if id(t) in changed and self.depends(t) and _memory_of(t) not in followed)
        if operation.name == "data=" or any(True for _ in lost):
            raise TraceError(f"{operation} overwrites its input in a way that cannot be followed")
        if not any(isinstance(leaf, Tensor) for leaf in leaves):
            self._tape.facts += [leaf for leaf in leaves if isinstance(leaf, bool | int | float | complex)]
            return result
        for leaf in leaves:
            if id(leaf) in changed:
                self._writes.setdefault(_memory_of(leaf), [])
        outputs = tuple(self._learn(leaf) if isinstance(leaf, Tensor) else None for leaf in leaves)
        for leaf, value in zip(leaves, outputs, strict=True):
            if value is not None and id(leaf) in changed:
                writes = self._writes[_memory_of(leaf)]
                writes.append((leaf, value))
                self._known[id(leaf)] = (leaf, value, len(writes))
        self._tape.calls.append(Call(operation, read[0], read[1], outputs, next(self._numbers)))
        return result

    def _argument(self, argument: Any) -> Any:
        """A value, or a constant as it is now."""
        if not isinstance(argument, Tensor):
            return argument
        value = self._value(argument)
        if value is not None:
            return value
        return argument if _memory_of(argument) in self._parameters else argument.clone()

    def _learn(self, tensor: Tensor) -> Value:
        """A new value for a tensor."""
        value = Value(next(self._places))
        self._known[id(tensor)] = (tensor, value, len(self._writes.get(_memory_of(tensor), ())))
        if self._keep:
            self._tape.values[value] = tensor.detach().clone()
        return value

    def _value(self, tensor: Tensor) -> Value | None:
        """The value of a tensor after all that was written into its memory; None for a constant."""
        writes = self._writes.get(_memory_of(tensor), [])
        old: Value | Tensor
        _, old, seen = self._known.get(id(tensor), (tensor, tensor, 0))
        for written, new in writes[seen:]:
            places = _places(tensor, written)
            if bool((places >= 0).any()):
                value = self._learn(tensor)
                constant = old.clone() if isinstance(old, Tensor) else old
                self._tape.calls.append(Call(OVERWRITE, (constant, new, places), {}, (value,), None))
                old = value
        if isinstance(old, Tensor):
            return None
        self._known[id(tensor)] = (tensor, old, len(writes))
        return old


def outputs_in(result: Any) -> Iterator[Tensor]:
    """The tensors that a network gives back: in tuples, lists, dictionaries, data classes, or an object."""
    found = list(_outputs(result))
    if not found and hasattr(result, "__dict__") and not isinstance(result, nn.Module):
        found = list(_outputs(vars(result)))
    yield from found


def _outputs(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _outputs(list(value.values()))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _outputs(part)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _outputs([getattr(value, field.name) for field in fields(value)])
    elif isinstance(value, SimpleNamespace) or hasattr(type(value), "__attrs_attrs__"):
        yield from _outputs(vars(value))


def version(tensor: Tensor) -> int:
    """Number of writes to a tensor's memory."""
    return 0 if tensor.is_inference() else tensor._version


def _memory_of(tensor: Tensor) -> int:
    """Address of a tensor's memory; zero where it has none of its own."""
    try:
        return tensor.untyped_storage().data_ptr() if tensor.numel() else 0
    except RuntimeError:  # sparse, or a tensor inside a transform such as vmap
        return 0


def _places(tensor: Tensor, written: Tensor) -> Tensor:
    """Which unit of what was written lies at each unit of a tensor of the same memory, -1 where none does."""
    if tensor.element_size() != written.element_size():
        raise TraceError("memory that was overwritten is read as another type")
    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    cells = torch.full([size], -1, device=tensor.device)
    cells.as_strided(written.shape, written.stride(), written.storage_offset()).copy_(
        torch.arange(written.numel(), device=tensor.device).view(written.shape)
    )
    return cells.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset()).flatten().clone()
