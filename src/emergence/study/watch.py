"""The courses of training that has begun and is not finished, read from logs."""

import re
import time
from collections.abc import Sequence
from pathlib import Path

from emergence.study.plan import Plan
from emergence.study.status import begun, duration
from emergence.study.table import RESUMED

EPOCH = re.compile(r"epoch (\d+)/(\d+): batch loss (\S+), batch accuracy (\S+)")
"""What training logs at the end of an epoch, see `emergence.training.progress`."""

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 24
"""Most bars of a course."""


def show(plan: Plan, root: Path, since: float = 0.0) -> str:
    """Return lines with the course of each training that wrote to its log since a time (seconds since 1970).

    The first line says how many there are, and is the only one where there are none.
    """
    found = [(job, file) for job, file in begun(plan, root, since) if job.rule in RESUMED]
    lines = [f"Study {plan.parameters.study.name}: {len(found)} jobs train"]
    for job, file in found:
        ago = duration(time.time() - file.stat().st_mtime)
        lines += [
            f"{job.name}, written {ago} ago",
            f"    {_course(file.read_text(encoding='utf-8', errors='replace'))}",
        ]
    return "\n".join(lines)


def _course(log: str) -> str:
    epochs = EPOCH.findall(log)
    if not epochs:
        return "no epoch is finished"
    done, total = epochs[-1][:2]
    told = [
        f"{name} {epochs[-1][column]} {spark([float(epoch[column]) for epoch in epochs])}"
        for name, column in (("loss", 2), ("accuracy", 3))
    ]
    return "  ".join([f"epoch {done}/{total}", *told])


def spark(values: Sequence[float]) -> str:
    """Draw numbers as bars from their least to their largest; of many, some at equal distances, and always the last.

    >>> spark([0, 1, 2, 7])
    '▁▂▃█'
    """
    step = -(-len(values) // WIDTH)
    shown = values[::-1][::step][::-1]
    finite = [value for value in shown if abs(value) < float("inf")]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((value - low) * scale)] if value in finite else "?" for value in shown)
