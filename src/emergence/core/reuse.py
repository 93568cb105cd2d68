"""Reuse of what is the same for many weights of one network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Made = TypeVar("Made")

Kept = dict[tuple[Any, ...], tuple[Any, tuple[object, ...]]]
"""What was found, by what it was found of."""

_kept: ContextVar[Kept | None] = ContextVar("kept", default=None)


@contextmanager
def reusing(kept: Kept | None = None) -> Iterator[None]:
    """While it is active, what is found once of a network is reused: nothing of the network may change but weights.

    Samples that have been given may not change either. What is found is `kept` for another time where that is given.
    """
    token = _kept.set({} if kept is None else kept)
    try:
        yield
    finally:
        _kept.reset(token)


def once(make: Callable[[], Made], of: tuple[object, ...], *how: Any) -> Made:
    """Return what `make` returns, or within `reusing` what it returned first for the same objects and settings.

    >>> numbers, network = iter(range(9)), object()
    >>> with reusing():
    ...     [once(lambda: next(numbers), (network,), setting) for setting in (1, 1, 2)]
    [0, 0, 1]
    >>> once(lambda: next(numbers), (network,), 1)
    2
    """
    kept = _kept.get()
    if kept is None:
        return make()
    key = (*map(id, of), *how)
    if key not in kept:
        kept[key] = make(), of  # the objects are held, so that no other gets the identity of one
    made: Made = kept[key][0]
    return made
