"""How long the jobs of each rule took, from the files that Snakemake's `benchmark` writes."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RuleTime:
    """Times of one rule: jobs with a record, their seconds in sum and at most, and the highest memory use in MiB."""

    rule: str
    jobs: int
    total: float
    longest: float
    memory: float | None

    @property
    def name(self) -> str:
        """The rule's name as words.

        >>> RuleTime("train_networks", 2, 20.0, 12.0, 300.0).name
        'train networks'
        """
        return self.rule.replace("_", " ")


def read_timings(entries: Iterable[Mapping[str, str]]) -> list[RuleTime]:
    """Sum up the records that exist; each entry names the `rule` and the `file` of a job.

    A job has no record where its result came from elsewhere.
    """
    records: dict[str, list[tuple[float, float | None]]] = {}
    for entry in entries:
        file = Path(entry["file"])
        if file.is_file():
            records.setdefault(entry["rule"], []).append(_read(file))
    return [_sum_up(rule, of_rule) for rule, of_rule in records.items()]


def _read(file: Path) -> tuple[float, float | None]:
    """Return seconds and MiB of the last run of a job; jobs too short to be observed have no memory use."""
    with file.open(encoding="utf-8", newline="") as text:
        *_, row = csv.DictReader(text, delimiter="\t")
    try:
        return float(row["s"]), float(row["max_rss"])
    except ValueError:
        return float(row["s"]), None


def _sum_up(rule: str, records: list[tuple[float, float | None]]) -> RuleTime:
    seconds = [time for time, _ in records]
    memory = [used for _, used in records if used is not None]
    return RuleTime(rule, len(records), sum(seconds), max(seconds), max(memory, default=None))
