"""The studies in a folder: each leaves the parameters that it was last made with beside its results."""

import hashlib
from contextlib import suppress
from pathlib import Path

import yaml

from emergence.core.files import write_text
from emergence.parameters import Parameters
from emergence.parameters.reading import ParametersError, read
from emergence.study import layout

WITHOUT_EFFECT = {"compute"}
"""Sections on which no result depends."""


def leave(parameters: Parameters, folder: Path = Path()) -> None:
    """Leave the parameters of a study beside its results: they say which runs it uses.

    The file can be laid over ``params.yaml``. Its first line is the SHA-256 of what follows.
    """
    values = parameters.model_dump(mode="json", exclude=WITHOUT_EFFECT)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
    file, sealed = folder / layout.parameters(parameters.study.name), f"{_seal(text.encode())}\n{text}"
    if not file.is_file() or file.read_bytes() != sealed.encode():
        write_text(file, sealed)


def present(folder: Path) -> list[str]:
    """Return the names of the studies in a folder."""
    return sorted(path.name for path in (folder / layout.STUDIES).glob("*/"))


def parameters_of(study: str, folder: Path) -> Parameters:
    """Return the parameters that a study left; ParametersError where they are not there as they were left."""
    file, content = folder / layout.parameters(study), b""
    with suppress(OSError):
        content = file.read_bytes()
    seal, _, text = content.partition(b"\n")
    if seal != _seal(text).encode():
        raise ParametersError(f"{file}: is missing or damaged, so what the study uses is unknown: make the study anew")
    return read(file)


def _seal(text: bytes) -> str:
    return f"# sha256 {hashlib.sha256(text).hexdigest()}"
