"""Records of the jobs of a study: their files, keys and times."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Record:
    """A job: its `files`, and the key that says what they are made from; `timing` is the file of its benchmark."""

    rule: str
    name: str
    key: str
    files: tuple[str, ...]
    timing: str


@dataclass(frozen=True)
class RuleTime:
    """Times of one rule: jobs with a record, their seconds in sum and at most, and the highest memory use in MiB."""

    rule: str
    jobs: int
    total: float
    longest: float
    memory: float | None


def read_records(entries: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Read the jobs that a manifest lists."""
    return [Record(**{**entry, "files": tuple(entry["files"])}) for entry in entries]


def keys(records: Iterable[Record]) -> dict[str, str]:
    """Return the key of each file."""
    return {file: record.key for record in records for file in record.files}


def times(records: Iterable[Record], root: Path = Path()) -> list[RuleTime]:
    """Sum up the times that were noted below a folder, per rule.

    A job has none where its result came from elsewhere, or where what was noted cannot be read.
    """
    noted: dict[str, list[tuple[float, float | None]]] = {}
    for record in records:
        if found := _read(root / record.timing):
            noted.setdefault(record.rule, []).append(found)
    summed = []
    for rule, of_rule in noted.items():
        seconds = [time for time, _ in of_rule]
        memory = [used for _, used in of_rule if used is not None]
        summed.append(RuleTime(rule, len(of_rule), sum(seconds), max(seconds), max(memory, default=None)))
    return summed


def _read(file: Path) -> tuple[float, float | None] | None:
    """Return seconds and MiB of the last run of a job, where they are known.

    Jobs too short to be observed have no memory use.
    """
    try:
        with file.open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text, delimiter="\t"))
    except (OSError, ValueError, csv.Error):
        return None
    seconds, memory = (_number(rows[-1].get(column)) if rows else None for column in ("s", "max_rss"))
    return None if seconds is None else (seconds, memory)


def _number(text: str | None) -> float | None:
    """Return what a cell says, where it is a number that a time or a size can be."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < inf else None
