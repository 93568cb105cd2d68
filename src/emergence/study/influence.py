"""Which phases each parameter determines: found by changing it and comparing the keys of all jobs."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, get_args

from emergence.parameters import Parameters
from emergence.parameters.base import Section
from emergence.study.layout import PHASES, PLACES
from emergence.study.plan import Plan

WITHOUT_RESULT = "compute"
"""The section that no result depends on."""

STUDIES: tuple[dict[str, Any], ...] = (
    {
        "study": {"experiments": ["own/mlp"], "seeds": 2, "seeds_per_block": 1},
        "data": {"sets": {"own": {"kind": "custom", "loader": "extensions.own:load"}}},
        "networks": {"mlp": {"builder": "mlp"}},
        "variations": {
            "networks": ["mlp"],
            "alphas": [2.0],
            "widths": [2.0],
            "depths": [1],
            "inhibitions": ["penalty"],
        },
        "pruning": {"methods": ["l1_magnitude", "most_emergence"], "sparsities": [0.5]},
        "emergence": {"thresholds": [0.05, 0.1]},
        "landscape": {"seeds": 1, "metrics": ["loss", "accuracy", "emergence"]},
        "statistics": {"reference_threshold": 0.1},
    },
    {
        "study": {
            "experiments": ["text/transformer", "digits/mlp", "parity/mlp", "sentences/transformer"],
            "seeds": 2,
            "seeds_per_block": 2,
        },
        "data": {
            "sets": {
                "text": {"kind": "text", "file": "text.txt", "sha256": "0" * 64, "length": 8},
                "parity": {"kind": "sparse_parity", "skills": 3},
                "sentences": {
                    "kind": "formal_language",
                    "classes": 2,
                    "entities": 4,
                    "properties": 8,
                    "density": 0.9,
                },
            },
        },
        "networks": {"transformer": {"builder": "transformer"}, "mlp": {"builder": "mlp"}},
        "tuning": {"learning_rates": [0.01, 0.1], "scope": "configuration"},
        "variations": {"networks": []},
        "pruning": {
            "methods": ["iterative_magnitude", "gradual_magnitude", "snip"],
            "sparsities": [0.5],
            "share_per_round": 0.4,
            "retraining": ["rewind", "fine_tune"],
        },
    },
)
"""Small studies that together use every parameter."""

NAMES = ("ep0", "ep2", "magma")
"""Values of parameters that are text without a list of what is allowed."""


def influence() -> dict[str, list[str]]:
    """Return the phases that each parameter determines, by its dotted key; a key ends where names of the user's begin.

    Raises LookupError for a parameter that, in all of STUDIES, determines nothing but the report, which shows all:
    they then lack what uses it.
    """
    phases: dict[str, set[str]] = {}
    for study in STUDIES:
        parameters = Parameters.model_validate(study)
        before = _keys(parameters)
        for key, value, annotation in _leaves(parameters):
            found = phases.setdefault(key, set())
            for after in _keys_with(parameters, key, _others(value, annotation)):
                found |= {PLACES[rule].phase for rule, _, _ in before ^ after}
    unused = [key for key, found in phases.items() if found <= {"report"} and not key.startswith(f"{WITHOUT_RESULT}.")]
    if unused:
        raise LookupError(f"nothing in STUDIES is made with {', '.join(unused)}")
    return {key: _with_readers(found) for key, found in phases.items()}


@cache
def read_by() -> dict[str, list[str]]:
    """Return the other phases whose results each phase reads.

    >>> read_by()["landscape"]
    ['data', 'train', 'prune']
    """
    read: dict[str, set[str]] = {phase: set() for phase in PHASES}
    for study in STUDIES:
        for job in _plan(Parameters.model_validate(study)).jobs:
            sources = {PLACES[source.rule].phase for sources in job.sources.values() for source in sources}
            read[PLACES[job.rule].phase] |= sources
    return {phase: [other for other in PHASES if other in read[phase] - {phase}] for phase in PHASES}


def _with_readers(phases: set[str]) -> list[str]:
    """The given phases and all that read their results, directly or not."""
    found = set(phases)
    for phase, read in read_by().items():
        if found & set(read):
            found.add(phase)
    return [phase for phase in PHASES if phase in found]


def _plan(parameters: Parameters) -> Plan:
    return Plan(parameters, Path(__file__).parents[3])


def _keys(parameters: Parameters) -> set[tuple[str, str, str]]:
    """Rule, name and key of all jobs of a study."""
    return {(job.rule, job.name, job.key) for job in _plan(parameters).jobs}


def _leaves(section: Section, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Dotted key, value and annotation of every parameter below a section."""
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value, field.annotation


def _keys_with(parameters: Parameters, key: str, values: list[Any]) -> Iterator[set[tuple[str, str, str]]]:
    """The keys of a study with one parameter replaced by each of the values from which a plan can be made."""
    for value in values:
        content = section = parameters.model_dump()
        *sections, name = key.split(".")
        for part in sections:
            section = section[part]
        section[name] = value
        with suppress(ValueError, LookupError):
            yield _keys(Parameters.model_validate(content))


def _others(value: Any, annotation: Any) -> list[Any]:
    """Other values to try for a parameter; not all need be allowed."""
    if isinstance(value, Section):
        fields = type(value).model_fields
        others = {name: _others(getattr(value, name), field.annotation) for name, field in fields.items()}
        return [{**value.model_dump(), name: other} for name, choice in others.items() for other in choice]
    if isinstance(value, Mapping):
        return [{**value, name: other} for name, entry in value.items() for other in _others(entry, type(entry))]
    if isinstance(value, list):
        return [value[:-1], value[1:], *([other, *value[1:]] for first in value[:1] for other in _others(first, str))]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value / 2, (value + 1) / 2]
    return [*NAMES, *_words(annotation), f"{value}2", 5]


def _words(annotation: Any) -> list[str]:
    """The words that an annotation allows."""
    if isinstance(annotation, str):
        return [annotation]
    return [word for part in get_args(annotation) for word in _words(part)]
