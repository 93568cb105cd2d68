"""The report's fixed texts, read from the files beside this module."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Section:
    """A section beside those of the claims, and what stands at its head."""

    title: str
    text: str


@dataclass(frozen=True)
class Request:
    """What a reviewer asked for, what answers it, and the sections (identifiers in the page) where it does."""

    asked: str
    answer: str
    sections: tuple[str, ...]


def sections() -> dict[str, Section]:
    """Return the sections beside those of the claims, in the order of the report.

    >>> sections()["robustness"].title
    'Choices of what counts as active'
    """
    return {name: Section(**section) for name, section in _read("sections.yaml").items()}


def requests() -> dict[str, Request]:
    """Return the reviewers' requests by their names.

    >>> requests()["R3"].sections
    ('robustness',)
    """
    entries = _read("requests.yaml").items()
    return {name: Request(entry["asked"], entry["answer"], tuple(entry["sections"])) for name, entry in entries}


def glossary() -> dict[str, dict[str, str]]:
    """Return what names in ``params.yaml`` stand for, by kind.

    >>> glossary()["methods"]["random_weights"]
    'removes weights at random, the control for every criterion'
    """
    found: dict[str, dict[str, str]] = _read("glossary.yaml")
    return found


@cache
def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return content
