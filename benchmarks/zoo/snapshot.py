"""Everything that a network holds, noted deeply, so that a later note tells what has changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

_ATOMS = (int, float, complex, str, bytes, bool, type(None), torch.dtype, torch.device, torch.Size)
_OPAQUE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, torch.Generator)


@dataclass(frozen=True)
class _Itself:
    """An object that is equal to itself alone; held, so that no other gets its identity."""

    held: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.held is other.held


Snapshot = dict[str, tuple[Any, ...]]
"""What lies at each path, such as `layers.0._parameters[weight]`."""


def snapshot(**roots: Any) -> Snapshot:
    """Note modules, containers and tensors below the roots: by identity, and by value where they have one.

    >>> net = torch.nn.Linear(2, 1)
    >>> before = snapshot(net=net)
    >>> _ = net.eval()
    >>> changes(before, snapshot(net=net))
    ['net.training']
    """
    seen: set[int] = set()
    noted = {path: note for name, root in roots.items() for path, note in _walk(root, name, seen)}
    noted["torch"] = (
        torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_float32_matmul_precision(),
        torch.backends.cudnn.enabled, torch.backends.mha.get_fastpath_enabled(), torch.get_num_threads(),
    )  # fmt: skip
    return noted


def changes(before: Snapshot, after: Snapshot) -> list[str]:
    """Paths at which two notes differ."""
    paths = sorted({*before, *after})
    return [path for path in paths if path not in before or path not in after or not _same(before[path], after[path])]


def _walk(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    if isinstance(value, _ATOMS):
        yield path, (value,)
    elif id(value) in seen:
        yield path, ("again", _Itself(value))
    elif isinstance(value, Tensor):
        seen.add(id(value))
        yield path, ("tensor", _Itself(value), _content(value), value.requires_grad, value.is_leaf)
        yield from _walk(value.grad if value.is_leaf else None, f"{path}.grad", seen)
    else:
        seen.add(id(value))
        yield path, ("object", _Itself(value))
        for name, part in _parts(value):
            yield from _walk(part, f"{path}{name}", seen)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f"[{key}]" if isinstance(key, str) else f"[{key!r}]", value[key]) for key in list(value))
    elif isinstance(value, list | tuple):
        yield from ((f"[{index}]", part) for index, part in enumerate(value))
    elif isinstance(value, set | frozenset):
        yield "{}", str(sorted(map(repr, value)))
    elif not isinstance(value, _OPAQUE) and hasattr(value, "__dict__"):
        yield from ((f".{name}", part) for name, part in list(vars(value).items()))


def _content(tensor: Tensor) -> Tensor | None:
    return None if tensor.is_meta or is_lazy(tensor) else tensor.detach().clone()


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(map(_equal, one, other))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and one.dtype == other.dtype and _bits_equal(one, other)
    return type(one) is type(other) and (one == other or (one != one and other != other))


def _bits_equal(one: Tensor, other: Tensor) -> bool:
    if one.is_quantized or one.layout is not torch.strided:
        return str(one) == str(other)
    nan = bool(one.is_floating_point() and one.isnan().any())
    return torch.equal(one.nan_to_num(nan=0.5), other.nan_to_num(nan=0.5)) if nan else torch.equal(one, other)
