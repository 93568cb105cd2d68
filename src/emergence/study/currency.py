"""Which jobs a command has to do: what is asked for and not there as the current parameters and code make it.

Of files in a fixed place their stamp tells that; those in a keyed place, whose name has the key, need only be there.
"""

import json
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path

from emergence.core import stamps
from emergence.study.jobs import Job

CHECKSUMS = "checksums.json"
"""The file in a folder of checkpoints that lists the others."""


def is_done(job: Job, root: Path) -> bool:
    """Tell if the files of a job below `root` are there and, in a fixed place, are those that its stamp speaks for."""
    if job.entry.keyed:
        return all(_is_there(root / file) for file in job.files)
    return stamps.holds(root / job.stamp, root, job.results)


def to_do(jobs: Iterable[Job], asked: Collection[Job], done: Callable[[Job], bool]) -> set[Job]:
    """Return the jobs to do where some are `asked` for: these and all that they need, as far as they are not done.

    `jobs` are all of the plan. What a job makes from files of a fixed place is made anew with them: they may have been
    another's when it was made.
    """
    done, needed, waiting = cache(done), set[Job](), list(asked)
    while waiting:
        job = waiting.pop()
        if job not in needed and not done(job):
            needed.add(job)
            waiting += (source for sources in job.inputs.values() for source in sources)
    fixed = {job for job in needed if not job.entry.keyed}
    return needed | {job for job in jobs if any(fixed.intersection(sources) for sources in job.inputs.values())}


def _is_there(path: Path) -> bool:
    """Tell whether a file is there with content, or a folder with all that it lists."""
    if path.suffix:
        return path.is_file() and path.stat().st_size > 0
    try:
        return all((path / name).is_file() for name in json.loads((path / CHECKSUMS).read_bytes()))
    except (OSError, TypeError, ValueError):
        return path.is_dir() and not any(path.iterdir())
