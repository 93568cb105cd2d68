"""Everything that a network holds, put back after it has been run."""

import random
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_Container = dict[Any, Any] | list[Any] | set[Any] | deque[Any]
_PLAIN = (str, bytes, int, float, complex, type(None), type, ModuleType, torch.dtype, torch.device)
_DEPTH = 2
"""How many plain objects lie between a module and a state that is put back."""


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Put back all that a model holds, and the state of random numbers, also after an error.

    That is the attributes of its modules (hooks, modes, parameters and buffers among them), what the dictionaries,
    lists, sets and plain objects among them hold, and the values of all tensors found there.

    >>> model = nn.Linear(1, 1)
    >>> with untouched(model):
    ...     model.cache = [model.weight.data.zero_()]
    >>> hasattr(model, "cache"), bool(model.weight != 0)
    (False, True)
    """
    containers, tensors = _held_by(model)
    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(sorted({t.get_device() for t in tensors if t.is_cuda})), unchanged(tensors):
        try:
            yield
        finally:
            for container, copy in containers:
                _refill(container, copy)
            random.setstate(python)
            np.random.set_state(numpy)


@contextmanager
def unchanged(tensors: Iterable[Tensor]) -> Iterator[None]:
    """Put back the memory, the values and the gradients of tensors."""
    before = [_Before(tensor) for tensor in tensors if tensor.layout is torch.strided and not tensor.is_meta]
    try:
        yield
    finally:
        for tensor in before:
            tensor.put_back()


class _Before:
    """A tensor as it is now."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor, self.memory, self.copy = tensor, tensor.detach(), tensor.detach().clone()
        self.requires_grad, self.grad = tensor.requires_grad, tensor.grad if tensor.is_leaf else None

    def put_back(self) -> None:
        """Undo what has happened to it."""
        if self.tensor.data_ptr() != self.memory.data_ptr() or self.tensor.shape != self.memory.shape:
            self.tensor.data = self.memory
        if not torch.equal(self.memory, self.copy):
            self.memory.copy_(self.copy)
        if self.tensor.is_leaf:
            if self.tensor.requires_grad != self.requires_grad:
                self.tensor.requires_grad_(self.requires_grad)
            if self.tensor.grad is not self.grad:
                self.tensor.grad = self.grad


def _held_by(model: nn.Module) -> tuple[list[tuple[_Container, list[Any]]], list[Tensor]]:
    """The containers that can be reached from a model, each with what it holds, and the tensors."""
    containers: list[tuple[_Container, list[Any]]] = []
    tensors: list[Tensor] = []
    seen: set[int] = set()
    waiting: list[tuple[Any, int]] = [(model, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, _PLAIN) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Tensor):
            tensors.append(value)
        elif isinstance(value, nn.Module):
            waiting.append((vars(value), 0))
        elif isinstance(value, dict):
            containers.append((value, list(value.items())))
            waiting += ((held, depth) for held in value.values())
        elif isinstance(value, list | set | deque | tuple | frozenset):
            if not isinstance(value, tuple | frozenset):
                containers.append((value, list(value)))
            waiting += ((held, depth) for held in value)
        elif depth < _DEPTH and hasattr(value, "__dict__") and not callable(value):
            waiting.append((vars(value), depth + 1))
    return containers, tensors


def _refill(container: _Container, copy: list[Any]) -> None:
    """Give a container what it held, in that order, if it holds something else."""
    if isinstance(container, dict):
        now = list(container.items())
        same = len(now) == len(copy) and all(a is c and b is d for (a, b), (c, d) in zip(now, copy, strict=True))
    else:
        same = len(container) == len(copy) and all(a is b for a, b in zip(container, copy, strict=True))
    if not same:
        container.clear()
        container.extend(copy) if isinstance(container, list | deque) else container.update(copy)
