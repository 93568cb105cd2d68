"""Filling the page's templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import xarray as xr
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emergence.drawing.catalogue import CLAIMS
from emergence.drawing.inputs import Runs
from emergence.figures import SECTIONS
from emergence.parameters import Parameters
from emergence.report import choices, texts, wording
from emergence.report.abstract import answer, why
from emergence.report.comparisons import TARGETS, conclusions
from emergence.report.evidence import Evidence
from emergence.report.pictures import Picture, read_pictures, referred_to, standing_in
from emergence.report.records import Record, keys, times
from emergence.report.requests import answer as answer_to
from emergence.report.surfaces import surfaces_fragment
from emergence.report.versions import PACKAGE, versions
from emergence.statistics.divergence import diverged_runs, left_out
from emergence.statistics.document import GENERAL, HISTORY
from emergence.statistics.entries import EXPLORATORY
from emergence.statistics.rules import read_rules

FOLDER = Path(__file__).parent
TEMPLATE = "report.html"
FILES_IN_PAGE = ("report.css", "tables.js", "picker.js")

VERDICTS = {"supported": "✓", "contradicted": "✗", "mixed": "±", "inconclusive": "?"}
"""Verdicts, each with the sign that stands beside it."""

WRITERS = (
    wording.number,
    wording.effect,
    wording.p_value,
    wording.bound,
    wording.reach,
    wording.duration,
    wording.percent,
    wording.listing,
    wording.lower_first,
    wording.upper_first,
    wording.tally,
    wording.name_of_test,
    wording.with_values,
    wording.settings,
    choices.of_choices,
    answer,
    why,
)


@dataclass(frozen=True)
class Contents:
    """The inputs of the report.

    `claims` is the content of ``claims.json``; `figures` are PNG and GIF files named after their figures; `records` are
    all jobs of the study; `landscapes` are shown as surfaces to turn; `conclusions` are the files ``robustness``,
    ``rivals``, ``stopping`` and ``scoreboard`` in ``statistics``, as far as they were made; `study`, the joined runs,
    tells which networks diverged; `registration` says how the study stands to the one that it names
    (`emergence.study.registration.standing`), and is empty where it names none; `unfinished`, how much of the study
    there is, and is empty where that is all; `folder`, where the page and the files of the study are to lie.
    """

    claims: Mapping[str, Any]
    figures: Sequence[Path]
    parameters: Parameters
    records: Sequence[Record]
    landscapes: Runs
    conclusions: Mapping[str, xr.Dataset] = field(default_factory=dict)
    study: xr.Dataset | None = None
    registration: Mapping[str, Any] = field(default_factory=dict)
    unfinished: str = ""
    folder: Path = Path()


def make_environment(*folders: Path) -> Environment:
    """Return what fills templates of this room and of further `folders`: its notation, and numbers of tables from 1."""
    environment = Environment(
        loader=FileSystemLoader([*folders, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({writer.__name__: writer for writer in WRITERS})
    tables, supplement = count(1), count(1)
    environment.globals.update(
        verdicts=VERDICTS,
        next_table=lambda main: str(next(tables)) if main else f"S{next(supplement)}",
    )
    return environment


def make_page(contents: Contents) -> str:
    """Return the report as one HTML page that refers to no other file.

    Raises ValueError for a file that is not a figure of the catalogue or not what its suffix says.
    """
    environment = make_environment()
    style, *scripts = ((FOLDER / name).read_text(encoding="utf-8") for name in FILES_IN_PAGE)
    parameters = contents.parameters
    values = parameters.model_dump(mode="json", exclude={"compute"})
    pictures = read_pictures(contents.figures, values)
    surfaces = surfaces_fragment(contents.landscapes, parameters.figures.colour_map)
    sections = texts.sections()
    compared = conclusions(contents.conclusions, parameters.statistics.confidence)
    filled = {*compared, *(picture.sections[0] for picture in pictures), *(["landscape"] if surfaces else [])}
    rules, requests = read_rules(), texts.requests()
    evidence = Evidence(
        contents.claims,
        parameters,
        pictures,
        contents.records,
        contents.conclusions,
        contents.study,
        contents.registration,
    )
    picker = {**choices.picker(contents.conclusions.get("robustness")), "signs": VERDICTS}
    environment.globals.update(
        claims=contents.claims,
        rules=rules.claims,
        level=1 - parameters.statistics.confidence,
        picker=picker,
        drawn=[picture.name for picture in pictures],
        pictures=pictures,
        surfaces=surfaces,
        conclusions=compared,
        targets=TARGETS,
        standing_in={section: standing_in(section, pictures) for section in SECTIONS},
        referred_to={section: referred_to(section, pictures) for section in SECTIONS},
        beyond={name: section for name, section in sections.items() if name in filled},
        absent={name: section for name, section in sections.items() if name not in filled},
        requests=requests,
        answers={name: answer_to(request, evidence) for name, request in requests.items()},
        glossary=texts.glossary(),
        general={title: getattr(rules.general, name) for name, title in GENERAL.items()},
        power=rules.general.power,
        history=HISTORY,
        rule_of_divergence=rules.general.diverged,
        diverged=[] if contents.study is None else diverged_runs(contents.study),
        left_out=(0, 0) if contents.study is None else left_out(contents.study),
        study=parameters,
        partial=contents.unfinished,
        registration=contents.registration,
        standing=contents.registration.get("statement", EXPLORATORY),
        values=yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100),
        records=contents.records,
        folder=contents.folder,
        keys=keys(contents.records),
        times=times(contents.records),
        versions=versions(),
        package=PACKAGE,
    )
    return environment.get_template(TEMPLATE).render(
        style=style,
        scripts=scripts if picker["claims"] else scripts[:1],
        trained=_trained(contents.records),
        shown=_shown(contents.claims, pictures),
    )


def _trained(records: Sequence[Record]) -> int:
    """Number of configurations that were trained, each from all seeds."""
    rules = ("train_networks", "retrain_networks")
    return len({record.name.rpartition("/")[0] for record in records if record.rule in rules})


def _shown(claims: Mapping[str, Any], pictures: Sequence[Picture]) -> list[str]:
    """The claims that have a section: those that were judged, and those that figures belong to."""
    return [name for name in CLAIMS if name in claims or standing_in(name, pictures)]
