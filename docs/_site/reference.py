"""The pages of the reference, made from docstrings, models of parameters, commands and figures."""

import ast
import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from emergence.core.plugins import available
from emergence.figures import catalogue
from emergence.parameters import Parameters

LIBRARY = Path(__file__).parents[2] / "src" / "emergence"

NAMED = {
    "networks": ("Networks", "`networks.NAME.builder`"),
    "datasets": ("Built-in data sets", "`study.experiments`"),
    "data_kinds": ("Kinds of data sets", "`data.sets.NAME.kind`"),
    "measures": ("Measures", "`measures.names`"),
    "pruning": ("Pruning methods", "`pruning.methods`"),
    "controls": ("Controls", "the figure and section on controls"),
}
"""Rooms of which each file is a part of the workflow, named as the file: heading, and where it is named."""

TYPES = {
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "null": "`null`",
    "number": "number",
    "object": "keys and values",
    "string": "text",
}
"""How the reference calls what JSON's schema does."""

OF_SCRIPTS = {"emergence.jobs"}
"""Rooms that only the scripts of the workflow use."""


def pages() -> dict[str, str]:
    """Return the pages by name."""
    public = {name: _module(name) for name in public_modules()}
    return {**public, "params": _params(), "parts": _parts(), "commands": _commands(), "figures": _figures()}


def public_modules() -> list[str]:
    """Return the modules that name what is public in them, in `__all__`, and that users import."""
    files = (file for file in LIBRARY.rglob("__init__.py") if "__all__ = [" in file.read_text("utf-8"))
    return sorted({".".join(file.parent.relative_to(LIBRARY.parent).parts) for file in files} - OF_SCRIPTS)


def _module(name: str) -> str:
    module = import_module(name)
    members = [member for member in getattr(module, "_HOME", module.__all__) if not member.isupper()]
    listed = "".join(f"::: {name}.{member}\n\n" for member in members)
    own = ast.get_docstring(ast.parse((LIBRARY.parent / Path(*name.split(".")) / "__init__.py").read_text("utf-8")))
    return f"# {name}\n\n{own}\n\n{listed}"


def _params() -> str:
    """Describe every key of params.yaml, by section, and of the kinds of networks and data sets."""
    schema = Parameters.model_json_schema()
    text = "# Parameters\n\nAll keys of `params.yaml`. [What is refused, and when](../parameters.md).\n\n"
    for name in schema["properties"]:
        if name == "networks":
            continue
        section = _resolved(schema["properties"][name], schema)
        text += f"## {name}\n\n{section['description']}\n\n{_table(_keys(section, schema))}\n"
    for heading, key in (("networks", "networks"), ("data.sets", "sets")):
        owner = schema if key == "networks" else schema["$defs"]["Data"]
        text += f"## Kinds of {heading}\n\n"
        (kinds,) = owner["properties"][key]["patternProperties"].values()  # by the pattern of names
        for kind in kinds["oneOf"]:
            model = _resolved(kind, schema)
            text += f"### {model['title']}\n\n{model['description'].partition(chr(10))[0]}\n\n"
            text += f"{_table(_keys(model, schema))}\n"
    return text


def _resolved(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return schema["$defs"][field["$ref"].rsplit("/", 1)[1]] if "$ref" in field else field


def _keys(
    section: Mapping[str, Any], schema: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    for name, field in section["properties"].items():
        of_field = _resolved(field, schema)
        if "properties" in of_field:
            yield from _keys(of_field, schema, f"{above}{name}.")
        else:
            default = f"`{json.dumps(field['default'])}`" if "default" in field else ""
            yield f"`{above}{name}`", _allowed(field, schema), default, field.get("description", "")


def _allowed(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Say in words what values a key takes."""
    field = _resolved(field, schema)
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_allowed(part, schema) for part in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_allowed(field.get('items', {}), schema)}"
    bounds = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    told = [f"{word} {field[bound]:,.15g}" for bound, word in bounds.items() if bound in field]
    return ", ".join([TYPES.get(field.get("type", ""), "any"), *told])


def _parts() -> str:
    """List what can be named in params.yaml, with the first line of each file."""
    text = "# Parts of the workflow\n\nEach is one file of the room named beside it, in `src/emergence`.\n\n"
    for room, (heading, where) in NAMED.items():
        rows = ((f"`{name}`", _summary(LIBRARY / room / f"{name}.py")) for name in available(room))
        text += f"## {heading}\n\nRoom `{room}`, named in {where}.\n\n{_table(rows, ('name', 'what it is'))}\n"
    return text


def _summary(file: Path) -> str:
    return (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition("\n\n")[0].replace("\n", " ")


def _commands() -> str:
    """Print the help of every subcommand."""
    text = "# Commands\n\n"
    for name in available("commands"):
        command = import_module(f"emergence.commands.{name}")
        parser = ArgumentParser(
            prog=f"emergence {name}",
            description=command.__doc__,
            formatter_class=lambda prog: RawDescriptionHelpFormatter(prog, width=100),
        )
        command.add_arguments(parser)
        text += f"## emergence {name}\n\n```text\n{parser.format_help()}```\n\n"
    return text


def _figures() -> str:
    """List all figures with what each is drawn from and what it shows."""
    text = "# Figures\n\nA figure is drawn where a study has all that it needs. "
    text += "[Figures of your own](../figures.md) name the same needs.\n\n"
    parameters = Parameters().model_dump()
    for name, entry in catalogue().items():
        needs = ", ".join(f"`{need}`" for need in entry.needs)
        text += f"## {entry.title}\n\n`{name}`, drawn from {needs}.\n\n{entry.caption_for(parameters)}\n\n"
    return text


def _table(rows: Iterator[tuple[str, ...]], head: tuple[str, ...] = ("key", "allowed", "default", "meaning")) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
