"""Everything that a user can see of a network, of tensors and of the state of torch, before and after a call."""

import random
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

PLAIN = (str, bytes, int, float, complex, bool, type(None))
WHOLE = (type, FunctionType, BuiltinFunctionType, ModuleType, torch.dtype, torch.device, torch.Generator)
"""Types of which only the identity counts."""


def deep_snapshot(*things: Any) -> dict[str, Any]:
    """Describe networks, tensors and containers of them, and the state of torch, as place -> what is there.

    Of a tensor: which object it is and where its memory is, its values bit by bit, whether it needs a gradient, its
    gradient and hooks. Of a module and of any other object: which one it is, its class and all its attributes, among
    them hooks and mode. The snapshot keeps the objects, so that none of their identities is given away.

    >>> layer = nn.Linear(2, 1)
    >>> before = deep_snapshot(layer)
    >>> layer.eval().weight.data[0, 0] = 5
    >>> differences(before, deep_snapshot(layer))
    ['0.training', '0._parameters.weight: values']
    """
    found: dict[str, Any] = {}
    seen: dict[int, str] = {}
    kept: list[Any] = []
    for number, thing in enumerate(things):
        _describe(str(number), thing, found, seen, kept)
    found |= _surroundings()
    found[""] = kept
    return found


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name the places of two snapshots that differ.

    >>> differences(deep_snapshot([1, 2]), deep_snapshot([1, 2]))
    ['0: object']
    """
    places = [place for place in {**before, **after} if place]
    absent = object()
    return [place for place in places if before.get(place, absent) != after.get(place, absent)]


@contextmanager
def left_as_it_was(*things: Any) -> Iterator[None]:
    """Assert that what is inside leaves networks, tensors and the state of torch as they were, also by an error.

    >>> layer = nn.Linear(2, 1)
    >>> with left_as_it_was(layer):
    ...     _ = layer.requires_grad_(False)
    Traceback (most recent call last):
    AssertionError: changed: 0._parameters.weight: requires_grad, 0._parameters.bias: requires_grad
    """
    before = deep_snapshot(*things)
    try:
        yield
    finally:
        changed = differences(before, deep_snapshot(*things))
        if changed:
            raise AssertionError(f"changed: {', '.join(changed)}")


def _describe(place: str, thing: Any, found: dict[str, Any], seen: dict[int, str], kept: list[Any]) -> None:
    if isinstance(thing, PLAIN):
        found[place] = (type(thing), repr(thing))
        return
    kept.append(thing)
    found[f"{place}: object"] = (type(thing), id(thing))
    if id(thing) in seen or isinstance(thing, WHOLE):
        return
    seen[id(thing)] = place
    if isinstance(thing, Tensor):
        _describe_tensor(place, thing, found, seen, kept)
    elif isinstance(thing, np.ndarray) and thing.dtype != object:
        found[f"{place}: values"] = (thing.shape, thing.dtype, thing.tobytes())
    elif isinstance(thing, MethodType):
        # The object itself is described too: each access to a method makes another.
        found[f"{place}: object"] = (type(thing), id(thing.__func__), id(thing.__self__))
    for key, part in _parts(thing):
        _describe(f"{place}.{key}", part, found, seen, kept)


def _describe_tensor(place: str, tensor: Tensor, found: dict[str, Any], seen: dict[int, str], kept: list[Any]) -> None:
    found[f"{place}: requires_grad"] = tensor.requires_grad
    found[f"{place}: graph"] = (tensor.is_leaf, id(tensor.grad_fn))
    found[f"{place}: form"] = (tensor.dtype, tensor.device, tensor.shape, tensor.is_inference())
    kept.append(tensor.grad_fn)
    if tensor.layout == torch.strided and not tensor.is_meta:
        found[f"{place}: memory"] = (tensor.data_ptr(), tensor.stride(), tensor.storage_offset())
        with torch.inference_mode():
            bits = tensor.detach().cpu().contiguous().view(-1).view(torch.uint8)
        found[f"{place}: values"] = bits.numpy().tobytes()
    if tensor.is_leaf and tensor.grad is not None:
        _describe(f"{place}: grad", tensor.grad, found, seen, kept)
    for number, hook in (tensor._backward_hooks or {}).items():
        _describe(f"{place}: hook {number}", hook, found, seen, kept)


def _parts(thing: Any) -> list[tuple[Any, Any]]:
    """Return what an object consists of, in its order."""
    attributes = list(getattr(thing, "__dict__", {}).items())
    if isinstance(thing, Mapping):
        places = [(f"key {number}", key) for number, key in enumerate(thing)]
        return [*places, *thing.items(), *attributes]
    if isinstance(thing, Set):
        return [(hash(part), part) for part in thing]
    if isinstance(thing, Sequence):
        return [*enumerate(thing), *attributes]
    if isinstance(thing, nn.Module):
        # The mode first: it is what changes most easily.
        return sorted(attributes, key=lambda item: item[0] != "training")
    return attributes


def _surroundings() -> dict[str, Any]:
    """Return the state of random numbers and of torch that a call may change."""
    return {
        "torch's random numbers": torch.get_rng_state().numpy().tobytes(),
        "numpy's random numbers": repr(np.random.get_state(legacy=False)),
        "Python's random numbers": random.getstate(),
        "gradients enabled": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "default type": torch.get_default_dtype(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
    }
