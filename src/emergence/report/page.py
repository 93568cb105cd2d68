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
from emergence.figures._inputs import Runs
from emergence.parameters import Parameters
from emergence.report import wording
from emergence.report.surfaces import surfaces_fragment
from emergence.report.timings import RuleTime
from emergence.report.versions import PACKAGE, versions

TEMPLATE = "report.html"
STYLE = "report.css"

VERDICTS = {"supported": "✓", "contradicted": "✗", "inconclusive": "?"}
"""Verdicts, each with the sign that stands beside it."""

PHRASES = {
    "supported": ("support", "the claim that"),
    "contradicted": ("contradict", "the claim that"),
    "inconclusive": ("leave open", "whether"),
}
"""Verdicts in the order of the summary, each with how it is said there."""

WRITERS = (
    wording.number,
    wording.effect,
    wording.p_value,
    wording.bound,
    wording.duration,
    wording.percent,
    wording.listing,
    wording.lower_first,
    wording.tally,
    wording.name_of_test,
    wording.with_values,
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
    claims: Mapping[str, Any],
    figures: Iterable[Path],
    parameters: Parameters,
    timings: list[RuleTime],
    landscapes: Runs | None = None,
) -> str:
    """Return the report as one HTML page that refers to no other file.

    `claims` is the content of ``claims.json``; `figures` are PNG files named after their figures; `landscapes` are
    shown as surfaces to turn. Raises ValueError for a file that is not a figure of the catalogue or not a PNG file.
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
        several_decide=any(
            other["role"] == "decides" for claim in claims.values() for other in claim["further"].values()
        ),
        pictures=_pictures(figures, settings),
        surfaces=surfaces_fragment(landscapes or {}, parameters.figures.colour_map),
        study=parameters,
        settings=yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100),
        versions=versions(),
        package=PACKAGE,
        timings=timings,
    )


def verdict_phrases(claims: Mapping[str, Any]) -> list[str]:
    """Say what the results do with the claims, a phrase per verdict.

    >>> grows = {"statement": "Emergence grows.", "verdict": "inconclusive"}
    >>> falls = {"statement": "Emergence falls.", "verdict": "supported"}
    >>> verdict_phrases({"C1": grows, "C2": falls})
    ['support the claim that emergence falls (C2)', 'leave open whether emergence grows (C1)']
    """
    phrases = []
    for verdict, (verb, conjunction) in PHRASES.items():
        found = [
            f"{conjunction} {wording.lower_first(claim['statement']).rstrip('.')} ({name})"
            for name, claim in claims.items()
            if claim["verdict"] == verdict
        ]
        if found:
            phrases.append(f"{verb} {wording.listing(found)}")
    return phrases


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
