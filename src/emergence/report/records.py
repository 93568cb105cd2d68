"""What is known of the jobs of a study: the files that they made, their keys, and how long they took."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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

    @property
    def step(self) -> str:
        """The rule's name as words."""
        return in_words(self.rule)


@dataclass(frozen=True)
class RuleTime:
    """Times of one rule: jobs with a record, their seconds in sum and at most, and the highest memory use in MiB."""

    rule: str
    jobs: int
    total: float
    longest: float
    memory: float | None

    @property
    def step(self) -> str:
        """The rule's name as words."""
        return in_words(self.rule)


def in_words(rule: str) -> str:
    """Return the name of a rule as words.

    >>> in_words("train_networks")
    'train networks'
    """
    return rule.replace("_", " ")


def read_records(entries: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Read the jobs that a manifest lists."""
    return [Record(**{**entry, "files": tuple(entry["files"])}) for entry in entries]


def keys(records: Iterable[Record]) -> dict[str, str]:
    """Return the key of each file."""
    return {file: record.key for record in records for file in record.files}


def times(records: Iterable[Record], root: Path = Path()) -> list[RuleTime]:
    """Sum up the times that were noted below a folder, per rule.

    A job has none where its result came from elsewhere.
    """
    noted: dict[str, list[tuple[float, float | None]]] = {}
    for record in records:
        file = root / record.timing
        if file.is_file():
            noted.setdefault(record.rule, []).append(_read(file))
    return [_sum_up(rule, of_rule) for rule, of_rule in noted.items()]


def _read(file: Path) -> tuple[float, float | None]:
    """Return seconds and MiB of the last run of a job; jobs too short to be observed have no memory use."""
    with file.open(encoding="utf-8", newline="") as text:
        *_, row = csv.DictReader(text, delimiter="\t")
    try:
        return float(row["s"]), float(row["max_rss"])
    except ValueError:
        return float(row["s"]), None


def _sum_up(rule: str, noted: list[tuple[float, float | None]]) -> RuleTime:
    seconds = [time for time, _ in noted]
    memory = [used for _, used in noted if used is not None]
    return RuleTime(rule, len(noted), sum(seconds), max(seconds), max(memory, default=None))
