"""What a job took."""

import csv
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from emergence.core.files import written_whole


@contextmanager
def timed(file: Path | None, amount: Mapping[str, float]) -> Iterator[None]:
    """Write what a block took where it ends well, in the columns of Snakemake's benchmarks.

    ``s`` are seconds, ``h:m:s`` the same; ``max_rss`` is the most memory that this process had at once, in MiB;
    ``cpu_time`` are the seconds of processors, with those of processes that it started and that have ended. The last
    columns hold the `amount` that there was to do.
    """
    began, used_before = time.monotonic(), cpu_time()
    yield
    if file is None:
        return
    seconds = time.monotonic() - began
    row = {
        "s": f"{seconds:.4f}",
        "h:m:s": str(timedelta(seconds=int(seconds))),
        "max_rss": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.2f}",  # Linux counts in KiB
        "cpu_time": f"{cpu_time() - used_before:.2f}",
        **{name: f"{value:g}" for name, value in amount.items()},
    }
    with written_whole(file) as path, path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, row, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerow(row)


def cpu_time() -> float:
    """Return the seconds of processors that this process used, and those that it started and that have ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(of.ru_utime + of.ru_stime for of in used)
