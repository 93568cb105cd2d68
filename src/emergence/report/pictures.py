"""The figures as the page shows them, each in the section that it belongs to."""

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emergence.figures import SECTIONS, Entry, catalogue

BEGINNINGS = {".png": b"\x89PNG\r\n\x1a\n", ".gif": b"GIF89a"}
"""First bytes of files of pictures, by their suffix."""


@dataclass(frozen=True)
class Picture:
    """A figure as the page shows it: `uri` and `animation` hold whole PNG and GIF files; sizes are in CSS pixels."""

    number: int
    name: str
    title: str
    caption: str
    alternative: str
    sections: tuple[str, ...]
    uri: str
    width: int
    height: int
    animation: str | None


def read_pictures(files: Iterable[Path], settings: Mapping[str, Any]) -> list[Picture]:
    """Read files named after their figures, a PNG of each and a GIF of some, numbered in the order of the report.

    Raises ValueError for a file that is not a figure of the catalogue or not what its suffix says.
    """
    known = catalogue(settings["figures"]["own"])
    by_name: dict[str, dict[str, bytes]] = {}
    for file in files:
        if file.stem not in known:
            raise ValueError(f"{file}: no figure has this name; there are {', '.join(known)}")
        by_name.setdefault(file.stem, {})[file.suffix] = _content(file)
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


def _content(file: Path) -> bytes:
    content = file.read_bytes()
    if not content.startswith(BEGINNINGS[file.suffix]):
        raise ValueError(f"{file} is not a {file.suffix[1:].upper()} file")
    return content


def _picture(number: int, contents: Mapping[str, bytes], entry: Entry, settings: Mapping[str, Any]) -> Picture:
    uris = {form: f"data:image/{form[1:]};base64,{base64.b64encode(data).decode()}" for form, data in contents.items()}
    pixels = struct.unpack(">II", contents[".png"][16:24])
    width, height = (round(96 * side / settings["figures"]["dpi"]) for side in pixels)
    return Picture(
        number=number,
        name=entry.name,
        title=entry.title,
        caption=entry.caption_for(settings),
        alternative=entry.alternative,
        sections=entry.sections,
        uri=uris[".png"],
        width=width,
        height=height,
        animation=uris.get(".gif"),
    )
