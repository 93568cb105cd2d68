"""The figures as the page shows them, each in the section that it belongs to."""

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emergence.figures import SECTIONS, Entry, catalogue

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """A figure as the page shows it: `uri` holds the whole PNG file; sizes are in CSS pixels."""

    number: int
    name: str
    title: str
    caption: str
    alternative: str
    sections: tuple[str, ...]
    uri: str
    width: int
    height: int


def read_pictures(files: Iterable[Path], settings: Mapping[str, Any]) -> list[Picture]:
    """Read PNG files named after their figures, numbered in the order of the report.

    Raises ValueError for a file that is not a figure of the catalogue or not a PNG file.
    """
    known = catalogue()
    by_name = {file.stem: file for file in files}
    strange = sorted(set(by_name) - set(known))
    if strange:
        raise ValueError(f"{by_name[strange[0]]}: no figure has this name; there are {', '.join(known)}")
    entries = sorted(
        (entry for name, entry in known.items() if name in by_name),
        key=lambda entry: SECTIONS.index(entry.sections[0]),
    )
    return [_picture(number, by_name[entry.name], entry, settings) for number, entry in enumerate(entries, 1)]


def standing_in(section: str, pictures: Sequence[Picture]) -> list[Picture]:
    """Return the figures that stand in a section."""
    return [picture for picture in pictures if picture.sections[0] == section]


def referred_to(section: str, pictures: Sequence[Picture]) -> list[Picture]:
    """Return the figures that belong to a section but stand in another."""
    return [picture for picture in pictures if section in picture.sections[1:]]


def _picture(number: int, file: Path, entry: Entry, settings: Mapping[str, Any]) -> Picture:
    content = file.read_bytes()
    if content[: len(PNG)] != PNG:
        raise ValueError(f"{file} is not a PNG file")
    pixels = struct.unpack(">II", content[16:24])
    width, height = (round(96 * side / settings["figures"]["dpi"]) for side in pixels)
    return Picture(
        number=number,
        name=entry.name,
        title=entry.title,
        caption=entry.caption_for(settings),
        alternative=entry.alternative,
        sections=entry.sections,
        uri="data:image/png;base64," + base64.b64encode(content).decode(),
        width=width,
        height=height,
    )
