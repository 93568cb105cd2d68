"""Numbers to compute with: their type, and the fastest products of matrices of that type."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import nn

from emergence.parameters.training import Training

log = logging.getLogger(__name__)

LARGE = 2**21
"""Multiplications per product from which the oneDNN path is faster than torch's default."""

TRIALS = ((128, 784, 256), (64, 64, 64), (256, 128, 784), (1000, 256, 128))
TOLERANCE = 1e-5


def number_type(training: Training) -> torch.dtype:
    """Return the type of weights and inputs; that of mixed precision is float32 too."""
    return torch.float64 if training.precision == "float64" else torch.float32


def mixed_precision(training: Training, device: torch.device) -> torch.autocast:
    """Return a context in which a forward pass computes in bfloat16 where the settings ask for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=training.precision == "bfloat16")


@contextmanager
def arithmetic(training: Training, network: nn.Module, device: torch.device) -> Iterator[str]:
    """Compute as `training.precision` says; yield words for it, which the bits depend on, and log it.

    float32 never rounds the factors of products; tf32 lets GPUs do so, and is float32 on a CPU.
    """
    rounded = training.precision == "tf32" and device.type == "cuda"
    exact = training.precision == "float32" or (training.precision == "tf32" and not rounded)
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = rounded
    try:
        if exact:
            with fast_matmul(network, training.batch_size, device) as setting:
                yield f"float32, products by torch's setting '{setting}'"
        else:
            log.info("training in %s", training.precision)
            with matmul_setting("high" if rounded else "highest"):
                yield training.precision
    finally:
        torch.backends.cudnn.allow_tf32 = before


@contextmanager
def fast_matmul(network: nn.Module, batch_size: int, device: torch.device) -> Iterator[str]:
    """Let matrix products take the path that suits the network; yield torch's name of the setting.

    Large products on a CPU take the oneDNN path ("medium"), about twice as fast as the default ("highest"). On some
    processors that path computes in bfloat16, which trial products reveal; those keep the default, as do GPUs. The
    choice depends on the network and the processor, not on a measured time, so that equal runs choose alike.
    """
    largest = max((m.weight.numel() for m in network.modules() if isinstance(m, nn.Linear)), default=0)
    setting = product_setting(largest * batch_size) if device.type == "cpu" else "highest"
    log.info("matrix products in float32, torch's setting '%s'", setting)
    with matmul_setting(setting):
        yield setting


def product_setting(multiplications: int) -> str:
    """Return torch's setting with which a CPU computes a float32 product of that size fastest.

    >>> product_setting(1000)
    'highest'
    """
    return "medium" if multiplications >= LARGE and _exact_enough() else "highest"


@contextmanager
def matmul_setting(setting: str) -> Iterator[None]:
    """Compute products of float32 matrices with the given setting of torch."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(setting)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


@cache
def _exact_enough() -> bool:
    """Tell whether the oneDNN path has the precision of float32 on this processor."""
    with matmul_setting("medium"):
        return max(_relative_error(*shape) for shape in TRIALS) < TOLERANCE


def _relative_error(rows: int, inner: int, columns: int) -> float:
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(rows, inner, generator=generator)
    right = torch.randn(inner, columns, generator=generator)
    exact = left.double() @ right.double()
    return float((left @ right - exact).abs().max() / exact.abs().max())
