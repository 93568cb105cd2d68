"""Messages on wrong parameters, with the keys that stand in the file."""

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Tag
from pydantic_core import ErrorDetails

from emergence.core.extras import require
from emergence.core.plugins import unknown
from emergence.parameters import Parameters
from emergence.parameters.base import FUNCTION, NAME, Section
from emergence.parameters.figures import COLOUR
from emergence.parameters.pruning import METHOD
from emergence.parameters.study import EXPERIMENT

require("workflow", "yaml")

import yaml  # noqa: E402

Key = tuple[int | str, ...]

_NAME_RULE = "at most 100 letters (a to z), digits, _, - and dots, the first no - or dot"
_FUNCTION_RULE = "module:function, both in letters, digits and _, the module in full with its dots"

RULES = {
    f"^{NAME}$": _NAME_RULE,
    f"^{FUNCTION}$": _FUNCTION_RULE,
    f"^({NAME}|{FUNCTION})$": f"a name ({_NAME_RULE}), or {_FUNCTION_RULE}",
    METHOD: f"a name ({_NAME_RULE}), or {_FUNCTION_RULE}; behind it @ and a step where one is meant",
    EXPERIMENT: f"data set/network, each {_NAME_RULE}",
    COLOUR: "colours as #0072B2, red, green and blue in hexadecimal",
}
"""Allowed texts, by the pattern that they have to match."""


ENTRIES = {"texts": "text", "parities": "sparse_parity", "languages": "formal_language", "custom": "custom"}
"""Keys of `data` that are no sections of their own: the kind of entries of `data.sets` that each stands for."""


def explain(errors: Iterable[ErrorDetails]) -> list[tuple[Key, str]]:
    """Return a key and what is wrong with its value for each mistake; what all forms of a value miss is one."""
    told: dict[Key, str] = {}
    for details in errors:
        key, text = _explain(details)
        told[key] = f"{told[key]}; or {_allowed(text)}" if key in told and details["loc"][-1] not in key else text
    return list(told.items())


def _allowed(text: str) -> str:
    return text.partition("allowed: ")[2] or text.rpartition(": ")[2]


def _explain(details: ErrorDetails) -> tuple[Key, str]:
    key, section = _resolve(details["loc"])
    message, value = details["msg"].removeprefix("Value error, "), details["input"]
    match details["type"]:
        case "extra_forbidden" if key[:-1] == ("data",) and key[-1] in ENTRIES:
            return key, f": write {_as_entries(str(key[-1]), value)}"
        case "extra_forbidden":
            return key, ": " + unknown(str(key[-1]), list(section.model_fields), "key")
        case "union_tag_invalid":
            return _unknown_kind(key, value, str(details["ctx"]["expected_tags"]))
        case "literal_error":
            allowed = str(details["ctx"]["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
            return key, ": " + unknown(str(value), allowed, "value")
        case "string_pattern_mismatch" if details["ctx"]["pattern"] in RULES:
            message = f"allowed: {RULES[details['ctx']['pattern']]}"
    shown = "" if isinstance(value, dict | Section) else f" = {value!r}"
    return key, f"{shown}: {message[0].lower()}{message[1:]}" if key else message


def _unknown_kind(key: Key, value: Any, tags: str) -> tuple[Key, str]:
    field, what, own = (
        ("kind", "kind of data set", "") if key[0] == "data" else ("builder", "kind of network", "custom")
    )
    kinds = [kind for kind in tags.replace("'", "").split(", ") if kind != own]
    if not isinstance(value, dict) or field not in value:
        shown = "" if isinstance(value, dict) else f" = {value!r}"
        functions = ", module:function" if own else ""
        return key, f"{shown}: should hold a {field} and its options; allowed {field}s: {', '.join(kinds)}{functions}"
    functions = "; or write module:function" if own else ""
    return (*key, field), ": " + unknown(str(value[field]), kinds, what) + functions


def _as_entries(key: str, value: Any) -> str:
    """Spell what stands under one of ENTRIES as entries of `data.sets`."""
    named = value if isinstance(value, dict) and value else {"NAME": {}}
    options = {
        name: entry if isinstance(entry, dict) else {"loader": entry} if key == "custom" else {}
        for name, entry in named.items()
    }
    entries = {name: {"kind": ENTRIES[key], **entry} for name, entry in options.items()}
    return (
        "data.sets instead: "
        + yaml.safe_dump(
            {"sets": entries}, default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True
        ).strip()
    )


def _resolve(location: Key) -> tuple[Key, type[Section]]:
    """Follow pydantic's location to the key in the file (which names no forms of a value) and its section."""
    key: list[int | str] = []
    section: type[Section] = Parameters
    kind: Any = Parameters
    for part in location:
        options = _options(kind)
        if options:
            kind = next((_plain(option) for option in options if _tag(option) == part), None)
        elif part != "[key]":
            key.append(part)
            kind = _plain(_member(kind, part))
        if isinstance(kind, type) and issubclass(kind, Section):
            section = kind
    return tuple(key), section


def _member(kind: Any, part: int | str) -> Any:
    if isinstance(kind, type) and issubclass(kind, Section):
        field = kind.model_fields.get(str(part))
        return field.annotation if field else None
    return get_args(_plain(kind))[-1] if get_args(_plain(kind)) else None


def _plain(kind: Any) -> Any:
    """Return a type without what is noted of it, and without None where that may stand in its place."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    given = [option for option in get_args(kind) if option is not NoneType]
    return _plain(given[0]) if get_origin(kind) in (Union, UnionType) and len(given) == 1 else kind


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(_plain(kind)) if get_origin(_plain(kind)) in (Union, UnionType) else ()


def _tag(option: Any) -> str | None:
    return next((extra.tag for extra in get_args(option)[1:] if isinstance(extra, Tag)), None)
