"""Choice of the device and of numerical settings that make equal work give equal bytes."""

import logging

import torch

log = logging.getLogger(__name__)


def prepare(device: str, threads: int = 1) -> torch.device:
    """Return the device to compute on and fix the number of threads, which the order of sums depends on.

    `device` is "auto" (a GPU where one is at hand), "cpu" or "cuda". Raises RuntimeError for "cuda" without a GPU.

    >>> prepare("cpu")
    device(type='cpu')
    """
    torch.set_num_threads(threads)
    if device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("compute.device is cuda, but torch sees no GPU; use auto or cpu")
    use_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    chosen = torch.device("cuda" if use_gpu else "cpu")
    name = torch.cuda.get_device_name() if use_gpu else f"{threads} thread(s)"
    log.info("device %s (%s), torch %s", chosen, name, torch.__version__)
    return chosen
