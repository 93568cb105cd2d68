"""The report's fixed texts, read from the files beside this module."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml


def sections() -> dict[str, dict[str, str]]:
    """Return `title` and `text` of the sections beside those of the claims, in the order of the report.

    >>> sections()["robustness"]["title"]
    'Choices of what counts as active'
    """
    return _read("sections.yaml")


def requests() -> dict[str, dict[str, Any]]:
    """Return the reviewers' requests: what is `asked`, the `answer`, and the `sections` of the page that give it.

    >>> requests()["R3"]["sections"]
    ['robustness']
    """
    return _read("requests.yaml")


def glossary() -> dict[str, dict[str, str]]:
    """Return the meanings of names in ``params.yaml``, by kind.

    >>> glossary()["methods"]["random_weights"]
    'removes weights at random, the control for every criterion'
    """
    return _read("glossary.yaml")


@cache
def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return content
