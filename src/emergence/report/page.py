"""Filling the page's template."""

import base64
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emergence.figures import Entry, catalogue
from emergence.parameters import Parameters
from emergence.report import wording
from emergence.report.timings import RuleTime
from emergence.report.versions import PACKAGE, versions

TEMPLATE = "report.html"
STYLE = "report.css"

VERDICTS = {"supported": "✓", "contradicted": "✗", "inconclusive": "?"}
"""Verdicts in the order of the summary, each with the sign that stands beside it."""

WRITERS = (
    wording.number,
    wording.effect,
    wording.p_value,
    wording.bound,
    wording.duration,
    wording.percent,
    wording.listing,
    wording.lower_first,
)


@dataclass(frozen=True)
class Picture:
    """A figure as the page shows it: `uri` holds the whole PNG file; sizes are in CSS pixels."""

    name: str
    title: str
    caption: str
    alternative: str
    uri: str
    width: int
    height: int


def make_page(
    claims: Mapping[str, Any], figures: Iterable[Path], parameters: Parameters, timings: list[RuleTime]
) -> str:
    """Return the report as one HTML page that refers to no other file.

    `claims` is the content of ``claims.json``; `figures` are PNG files named after their figures. Raises ValueError for
    a file that is not a figure of the catalogue or not a PNG file.
    """
    directory = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(directory),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({writer.__name__: writer for writer in WRITERS})
    settings = parameters.model_dump(mode="json", exclude={"compute"})
    return environment.get_template(TEMPLATE).render(
        style=(directory / STYLE).read_text(encoding="utf-8"),
        claims=claims,
        verdicts=VERDICTS,
        judged=verdict_phrases(claims),
        pictures=_pictures(figures, settings),
        study=parameters,
        settings=yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100),
        versions=versions(),
        package=PACKAGE,
        timings=timings,
    )


def verdict_phrases(claims: Mapping[str, Any]) -> list[str]:
    """Say in words which claims got each verdict.

    >>> found = {"C1": "supported", "C4": "supported", "C5": "contradicted"}
    >>> verdict_phrases({name: {"verdict": verdict} for name, verdict in found.items()})
    ['C1 and C4 are supported', 'C5 is contradicted']
    """
    found = {verdict: [name for name, claim in claims.items() if claim["verdict"] == verdict] for verdict in VERDICTS}
    return [
        f"{wording.listing(names)} {'is' if len(names) == 1 else 'are'} {verdict}"
        for verdict, names in found.items()
        if names
    ]


def _pictures(files: Iterable[Path], settings: Mapping[str, Any]) -> list[Picture]:
    """Return the figures in the order of the catalogue."""
    known = catalogue()
    by_name = {file.stem: file for file in files}
    strange = sorted(set(by_name) - set(known))
    if strange:
        raise ValueError(f"{by_name[strange[0]]}: no figure has this name; there are {', '.join(known)}")
    return [_picture(by_name[name], entry, settings) for name, entry in known.items() if name in by_name]


def _picture(file: Path, entry: Entry, settings: Mapping[str, Any]) -> Picture:
    content = file.read_bytes()
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError(f"{file} is not a PNG file")
    pixels = struct.unpack(">II", content[16:24])
    width, height = (round(96 * side / settings["figures"]["dpi"]) for side in pixels)
    uri = "data:image/png;base64," + base64.b64encode(content).decode()
    return Picture(
        entry.name, entry.title, entry.caption_for(settings), entry.alternative, uri, width=width, height=height
    )
