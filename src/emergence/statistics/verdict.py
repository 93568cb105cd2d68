"""From numbers to verdicts: pure functions, the only place where a verdict is made."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from scipy.stats import false_discovery_control

from emergence.core.arrays import Floats
from emergence.statistics.estimate import Direction

Correction = Literal["holm", "fdr_bh", "fdr_by"]
Verdict = Literal["supported", "contradicted", "mixed", "inconclusive"]


def judge_test(
    estimate: float,
    corrected_p_value: float,
    contradiction_p_value: float,
    smallest_effect: float,
    direction: Direction,
    level: float,
) -> Verdict:
    """Judge one test; NaN anywhere it matters gives "inconclusive".

    Supported: the corrected p-value is at most `level` and the estimate reaches `smallest_effect` in `direction`.
    Contradicted: the corrected p-value of the effect falling short of `smallest_effect` is at most `level`.

    >>> judge_test(0.5, 0.01, 1.0, smallest_effect=0.3, direction="positive", level=0.05)
    'supported'
    >>> judge_test(0.1, 0.03, 0.01, smallest_effect=0.3, direction="positive", level=0.05)
    'contradicted'
    """
    sign = 1 if direction == "positive" else -1
    reaches = sign * estimate >= sign * smallest_effect
    if reaches and corrected_p_value <= level:
        return "supported"
    if not reaches and contradiction_p_value <= level:
        return "contradicted"
    return "inconclusive"


def judge_quantity(verdicts: Sequence[Verdict], more_than: float) -> Verdict:
    """Return the verdict that more than the given share of tests have if none has the opposite one.

    "mixed" where some are supported and some contradicted, else "inconclusive".

    >>> judge_quantity(["supported", "supported", "inconclusive"], more_than=0.5)
    'supported'
    >>> judge_quantity(["supported", "supported", "contradicted"], more_than=0.5)
    'mixed'
    """
    decided: tuple[Verdict, ...] = ("supported", "contradicted")
    if all(name in verdicts for name in decided):
        return "mixed"
    return next((name for name in decided if verdicts.count(name) > more_than * len(verdicts)), "inconclusive")


def judge_claim(verdicts: Mapping[str, Verdict], supposed: Mapping[str, str]) -> Verdict:
    """Combine the verdicts on the quantities that decide a claim.

    Supported if all are; contradicted if some are and none is supported or mixed; mixed if one is, or if some are
    supported and some contradicted. `supposed` names, of quantities that mean something only beside another one, that
    other: where it is contradicted, support of the one is not counted.

    >>> judge_claim({"rise": "contradicted", "settling": "supported"}, {})
    'mixed'
    >>> judge_claim({"rise": "contradicted", "settling": "supported"}, {"settling": "rise"})
    'contradicted'
    """
    void = {name for name, other in supposed.items() if verdicts[other] == "contradicted"}
    found = {verdict for name, verdict in verdicts.items() if not (name in void and verdict == "supported")}
    if "mixed" in found or {"supported", "contradicted"} <= found:
        return "mixed"
    if "contradicted" in found:
        return "contradicted"
    return "supported" if found == {"supported"} else "inconclusive"


def correct(p_values: Sequence[float], method: Correction) -> list[float]:
    """Correct the p-values of a family of tests; a test without one (NaN) counts as one that shows nothing.

    `method` is ``holm`` (Holm 1979, Scandinavian Journal of Statistics 6:65), ``fdr_bh`` or ``fdr_by`` (of
    `scipy.stats.false_discovery_control`).

    >>> [round(p, 3) for p in correct([0.01, 0.04, float("nan")], "holm")]
    [0.03, 0.08, 1.0]
    """
    filled = _filled(p_values)
    if method == "holm":
        order = np.argsort(filled)
        steps = np.maximum.accumulate(filled[order] * np.arange(len(filled), 0, -1))
        corrected = np.minimum(steps, 1)[np.argsort(order)]
    else:
        corrected = false_discovery_control(filled, method="bh" if method == "fdr_bh" else "by")
    return [float(p_value) for p_value in corrected]


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
