"""From numbers to verdicts: pure functions, the only place where a verdict is made."""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from statsmodels.stats.multitest import multipletests

from emergence.core.arrays import Floats
from emergence.statistics.estimate import Direction

Verdict = Literal["supported", "contradicted", "inconclusive"]


def judge_test(
    estimate: float,
    interval: tuple[float, float],
    corrected_p_value: float,
    smallest_effect: float,
    direction: Direction,
    level: float,
) -> Verdict:
    """Judge one test; NaN anywhere it matters gives "inconclusive".

    Supported: the corrected p-value is at most `level` and the estimate reaches `smallest_effect` in `direction`.
    Contradicted: no value of the interval reaches it.

    >>> judge_test(0.5, (0.4, 0.6), 0.01, smallest_effect=0.3, direction="positive", level=0.05)
    'supported'
    >>> judge_test(0.1, (0.0, 0.2), 0.03, smallest_effect=0.3, direction="positive", level=0.05)
    'contradicted'
    """
    sign = 1 if direction == "positive" else -1
    furthest = interval[1] if direction == "positive" else interval[0]
    if corrected_p_value <= level and sign * estimate >= sign * smallest_effect:
        return "supported"
    if sign * furthest < sign * smallest_effect:
        return "contradicted"
    return "inconclusive"


def judge_quantity(verdicts: Sequence[Verdict], more_than: float) -> Verdict:
    """Return the verdict that more than the given share of tests have, else "inconclusive".

    >>> judge_quantity(["supported", "supported", "contradicted"], more_than=0.5)
    'supported'
    >>> judge_quantity(["supported", "contradicted"], more_than=0.5)
    'inconclusive'
    """
    decided: tuple[Verdict, ...] = ("supported", "contradicted")
    return next((name for name in decided if verdicts.count(name) > more_than * len(verdicts)), "inconclusive")


def judge_claim(verdicts: Iterable[Verdict]) -> Verdict:
    """Combine the quantities that decide a claim: all must support it, one is enough to contradict it.

    >>> judge_claim(["supported", "contradicted"]), judge_claim(["supported", "inconclusive"])
    ('contradicted', 'inconclusive')
    """
    found = set(verdicts)
    if "contradicted" in found:
        return "contradicted"
    return "supported" if found == {"supported"} else "inconclusive"


def correct(p_values: Sequence[float], method: str) -> list[float]:
    """Correct the p-values of a family of tests; a test without one (NaN) counts as one that shows nothing.

    >>> [round(p, 3) for p in correct([0.01, 0.04, float("nan")], "holm")]
    [0.03, 0.08, 1.0]
    """
    filled = _filled(p_values)
    if len(filled) < 2:  # nothing to correct, and statsmodels collects garbage in every call
        return [float(p) for p in filled]
    return [float(p) for p in multipletests(filled, method=method)[1]]


def reached_by_more_than(p_values: Sequence[float], share: float) -> float:
    """Return the smallest p-value that more than `share` of the tests reach or undercut; NaN without tests.

    For corrected p-values it tests whether more than that share of the effects is present (Benjamini and Heller 2008).

    >>> reached_by_more_than([0.01, 0.2, 0.04], share=0.5)
    0.04
    """
    ordered = np.sort(_filled(p_values))
    return float(ordered[int(share * len(ordered))]) if len(ordered) else float("nan")


def _filled(p_values: Sequence[float]) -> Floats:
    return np.nan_to_num(np.asarray(p_values, dtype=np.float64), nan=1.0)
