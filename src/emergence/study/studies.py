"""The studies in a folder: each leaves the parameters that it was last made with beside its results."""

from pathlib import Path

import yaml

from emergence.core.files import write_text
from emergence.parameters import Parameters
from emergence.parameters.reading import read
from emergence.study import layout

WITHOUT_EFFECT = {"compute"}
"""Sections on which no result depends."""


def leave(parameters: Parameters, folder: Path = Path()) -> None:
    """Leave the parameters of a study beside its results: they say which runs it uses."""
    values = parameters.model_dump(mode="json", exclude=WITHOUT_EFFECT)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
    file = folder / layout.parameters(parameters.study.name)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        write_text(file, text)


def present(folder: Path) -> list[str]:
    """Return the names of the studies in a folder."""
    return sorted(path.name for path in (folder / layout.STUDIES).glob("*/"))


def parameters_of(study: str, folder: Path) -> Parameters:
    """Return the parameters that a study left; ParametersError where it left none, or none that can be read."""
    return read(folder / layout.parameters(study))
