"""In how many cases a study answers yes to what reviewers asked: one function for each way of counting."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from emergence.parameters import Parameters
from emergence.report.comparisons import balance_of_rivals, balance_of_stopping
from emergence.report.pictures import Picture
from emergence.report.records import Record
from emergence.statistics.estimate import mean_interval
from emergence.statistics.study import CHOICES

MASKED = ("retrain_networks",)


class Count(NamedTuple):
    """Cases in which the answer is yes, of how many, and what else there is to say."""

    hits: int
    of: int
    beside: str = ""


@dataclass(frozen=True)
class Evidence:
    """What there is to count: see `emergence.report.page.Contents`."""

    claims: Mapping[str, Any]
    parameters: Parameters
    pictures: Sequence[Picture] = ()
    records: Sequence[Record] = ()
    conclusions: Mapping[str, xr.Dataset] = field(default_factory=dict)
    study: xr.Dataset | None = None
    registration: Mapping[str, Any] = field(default_factory=dict)


def seeds(found: Evidence, fewest: int) -> Count:
    """Count deciding tests with enough seeds, an interval and a p-value."""
    quantities = [
        entry
        for claim in found.claims.values()
        for entry in (claim, *(other for other in claim["further"].values() if other["role"] == "decides"))
    ]
    tests = [test for entry in quantities for test in entry["experiments"].values()]
    known = [t for t in tests if None not in (t["interval_low"], t["interval_high"], t["corrected_p_value"])]
    return Count(sum(test["runs"] >= fewest for test in known), len(tests))


def choice(found: Evidence, name: str) -> Count:
    """Count claims whose verdict is the same at all values of a choice, the others being those of reference."""
    if "robustness" not in found.conclusions:
        return Count(0, 0)
    cells = found.conclusions["robustness"]
    cells = cells.isel(cell=np.isnan(cells["seed_left_out"].values) & (cells["criterion"].values != ""))
    others = [other for other in (*CHOICES, *_beside(cells)) if other != name]
    kept = []
    for claim in dict.fromkeys(cells["claim"].values.tolist()):
        of = cells.isel(cell=cells["claim"].values == claim)
        reference = of.isel(cell=int(of["is_reference"].values.argmax()))
        there = np.all([_same(of[other].values, reference[other].item()) for other in others], axis=0)
        verdicts = of["claim_verdict"].values[there]
        if len(verdicts) > 1:
            kept.append(bool((verdicts == reference["claim_verdict"].item()).all()))
    return Count(sum(kept), len(kept))


def tests(found: Evidence, name: str) -> Count:
    """Count the tests of a quantity (claim, or claim.quantity) that are supported."""
    claim, _, quantity = name.partition(".")
    if claim not in found.claims:
        return Count(0, 0)
    entry = found.claims[claim]["further"][quantity] if quantity else found.claims[claim]
    verdicts = [test["verdict"] for test in entry["experiments"].values()]
    return Count(verdicts.count("supported"), len(verdicts), f"{verdicts.count('contradicted')} contradict it")


def balance(found: Evidence, name: str) -> Count:
    """Count the comparisons that emergence wins."""
    if name not in found.conclusions:
        return Count(0, 0)
    counted = {"rivals": balance_of_rivals, "stopping": balance_of_stopping}[name](found.conclusions[name])
    return Count(counted.won, counted.comparisons, f"{counted.lost} are lost")


def tuned(found: Evidence, adaptive: Sequence[str]) -> Count:
    """Count the networks that train at a rate of their own."""
    networks = len(found.parameters.study.experiments)
    own = bool(found.parameters.tuning.learning_rates) or found.parameters.training.optimizer.name in adaptive
    return Count(networks * own, networks)


def controls(found: Evidence, name: str) -> Count:
    """Count the controls of the last step whose emergence differs from that of the network itself, pair by pair."""
    if found.study is None or name not in found.study:
        return Count(0, 0)
    confidence, differ = found.parameters.statistics.confidence, []
    for _, run in found.study[name].groupby("run"):
        counted = run.squeeze("run").dropna("step", how="all").dropna("control", how="all")
        if counted.sizes["step"] and "itself" in counted["control"]:
            last = counted.isel(step=-1)
            for control in last["control"].values.tolist():
                pairs = (last.sel(control=control) - last.sel(control="itself")).dropna("seed").values
                if control != "itself" and len(pairs) > 1:
                    _, low, high = mean_interval(pairs, confidence)
                    differ.append(low > 0 or high < 0)
    return Count(sum(differ), len(differ))


def files(found: Evidence, rule: str) -> Count:
    """Count the pruned runs whose masks are files of the study."""
    masked = {_without_retraining(record.name) for record in found.records if record.rule == rule and record.files}
    pruned = [_without_retraining(record.name) for record in found.records if record.rule in MASKED]
    return Count(sum(name in masked for name in pruned), len(pruned))


def figures(found: Evidence, _: str) -> Count:
    """Count the figures that say what they show."""
    told = [
        ("seed" in picture.caption or "sample" in picture.caption) and picture.alternative for picture in found.pictures
    ]
    return Count(sum(map(bool, told)), len(told))


def safeguards(found: Evidence, read_out: str) -> Count:
    """Count what keeps the argument from being circular."""
    registered = bool(found.registration) and not found.registration["differences"]
    return Count((found.parameters.statistics.read_out == read_out) + registered, 2)


COUNTS: dict[str, Callable[[Evidence, Any], Count]] = {
    made.__name__: made for made in (seeds, choice, tests, balance, tuned, controls, files, figures, safeguards)
}
"""Ways of counting, by the names that ``requests.yaml`` uses."""


def _beside(cells: xr.Dataset) -> Iterable[str]:
    """The choices beside counting."""
    return [n for n in ("convergence_share", "early_share", "read_out", "sparsities", "reading") if n in cells.coords]


def _same(values: Iterable[Any], value: Any) -> list[bool]:
    """Where values are a certain one; NaN is NaN."""
    return [bool(other == value or (other != other and value != value)) for other in values]


def _without_retraining(name: str) -> str:
    """Name of a pruned run's masks, which do not depend on what follows: without the part that names the retraining."""
    parts = name.split("/")
    return "/".join([*parts[:3], *(part for part in parts[3:] if "~" in part)])
