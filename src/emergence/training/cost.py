"""Cost of training: time, memory and device. It differs from run to run, so no result holds it."""

import resource
import time
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Cost:
    """The cost of one call of `train_block`; work that an earlier call did is not in it."""

    device: str
    arithmetic: str
    seeds_together: list[list[int]]
    samples: int
    """Samples that the networks were trained on, each counted as often as it was used."""
    seconds: float
    samples_per_second: float
    peak_memory_bytes: int
    """Of the GPU's memory what torch gave to tensors, else of the process."""


class Meter:
    """Measures from when it is made.

    >>> cost = Meter(torch.device("cpu")).cost("float32", [[0, 1]], samples=100)
    >>> cost.samples, cost.samples_per_second > 0, cost.peak_memory_bytes > 10**6
    (100, True, True)
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._start = device, time.perf_counter()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def cost(self, arithmetic: str, seeds_together: list[list[int]], samples: int) -> Cost:
        """Return the cost so far."""
        seconds = time.perf_counter() - self._start
        return Cost(
            device_name(self._device), arithmetic, seeds_together, samples, seconds, samples / seconds, self._peak()
        )

    def _peak(self) -> int:
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def device_name(device: torch.device) -> str:
    """Return the GPU's name, or what of its instructions torch uses on the CPU, with the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({torch.backends.cpu.get_cpu_capability()}), {torch.get_num_threads()} thread(s)"
