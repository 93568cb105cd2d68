"""One network of the zoo: counted, compared with the independent count, looked over for damage."""

import math
import time
import traceback
from enum import StrEnum

import torch
from tests.deep_snapshot import deep_snapshot, differences

from benchmarks.zoo.network import Network
from benchmarks.zoo.oracle import Count, NotCheckable, count
from emergence import MissingRuleError, PathCounts, UnitGraph

TOLERANCE = 1e-9
"""Largest difference of natural logarithms and of normalised emergence that counts as equal."""
SAMPLES = 2

Row = dict[str, object]


class Outcome(StrEnum):
    """What became of a network."""

    COUNTED = "COUNTED"
    REFUSED = "REFUSED"
    RAW = "RAW EXCEPTION"
    MODEL = "MODEL"


def trial(network: Network, check: bool = True) -> Row:
    """Outcome, numbers, agreement with the independent count and damage of one network, as a row of the table."""
    row: Row = {"name": network.name}
    try:
        model = network.build()
    except Exception as error:
        return {**row, "outcome": Outcome.MODEL, "error": _told(error)}
    inputs = network.samples(SAMPLES)
    before, started = deep_snapshot(model, inputs), time.perf_counter()
    try:
        graph = UnitGraph(model, inputs)
        counts = graph.paths(inputs)
        row |= {"outcome": Outcome.COUNTED, "log10": counts.log10, "sites": len(counts.sites)}
    except (ValueError, MissingRuleError) as error:
        row |= {"outcome": Outcome.REFUSED, "error": _told(error)}
    except Exception as error:
        row |= {"outcome": Outcome.RAW, "error": _told(error), "where": _where(error)}
    row |= {"seconds": round(time.perf_counter() - started, 2)}
    row |= {"damage": differences(before, deep_snapshot(model, inputs))[:5]}
    if row["outcome"] != Outcome.COUNTED:
        return row | _runs(network)
    return row | _compare(network, graph) if check else row


def _runs(network: Network) -> Row:
    """Tell whether a network that was not counted runs at all."""
    try:
        with torch.no_grad():
            network.build()(*network.samples(SAMPLES))
    except Exception as error:
        return {"outcome": Outcome.MODEL, "error": _told(error)}
    return {}


def _compare(network: Network, graph: UnitGraph) -> Row:
    """The library's and the independent count of one sample."""
    sample = network.samples(1)
    counts = graph.paths(sample)
    try:
        with torch.no_grad():
            right = count(network.build(), sample)
    except NotCheckable as error:
        return {"check": "NOT CHECKABLE", "reason": str(error)}
    except Exception as error:
        return {"check": "ORACLE FAILED", "reason": _told(error), "where": _where(error)}
    own = (counts.log10 * math.log(10), counts.normalised)
    equal = all(_close(one, other) for one, other in zip(own, (right.log, right.normalised), strict=True))
    return {"check": "EQUAL" if equal else "DIFFERENT"} | ({} if equal else _difference(counts, right))


def _close(one: float, other: float) -> bool:
    return one == other or abs(one - other) < TOLERANCE * max(1.0, 1e-3 * abs(other))


def _difference(counts: PathCounts, right: Count) -> Row:
    """What tells where two counts part: the first site that differs in size or activity, and the numbers."""
    theirs = [(site.units, site.active) for site in right.sites]
    own = list(zip(counts.size.tolist(), map(int, counts.active), strict=True))
    first = next((i for i, (a, b) in enumerate(zip(own, theirs, strict=False)) if a != b), None)
    return {
        "log": [counts.log10 * math.log(10), right.log],
        "normalised": [counts.normalised, right.normalised],
        "number of sites": [len(own), len(theirs)],
        "first site": None
        if first is None
        else [counts.sites[first], own[first], right.sites[first].name, theirs[first]],
    }


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"


def _where(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.lineno}"
