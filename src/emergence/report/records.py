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
    by_rule: dict[str, list[dict[str, float]]] = {}
    for record in records:
        if (found := noted(root / record.timing)) and "s" in found:
            by_rule.setdefault(record.rule, []).append(found)
    summed = []
    for rule, of_rule in by_rule.items():
        seconds = [found["s"] for found in of_rule]
        memory = [found["max_rss"] for found in of_rule if "max_rss" in found]
        summed.append(RuleTime(rule, len(of_rule), sum(seconds), max(seconds), max(memory, default=None)))
    return summed


def noted(file: Path) -> dict[str, float]:
    """Return what was noted of the last run of a job, by column, as far as it is a number that it can be.

    Jobs too short to be observed have no memory use.
    """
    try:
        with file.open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text, delimiter="\t"))
    except (OSError, ValueError, csv.Error):
        return {}
    cells = rows[-1].items() if rows else ()
    return {str(column): value for column, cell in cells if (value := _number(cell)) is not None}


def _number(cell: object) -> float | None:
    """Return what a cell says, where it is a number that a time or a size can be."""
    try:
        value = float(str(cell))
    except ValueError:
        return None
    return value if 0 <= value < inf else None
