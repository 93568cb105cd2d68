"""How often verdicts are right: each claim judged on random studies whose truth is known.

For every claim there are studies without an effect, with one, with one of the smallest size that counts, with what only
looks like one (emergence and what is claimed of it both follow sparsity, time, the method of pruning or a ceiling of
accuracy), and with truths that are mixed: opposite in two networks, or true of one of two quantities.
`tests/simulated_studies.py` says how they are drawn. A verdict of "supported" where an effect is not there everywhere
is false support, one of "contradicted" where it is, or where the truth is mixed, false contradiction; of both at most
5 % are allowed, or the exit code is 1. Where a clear effect is there, the share of support is the power at the number
of seeds drawn, which is that of a default study. "Shown" is the share of studies in which all quantities that decide
have a corrected p-value of at most 5 %, whatever the size of the effect. "Beside" is the share in which another
quantity, such as the plain correlation beside the partial one, would be supported.

The last line is one JSON object with all shares.
"""

import argparse
import json
import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from tests.simulated_studies import SCENARIOS, SEEDS, Scenario

ALLOWED = 0.05
VERDICTS = ("supported", "contradicted", "mixed", "inconclusive")
Shares = dict[str, float | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=500, help="studies per claim and truth")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--claims", nargs="+", default=sorted({scenario.claim for scenario in SCENARIOS}))
    options = parser.parse_args()
    chosen = [index for index, scenario in enumerate(SCENARIOS) if scenario.claim in options.claims]
    print(f"{'claim':6}{'truth':42}{'right':14}" + "".join(f"{name:>13}" for name in (*VERDICTS, "shown")) + "  beside")
    found: dict[int, Shares] = {}
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for index, shares in zip(chosen, pool.map(partial(judged, studies=options.studies), chosen), strict=True):
            found[index] = shares
            scenario = SCENARIOS[index]
            beside = "" if scenario.beside is None else f"{scenario.beside} {shares['beside']:.3f}"
            numbers = "".join(f"{shares[name]:13.3f}" for name in (*VERDICTS, "shown"))
            print(f"{scenario.claim:6}{scenario.truth:42}{scenario.right:14}{numbers}  {beside}", flush=True)
    by_scenario = {name(SCENARIOS[index]): shares for index, shares in found.items()}
    wrong = {verdict: largest_false_share(found, verdict) for verdict in ("supported", "contradicted")}
    power = {
        SCENARIOS[index].claim: shares["supported"]
        for index, shares in found.items()
        if SCENARIOS[index].right == "supported" and SCENARIOS[index].clear
    }
    print(f"power with {SEEDS} seeds: " + ", ".join(f"{claim} {share:.3f}" for claim, share in power.items()))
    for verdict, (share, worst) in wrong.items():
        print(f"largest share of {verdict} that is false: {share:.3f} ({worst})")
    largest = {verdict: share for verdict, (share, _) in wrong.items()}
    print(
        json.dumps(
            {"studies": options.studies, "seeds": SEEDS, "false": largest, "power": power, "shares": by_scenario}
        )
    )
    sys.exit(max(largest.values()) > ALLOWED)


def name(scenario: Scenario) -> str:
    return f"{scenario.claim}, {scenario.truth}"


def largest_false_share(found: dict[int, Shares], verdict: str) -> tuple[float, str]:
    """The largest share of a verdict over the scenarios in which it is not right, and where; mixed truths are such."""
    shares = [
        (float(of_scenario[verdict] or 0), name(SCENARIOS[index]))
        for index, of_scenario in found.items()
        if SCENARIOS[index].right != verdict
    ]
    return max(shares, default=(0.0, "none"))


def judged(index: int, studies: int) -> Shares:
    """Draw and judge studies of one claim and truth; shares of verdicts."""
    logging.disable(logging.WARNING)
    scenario, rng = SCENARIOS[index], np.random.default_rng([index, 2024])
    entries = [scenario.judge(rng) for _ in range(studies)]
    verdicts = [entry["verdict"] for entry in entries]
    shown = [(entry["claim_p_value"] or 1) <= ALLOWED for entry in entries]
    beside = [entry["further"][scenario.beside]["verdict"] == "supported" for entry in entries if scenario.beside]
    return {
        **{name: verdicts.count(name) / studies for name in VERDICTS},
        "shown": float(np.mean(shown)),
        "beside": float(np.mean(beside)) if beside else None,
    }


if __name__ == "__main__":
    main()
