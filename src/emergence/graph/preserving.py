"""Everything that a network holds, put back after it has been run."""

import random
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_Container = dict[Any, Any] | list[Any] | set[Any] | deque[Any]
_DEPTH = 2
"""Largest number of plain objects between a module and a state that is put back."""


@dataclass
class Watched:
    """The answer whether a network has changed anything that it holds; known after `untouched` has put it back."""

    changed: bool = False


@contextmanager
def untouched(model: nn.Module) -> Iterator[Watched]:
    """Put back all that a model holds, and the state of random numbers, also after an error.

    That is the attributes of its modules (hooks, modes, parameters and buffers among them), what the dictionaries,
    lists, sets and plain objects among them hold, and the values of all tensors found there.

    >>> model = nn.Linear(1, 1)
    >>> with untouched(model) as watched:
    ...     model.cache = [model.weight.data.zero_()]
    >>> hasattr(model, "cache"), bool(model.weight != 0), watched.changed
    (False, True, True)
    """
    containers, tensors = _held_by(model)
    python, numpy, watched = random.getstate(), np.random.get_state(), Watched()
    with torch.random.fork_rng(sorted({t.get_device() for t in tensors if t.is_cuda})), unchanged(tensors, watched):
        try:
            yield watched
        finally:
            for container in containers:
                watched.changed |= container.put_back()
            random.setstate(python)
            np.random.set_state(numpy)


@contextmanager
def unchanged(tensors: Iterable[Tensor], watched: Watched | None = None) -> Iterator[None]:
    """Put back the memory, the values and the gradients of tensors."""
    before = [_Before(tensor) for tensor in tensors if tensor.layout is torch.strided and not tensor.is_meta]
    try:
        yield
    finally:
        changed = [tensor.put_back() for tensor in before]
        if watched is not None:
            watched.changed |= any(changed)


class _Before:
    """A tensor as it is now."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor, self.memory, self.copy = tensor, tensor.detach(), tensor.detach().clone()
        self.requires_grad, self.grad = tensor.requires_grad, tensor.grad if tensor.is_leaf else None

    def put_back(self) -> bool:
        """Undo what has happened to it; tell whether its values had changed."""
        moved = self.tensor.data_ptr() != self.memory.data_ptr() or self.tensor.shape != self.memory.shape
        if moved:
            self.tensor.data = self.memory
        changed = not torch.equal(self.memory, self.copy)
        if changed:
            self.memory.copy_(self.copy)
        if self.tensor.is_leaf:
            if self.tensor.requires_grad != self.requires_grad:
                self.tensor.requires_grad_(self.requires_grad)
            if self.tensor.grad is not self.grad:
                self.tensor.grad = self.grad
        return moved or changed


class _Contents:
    """A container, with what it holds now."""

    def __init__(self, container: _Container) -> None:
        self.container = container
        self.keys = list(container)
        self.values = list(container.values()) if isinstance(container, dict) else self.keys

    def put_back(self) -> bool:
        """Give it what it held, in that order; tell whether it held something else."""
        container = self.container
        if not container and not self.keys:
            return False
        values = container.values() if isinstance(container, dict) else container
        same = list(map(id, values)) == list(map(id, self.values))
        if same and (not isinstance(container, dict) or list(map(id, container)) == list(map(id, self.keys))):
            return False
        container.clear()
        if isinstance(container, dict):
            container.update(zip(self.keys, self.values, strict=True))
        else:
            container.extend(self.keys) if isinstance(container, list | deque) else container.update(self.keys)
        return True


def _held_by(model: nn.Module) -> tuple[list[_Contents], list[Tensor]]:
    """The containers and the tensors that can be reached from a model."""
    containers: list[_Contents] = []
    tensors: list[Tensor] = []
    seen: set[int] = set()
    waiting: list[tuple[Any, int]] = [(model, 0)]
    while waiting:
        value, depth = waiting.pop()
        kind = _kind(type(value))  # type: ignore[arg-type]
        if kind == "plain" or id(value) in seen:
            continue
        seen.add(id(value))
        if kind == "tensor":
            tensors.append(value)
        elif kind == "module":
            waiting.append((vars(value), 0))
        elif kind == "object":
            if depth < _DEPTH and hasattr(value, "__dict__") and not callable(value):
                waiting.append((vars(value), depth + 1))
        else:
            if kind != "fixed":
                containers.append(_Contents(value))
            if value:
                waiting += ((held, depth) for held in (value.values() if kind == "mapping" else value))
    return containers, tensors


@cache
def _kind(of: Any) -> str:
    """The treatment of objects of a class."""
    kinds: dict[str, tuple[type, ...]] = {
        "tensor": (Tensor,),
        "module": (nn.Module,),
        "mapping": (dict,),
        "changeable": (list, set, deque),
        "fixed": (tuple, frozenset),
        "plain": (str, bytes, int, float, complex, type(None), type, ModuleType, torch.dtype, torch.device),
    }
    return next((kind for kind, types in kinds.items() if issubclass(of, types)), "object")
