"""Choice of the device and of numerical settings that make equal work give equal bytes."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.utils.deterministic

from emergence.parameters.compute import Compute

log = logging.getLogger(__name__)


def prepare(compute: Compute, threads: int = 1) -> torch.device:
    """Return the device to compute on and fix the number of threads, which the order of sums depends on.

    Raises RuntimeError where the section `compute` asks for a GPU and there is none.

    >>> prepare(Compute(device="cpu"))
    device(type='cpu')
    """
    torch.set_num_threads(threads)
    if compute.device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("compute.device is cuda, but torch sees no GPU; use auto or cpu")
    use_gpu = compute.device == "cuda" or (compute.device == "auto" and torch.cuda.is_available())
    if use_gpu:  # on a fixed number of CPU threads the algorithms that networks use give the same bits anyway
        choose_algorithms(compute.deterministic)
    chosen = torch.device("cuda" if use_gpu else "cpu")
    name = torch.cuda.get_device_name() if use_gpu else f"{threads} thread(s)"
    log.info("device %s (%s), torch %s", chosen, name, torch.__version__)
    return chosen


def choose_algorithms(deterministic: bool) -> None:
    """Let torch use only algorithms that give the same bits every time, or any; call it before the first product.

    An algorithm without such a form then raises RuntimeError; `explain_refusals` says what to do about it.
    """
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA's matrix library starts
    torch.use_deterministic_algorithms(deterministic)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # costs time for nothing
    torch.backends.cudnn.deterministic = deterministic
    torch.backends.cudnn.benchmark = not deterministic  # convolutions by the algorithm that proves fastest


@contextmanager
def explain_refusals() -> Iterator[None]:
    """Name the parameter where torch refuses an algorithm because it is not deterministic; also a decorator.

    >>> with explain_refusals():
    ...     raise RuntimeError("x does not ..., but you set 'torch.use_deterministic_algorithms(True)'. You can ...")
    Traceback (most recent call last):
    RuntimeError: compute.deterministic is true, but x does not ...; set it to false, or use other layers
    """
    try:
        yield
    except RuntimeError as error:
        what, found, _ = str(error).partition(", but you set 'torch.use_deterministic_algorithms(True)'")
        if not found:
            raise
        raise RuntimeError(
            f"compute.deterministic is true, but {what}; set it to false, or use other layers"
        ) from error
