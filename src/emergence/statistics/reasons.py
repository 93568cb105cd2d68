"""Why a claim is left open."""

from collections.abc import Mapping

from emergence.statistics.quantity import JudgedQuantity, too_few_seeds
from emergence.statistics.rules import Claim, General, Quantity


def reason_for(
    claim: Claim,
    general: General,
    judged: Mapping[str, JudgedQuantity],
    unmeasured: frozenset[str],
    level: float,
    left_out: tuple[int, int] = (0, 0),
) -> str:
    """Say why the first quantity that decides a claim, and is inconclusive itself, is so.

    `unmeasured` holds the measures that the rules ask for and the study lacks; `left_out` says how many networks
    diverged or are left out with one that did, and of how many.
    """
    open_ones = (
        name
        for name, rule in claim.quantities.items()
        if rule.role == "decides" and judged[name].together.verdict == "inconclusive"
    )
    name = next(open_ones)
    reason = f"{name}: {_reason(claim.quantities[name], general, judged[name], unmeasured, level)}"
    count, networks = left_out
    return f"{reason}; {count} of {networks} networks are left out, because training diverged" if count else reason


def _reason(rule: Quantity, general: General, judged: JudgedQuantity, unmeasured: frozenset[str], level: float) -> str:
    lacking = [measure for measure in rule.measures if measure in unmeasured]
    if lacking:
        return f"the study lacks the measure {lacking[0]}; name it in measures.names"
    if not judged.tests:
        return f"the study has none of the runs that this needs ({rule.runs})"
    if not judged.together.estimate.runs:
        return "no seed has a value"
    if too_few_seeds(judged.tests, level):
        return f"the seeds are too few for {len(judged.tests)} tests at level {level:.3g}"
    verdicts = [test.verdict for test in judged.tests.values()]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
    return f"no verdict is that of more than {general.more_than:.0%} of the tests ({counts})"
