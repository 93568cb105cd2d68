"""Which of the reviewers' requests a study answers, from its parameters alone."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from emergence.parameters import Parameters


class Answer(NamedTuple):
    """How far a study answers a request: "answered", "partly" or "not answered".

    `lacking` is what it lacks for more, `limit` what no study here shows.
    """

    state: str
    lacking: tuple[str, ...]
    limit: str


def answer(request: Mapping[str, Any], parameters: Parameters) -> Answer:
    """Return how far a study answers a request of ``requests.yaml``, which says how needs are written.

    >>> request = {"needs": [{"what": "three seeds", "any": {"study.seeds": 3}}], "limit": "no test"}
    >>> answer(request, Parameters())
    Answer(state='partly', lacking=(), limit='no test')
    """
    values, needs, limit = parameters.model_dump(), request.get("needs", []), request.get("limit", "")
    lacking = tuple(need["what"] for need in needs if not _is_met(need["any"], values))
    if needs and len(lacking) == len(needs):
        return Answer("not answered", lacking, limit)
    return Answer("partly" if lacking or limit else "answered", lacking, limit)


def _is_met(conditions: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return any(_holds(_value(values, key), wanted) for key, wanted in conditions.items())


def _value(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return set(wanted) <= set(value) if isinstance(value, list) else value in wanted
    return bool((len(value) if isinstance(value, list | str) else value) >= wanted)
