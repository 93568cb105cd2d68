"""A limit on what a builder may allocate, for descriptions of networks that come from files."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

from torch import Tensor, nn
from torch.nn.modules import module

SPARE = 16
"""How many times as much as it returns a builder may make, such as parts that it leaves out again."""

SPARE_ELEMENTS = 2**24
SPARE_TENSORS = 1000


@contextmanager
def at_most(tensors: int, elements: int) -> Iterator[None]:
    """Stop the building of modules that holds far more tensors, or elements in all, than are stored of the network.

    ValueError says so when the first tensor too many is registered, before it is filled with numbers, so that its
    memory is never touched. Only what this thread builds counts.

    >>> with at_most(tensors=2, elements=110):
    ...     nn.Linear(10**6, 10**3)
    Traceback (most recent call last):
    ...
    ValueError: it has far more weights than the 110 that are stored
    """
    left, thread = [tensors * SPARE + SPARE_TENSORS, elements * SPARE + SPARE_ELEMENTS], get_ident()

    def count(owner: nn.Module, name: str, tensor: Tensor | None) -> None:
        if tensor is not None and get_ident() == thread:
            left[0] -= 1
            left[1] -= tensor.numel()
            if min(left) < 0:
                raise ValueError(f"it has far more weights than the {elements:,} that are stored")

    hooks = (
        module.register_module_parameter_registration_hook(count),
        module.register_module_buffer_registration_hook(count),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
