"""How often verdicts are right: each claim judged on random studies whose truth is known.

For every claim there are studies without an effect, with one, and with what only looks like one: emergence and what is
claimed of it both follow sparsity, or time. `tests/simulated_studies.py` says how they are drawn. A verdict of
"supported" where there is no effect is a false positive, of which at most 5 % are allowed; where there is an effect,
its share is the power. "Shown" is the share of studies in which all quantities that decide have a corrected p-value of
at most 5 %, whatever the size of the effect. "Beside" is the share in which another quantity, such as the plain
correlation beside the partial one, would be supported.

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
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from tests.simulated_studies import SCENARIOS

ALLOWED = 0.05
VERDICTS = ("supported", "contradicted", "inconclusive")
Shares = dict[str, float | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=500, help="studies per claim and truth")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--claims", nargs="+", default=sorted({scenario.claim for scenario in SCENARIOS}))
    options = parser.parse_args()
    chosen = [index for index, scenario in enumerate(SCENARIOS) if scenario.claim in options.claims]
    print(f"{'claim':6}{'truth':38}{'supported':>10}{'contradicted':>13}{'inconclusive':>13}{'shown':>7}  beside")
    found: dict[str, Shares] = {}
    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        for index, shares in zip(chosen, pool.map(partial(judged, studies=options.studies), chosen), strict=True):
            scenario = SCENARIOS[index]
            beside = "" if scenario.beside is None else f"{scenario.beside} {shares['beside']:.3f}"
            numbers = [shares[name] for name in (*VERDICTS, "shown")]
            print(
                "{:6}{:38}{:10.3f}{:13.3f}{:13.3f}{:7.3f}  {}".format(scenario.claim, scenario.truth, *numbers, beside),
                flush=True,
            )
            found[f"{scenario.claim}, {scenario.truth}"] = shares
    wrong = [
        float(found[f"{scenario.claim}, {scenario.truth}"]["supported"] or 0)
        for scenario in map(SCENARIOS.__getitem__, chosen)
        if scenario.right != "supported"
    ]
    largest = max(wrong, default=0.0)
    print(json.dumps({"studies": options.studies, "largest_false_positive_share": largest, "shares": found}))
    sys.exit(largest > ALLOWED)


def judged(index: int, studies: int) -> Shares:
    """Draw and judge studies of one claim and truth; shares of verdicts."""
    logging.disable(logging.WARNING)
    scenario, rng = SCENARIOS[index], np.random.default_rng([index, 2024])
    with patch("gc.collect", return_value=0):  # statsmodels collects garbage in every call, which takes most time
        entries = [scenario.judge(rng) for _ in range(studies)]
    verdicts = [entry["verdict"] for entry in entries]
    shown = [entry["claim_p_value"] <= ALLOWED for entry in entries]
    beside = [entry["further"][scenario.beside]["verdict"] == "supported" for entry in entries if scenario.beside]
    return {
        **{name: verdicts.count(name) / studies for name in VERDICTS},
        "shown": float(np.mean(shown)),
        "beside": float(np.mean(beside)) if beside else None,
    }


if __name__ == "__main__":
    main()
