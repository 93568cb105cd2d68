"""What is kept of a study of testbeds, docs/scoreboard.json, and the tables of docs/scoreboard.md made from it."""

import json
import shutil
from itertools import chain
from pathlib import Path

import xarray as xr

from emergence.core.files import write_json
from emergence.core.storage import read_dataset
from emergence.findings.entry import Entry
from emergence.findings.marks import between
from emergence.findings.page import make_environment
from emergence.parameters.base import Section
from emergence.statistics.estimate import finite_or_none
from emergence.statistics.standings import seen_by_testbed, short_names, standings
from emergence.study import layout

FILE, PAGE, IMAGES = Path("docs/scoreboard.json"), Path("docs/scoreboard.md"), Path("docs/images")
PICTURES = ("scoreboard", "scoreboard_readings")
MARK = "scoreboard"

DIGITS = 6
"""Significant digits of numbers that are kept."""


class Standing(Section):
    """A measure's row, see `emergence.statistics.standings.standings`; `by_testbed` says 2 of 5."""

    measure: str
    by_testbed: dict[str, str]
    seen: int
    transitions: int
    score: float | None
    alarms: int
    controls: int
    alarm_low: float | None
    alarm_high: float | None
    lead: float | None
    lead_low: float | None
    lead_high: float | None
    detectable: float | None
    passes: float | None


class Board(Section):
    """The scoreboard of a study; `readings` are detections (2 of 5) by what is counted, criterion and threshold."""

    study: str
    command: str
    revision: str
    cpu_hours: float
    seeds: int
    confidence: float
    standings: list[Standing]
    readings: dict[str, dict[str, dict[str, str]]]

    @property
    def thresholds(self) -> list[str]:
        """The thresholds of all readings, in order."""
        every = chain.from_iterable(cells for by_criterion in self.readings.values() for cells in by_criterion.values())
        return sorted(set(every), key=float)


def file_of(study: str) -> Path:
    """Return where the scoreboard of a study in the working folder lies, whether there is one or not."""
    return Path(layout.STUDY_FOLDER.format(study=study)) / "statistics" / "scoreboard.nc"


def standings_of(scoreboard: xr.Dataset, confidence: float) -> list[Standing]:
    """Return the rows of a scoreboard, the best score first, with rounded numbers."""
    by_testbed = {str(name): dict(row) for name, row in seen_by_testbed(scoreboard).iterrows()}
    return [
        Standing(
            by_testbed=by_testbed[row["measure"]],
            **{str(key): _rounded(value) if isinstance(value, float) else value for key, value in row.items()},
        )
        for row in standings(scoreboard, confidence).reset_index().to_dict("records")
    ]


def readings_of(scoreboard: xr.Dataset) -> dict[str, dict[str, dict[str, str]]]:
    """Return how many transitions each reading detects, of those that all seeds go through."""
    seen = scoreboard["reading_seen"]
    known, hits = (found.sum(["experiment", "skill"]) for found in (seen.notnull(), seen == 1))
    found: dict[str, dict[str, dict[str, str]]] = {}
    for at in known.where(known > 0).stack(cell=("counted", "criterion", "threshold")).dropna("cell")["cell"].values:
        place = dict(zip(("counted", "criterion", "threshold"), at, strict=True))
        cell = f"{int(hits.sel(place))} of {int(known.sel(place))}"
        found.setdefault(at[0], {}).setdefault(at[1], {})[f"{at[2]:g}"] = cell
    return found


def add(entry: Entry, root: Path) -> list[Path]:
    """Keep the scoreboard of a study in the working folder, with its pictures; return the paths below `root`."""
    data, made = read_dataset(file_of(entry.name)), entry.study
    board = Board(
        study=entry.name,
        command=made.command,
        revision=made.revision,
        cpu_hours=made.cpu_hours,
        seeds=made.seeds,
        confidence=made.confidence,
        standings=standings_of(data, made.confidence),
        readings=readings_of(data),
    )
    write_json(root / FILE, board.model_dump(mode="json"))
    figures = Path(layout.STUDY_FOLDER.format(study=entry.name)) / "figures" / "svg"
    for name in PICTURES:
        shutil.copyfile(figures / f"{name}.svg", root / IMAGES / f"{name}.svg")
    return [FILE, *(IMAGES / f"{name}.svg" for name in PICTURES)]


def files(root: Path) -> dict[Path, str]:
    """Return the page with the tables of what is kept below `root`; nothing where no scoreboard is."""
    if not (root / FILE).is_file():
        return {}
    board = Board.model_validate(json.loads((root / FILE).read_text(encoding="utf-8")))
    return {PAGE: between((root / PAGE).read_text(encoding="utf-8"), MARK, tables(board), PAGE)}


def tables(board: Board) -> str:
    """Write the standings and the readings as tables of Markdown."""
    environment = make_environment()
    environment.filters.update(digits=_digits, in_percent=_percent, range=_range, short_names=short_names)
    return environment.get_template("scoreboard.md.jinja").render(board=board)


def _rounded(value: float) -> float | None:
    return finite_or_none(float(f"{value:.{DIGITS}g}"))


def _digits(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{100 * low:.0f}, {100 * high:.0f}]"
