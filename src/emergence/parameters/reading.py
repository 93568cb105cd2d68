"""Reading parameters: all mistakes are told at once, with file, key, value, what is allowed and the nearest name."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from emergence.parameters import Parameters
from emergence.parameters.base import dotted, overlay
from emergence.parameters.checks.fitting import EXCESSES, MISFITS
from emergence.parameters.checks.naming import MISNOMERS
from emergence.parameters.messages import Key, explain
from emergence.parameters.yaml_files import ParametersError, load_yaml

__all__ = ["ParametersError", "check", "load_yaml", "read"]

COMMAND_LINE = "--config"


def read(*files: Path, given: Mapping[str, Any] | None = None) -> Parameters:
    """Read parameters from YAML files, and those `given` on the command line.

    Values of later files replace those of earlier ones, key by key, and what is given replaces them all.
    """
    values: dict[str, Any] = {}
    for content in (*map(load_yaml, files), given or {}):
        overlay(values, content)
    return check(values, files, given)


def check(values: Mapping[str, Any], files: Sequence[Path] = (), given: Mapping[str, Any] | None = None) -> Parameters:
    """Turn plain values into parameters.

    `files` are those that the values came from, and `given` what the command line added, for the messages. Raises
    ParametersError.

    >>> check({"data": {"test_fraction": 2}})
    Traceback (most recent call last):
    emergence.parameters.yaml_files.ParametersError: parameters: data.test_fraction = 2: input should be less than 1
    """
    try:
        parameters = Parameters.model_validate(values)
    except ValidationError as error:
        mistakes = explain(error.errors())
    else:
        mistakes = []
        for kind in (MISNOMERS, EXCESSES, MISFITS):  # each takes for granted what those before it look at
            mistakes = mistakes or [told for find in kind for told in find(parameters)]
    if mistakes:
        sources = [*((str(file), load_yaml(file)) for file in files), (COMMAND_LINE, given or {})]
        raise ParametersError(
            "\n".join(f"{_source(key, text, sources)}: {dotted(key)}{text}" for key, text in mistakes)
        )
    return parameters


def _source(key: Key, text: str, sources: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Name the last source that holds the key, or as much of it as any does.

    The text of a mistake in how several values go together begins with the key of one of them.
    """
    named = re.match(r"[: ]*([a-z_]+(\.[a-z_]+)*)", text)
    wanted: Key = (*key, *(str(named[1]).split(".") if named else ()))
    for length in range(len(wanted), 0, -1):
        holders = [source for source, content in sources if _holds(content, wanted[:length])]
        if holders:
            return holders[-1]
    return ", ".join(name for name, content in sources if content) or "parameters"


def _holds(value: Any, key: Key) -> bool:
    for part in key:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif not (isinstance(value, list) and isinstance(part, int) and part < len(value)):
            return False
    return True
