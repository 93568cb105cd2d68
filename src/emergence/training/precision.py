"""Choice of the fastest matrix product that still computes in float32."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

log = logging.getLogger(__name__)

LARGE = 2**21
"""Multiplications per product from which the oneDNN path is faster than torch's default."""

TRIALS = ((128, 784, 256), (64, 64, 64), (256, 128, 784), (1000, 256, 128))
TOLERANCE = 1e-5


@contextmanager
def fast_matmul(network: nn.Module, batch_size: int, device: torch.device) -> Iterator[str]:
    """Let matrix products take the path that suits the network; yield torch's name of the setting, and log it.

    Large products on a CPU take the oneDNN path ("medium"), about twice as fast as the default ("highest"). On some
    processors that path computes in bfloat16, which trial products reveal; those keep the default, as do GPUs. The
    choice depends on the network and the processor, not on a measured time, so that equal runs choose alike.
    """
    before = torch.get_float32_matmul_precision()
    largest = max((m.weight.numel() for m in network.modules() if isinstance(m, nn.Linear)), default=0)
    setting = "medium" if device.type == "cpu" and largest * batch_size >= LARGE and _exact_enough() else "highest"
    log.info("matrix products in float32, torch's setting '%s'", setting)
    torch.set_float32_matmul_precision(setting)
    try:
        yield setting
    finally:
        torch.set_float32_matmul_precision(before)


def _exact_enough() -> bool:
    """Whether the oneDNN path has the precision of float32 on this processor."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        return max(_relative_error(*shape) for shape in TRIALS) < TOLERANCE
    finally:
        torch.set_float32_matmul_precision(before)


def _relative_error(rows: int, inner: int, columns: int) -> float:
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(rows, inner, generator=generator)
    right = torch.randn(inner, columns, generator=generator)
    exact = left.double() @ right.double()
    return float((left @ right - exact).abs().max() / exact.abs().max())
