"""How far a study answers what the reviewers asked: yes, no or partly, with the number that says so."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from emergence.report.evidence import COUNTS, Count, Evidence


class Answer(NamedTuple):
    """The answer, and what was counted."""

    state: str
    counted: Count


def answer(request: Mapping[str, Any], found: Evidence) -> Answer:
    """Answer a request of ``requests.yaml``, which says how requests are written.

    >>> from emergence.parameters import Parameters
    >>> answer({"counted": {"tuned": ["adam"]}}, Evidence({}, Parameters()))
    Answer(state='no', counted=Count(hits=0, of=2, beside=''))
    """
    ((way, what),) = request["counted"].items()
    counted = COUNTS[way](found, what)
    if counted.of and counted.hits == counted.of:
        return Answer("yes", counted)
    return Answer("partly" if counted.hits else "no", counted)
