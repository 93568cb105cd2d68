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
        """The rule's name as words.

        >>> Record("train_networks", "digits/mlp/dense/seeds~0-7", "3fa9", (), "").step
        'train networks'
        """
        return self.rule.replace("_", " ")


@dataclass(frozen=True)
class RuleTime:
    """Times of one rule: jobs with a record, their seconds in sum and at most, and the highest memory use in MiB."""

    step: str
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


def times(records: Iterable[Record]) -> list[RuleTime]:
    """Sum up the times that were noted, per rule.

    A job has none where its result came from elsewhere.
    """
    noted: dict[str, list[tuple[float, float | None]]] = {}
    for record in records:
        file = Path(record.timing)
        if file.is_file():
            noted.setdefault(record.step, []).append(_read(file))
    return [_sum_up(step, of_step) for step, of_step in noted.items()]


def _read(file: Path) -> tuple[float, float | None]:
    """Return seconds and MiB of the last run of a job; jobs too short to be observed have no memory use."""
    with file.open(encoding="utf-8", newline="") as text:
        *_, row = csv.DictReader(text, delimiter="\t")
    try:
        return float(row["s"]), float(row["max_rss"])
    except ValueError:
        return float(row["s"]), None


def _sum_up(step: str, noted: list[tuple[float, float | None]]) -> RuleTime:
    seconds = [time for time, _ in noted]
    memory = [used for _, used in noted if used is not None]
    return RuleTime(step, len(noted), sum(seconds), max(seconds), max(memory, default=None))
