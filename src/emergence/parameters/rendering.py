"""Writing parameters: the commented ``params.yaml`` and its JSON schema, both made from the typed models."""

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from emergence.parameters import Parameters
from emergence.parameters.base import Section

SCHEMA_FILE = "workflow/params.schema.json"


def as_yaml(parameters: Parameters) -> str:
    """Render parameters as YAML with each key's description above it.

    >>> print(as_yaml(Parameters())[:59])
    # yaml-language-server: $schema=workflow/params.schema.json
    """
    lines = [f"# yaml-language-server: $schema={SCHEMA_FILE}", "# All parameters of the study."]
    for name in type(parameters).model_fields:
        section = getattr(parameters, name)
        lines += ["", *_comment(section, 0), f"{name}:", *_fields(section, 2)]
    return "\n".join(lines) + "\n"


def as_schema() -> str:
    """Render the JSON schema that editors use to check and complete ``params.yaml``."""
    return json.dumps(Parameters.model_json_schema(), indent=2) + "\n"


def _fields(section: Any, indent: int) -> Iterator[str]:
    if isinstance(section, Mapping):
        for name, value in section.items():
            yield from _field(name, value, indent)
        return
    for name, field in type(section).model_fields.items():
        if field.description:
            yield f"{' ' * indent}# {field.description}"
        yield from _field(name, getattr(section, name), indent)


def _field(name: str, value: Any, indent: int) -> Iterator[str]:
    space = " " * indent
    if isinstance(value, Section):
        yield from _comment(value, indent)
        yield f"{space}{name}:"
        yield from _fields(value, indent + 2)
    elif isinstance(value, dict) and value:
        yield f"{space}{name}:"
        yield from _fields(value, indent + 2)
    else:
        text = yaml.safe_dump(value, default_flow_style=True, width=100_000).removesuffix("\n").removesuffix("\n...")
        yield f"{space}{name}: {text}"


def _comment(section: Any, indent: int) -> list[str]:
    described = inspect.getdoc(type(section)) if isinstance(section, Section) else None
    return [f"{' ' * indent}# {described.splitlines()[0]}"] if described else []
