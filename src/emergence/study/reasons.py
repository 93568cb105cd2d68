"""Why jobs are to be done: each is compared, in parameters and functions, with the one last made in its place."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from emergence.core.seals import read_sealed
from emergence.parameters.base import flat
from emergence.study.job_files import settings_of
from emergence.study.jobs import Job
from emergence.study.layout import job_file
from emergence.study.plan import Plan, digests_of

NEW = "not made before"
FOLLOWS = "reads what is made anew"
ABSENT = "files are missing, or not as they were made"
SHOWN = 3
"""Differences of a kind that are named; the others are counted."""


def reasons(plan: Plan, to_do: Collection[Job], folder: Path) -> dict[str, str]:
    """Say for each rule why its jobs are to do, in a line; `folder` holds what was made before."""
    found: dict[str, Counter[str]] = {}
    for job in to_do:
        found.setdefault(job.rule, Counter()).update(reasons_of(plan, job, folder) or [FOLLOWS])
    return {rule: _line(counted) for rule, counted in found.items()}


def reasons_of(plan: Plan, job: Job, folder: Path) -> list[str]:
    """Return what differs between a job and the last one that had its rule and name, other than what it reads."""
    if (folder / job_file(job.rule, job.key)).is_file():
        return [ABSENT]
    before = _before(job, folder)
    if before is None:
        return [NEW]
    settings = _differences(flat(before["settings"]), flat(settings_of(job)))
    derived = _differences(flat(before["derived"]), flat(json.loads(json.dumps(dict(job.derived)))))
    code = digests_of(plan.root).changed(before["code"], job.code)
    return [*settings, *derived, *(f"{name} changed" for name in code)]


def _before(job: Job, folder: Path) -> Mapping[str, Any] | None:
    """The content of the file of the job that was last begun in the place of this one."""
    logs = (folder / job.notes["log"]).parent.glob("*.log")
    for log in sorted(logs, key=lambda log: log.stat().st_mtime, reverse=True):
        with suppress(OSError, KeyError, TypeError):
            content: Mapping[str, Any] = read_sealed(folder / job_file(job.rule, log.stem))
            return {name: content[name] for name in ("settings", "derived", "code")}
    return None


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key):
            yield f"{key}: {_short(before.get(key))} -> {_short(now.get(key))}"


def _short(value: object) -> str:
    """A value in at most 20 characters."""
    text = "none" if value is None else str(value)
    return text if len(text) <= 20 else f"{text[:19]}…"


def _line(counted: Counter[str]) -> str:
    own = [reason for reason, _ in counted.most_common() if reason != FOLLOWS] or [FOLLOWS]
    more = f"; {len(own) - SHOWN} more differences" if len(own) > SHOWN else ""
    return "; ".join(own[:SHOWN]) + more
