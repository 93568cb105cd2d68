"""What decides the claims, computed anew from the files of single runs: none of the library's code is used.

A run is known by its folder (``digits/mlp/global_magnitude~0.5/rewind``), a network by its run and seed: it is a table
with a row per checkpoint. Each claim has a function that returns, by quantity and test, a value per seed.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats
from sklearn.linear_model import LinearRegression

REFERENCE = {"threshold": 0.05, "criterion": "mean", "through": "all", "samples": "probe"}
WAY = ("global_magnitude", "original_initialisation")
CONVERGENCE_SHARE = 0.95
EARLY = 0.1
FOLDERS = (
    "train",
    "prune/runs",
    "emergence/paths",
    "emergence/measures",
    "landscape/ruggedness",
    "landscape/minima",
)
FILES = ("metrics", "emergence", "measures", "ruggedness", "minima")
BOUNDED = {"C1": (-1, 1), "C2": (-1, 1), "C3": (-1, 1), "C6": (-1, 1)}
"""Claims on correlations."""

RATIOS = ("C4/convergence", "C5/near_zero", "C5/fall")

Networks = dict[str, dict[int, pd.DataFrame]]
"""By run and seed."""

Values = dict[str, dict[int, float]]
"""By test and seed."""


@cache
def read_networks(results: Path) -> Networks:
    """Read all networks of a folder of results, which has each run once."""
    found: dict[str, dict[int, list[pd.DataFrame]]] = {}
    for folder, name in product(FOLDERS, FILES):
        for file in sorted((results / folder).rglob(f"{name}.nc")):
            run = re.sub(r"/seeds~.*", "", str(file.relative_to(results / folder)))
            if not run.startswith("tuning/"):
                with xr.open_dataset(file) as data:
                    for seed in data["seed"].values.tolist():
                        found.setdefault(run, {}).setdefault(seed, []).append(table_of(data.sel(seed=seed)))
    return {
        run: {seed: pd.concat(tables, axis="columns").sort_values("step_epoch") for seed, tables in of_seed.items()}
        for run, of_seed in found.items()
    }


def table_of(data: xr.Dataset) -> pd.DataFrame:
    """Take what a file says of each checkpoint, at the choice of reference; means over radii."""
    data = data.sel({name: choice for name, choice in REFERENCE.items() if name in data.dims})
    if "radius" in data.dims:
        data = data.mean("radius", skipna=False)
    columns = {str(name): values.values for name, values in data.data_vars.items() if values.dims == ("step",)}
    if "step_epoch" in data.coords:
        columns["step_epoch"] = data["step_epoch"].values
    return pd.DataFrame(columns, index=pd.Index(data["step"].values.tolist(), name="step"))


def experiments(networks: Networks) -> list[str]:
    """The experiments, by their dense runs."""
    return [run.removesuffix("/dense") for run in networks if re.fullmatch(r"[^/]+/[^/]+/dense", run)]


def varied(networks: Networks, experiment: str, *ways: str) -> Networks:
    """The dense networks of an experiment and those varied in the ways named."""
    names = "|".join(ways)
    return {run: nets for run, nets in networks.items() if re.fullmatch(rf"{experiment}/dense(/({names})~[^/]*)?", run)}


def pruned(networks: Networks, experiment: str) -> Networks:
    """The pruned networks of an experiment that are trained again."""
    return {run: nets for run, nets in networks.items() if re.fullmatch(rf"{experiment}/[^/]+~[\d.]+/.+", run)}


def sparsity(run: str) -> float:
    found = re.search(r"/[^/]+~([\d.]+)/", run)
    return float(found[1]) if found else 0.0


def whole(network: pd.DataFrame) -> pd.DataFrame:
    return network[[bool(re.fullmatch(r"ep\d+", str(step))) for step in network.index]]


def ranks(values: Iterable[float]) -> np.ndarray:
    return stats.rankdata(np.asarray(values, dtype=float))


def spearman(first: Any, second: Any) -> float:
    return float(stats.spearmanr(first, second).statistic) if np.ptp(first) and np.ptp(second) else np.nan


def partial(first: Any, second: Any, *given: Any) -> float:
    """Correlation of the residuals of two regressions of ranks on ranks."""
    if len(first) < 3 + len(given):
        return np.nan
    design = np.column_stack([ranks(column) for column in given])
    left = [side - LinearRegression().fit(design, side).predict(design) for side in (ranks(first), ranks(second))]
    if min(np.linalg.norm(residual) for residual in left) < 1e-8 * len(first):
        return np.nan
    return float(stats.pearsonr(*left).statistic)


def epochs_until_converged(network: pd.DataFrame, dense: pd.DataFrame) -> float:
    goal = CONVERGENCE_SHARE * dense["validation_accuracy"].iloc[-1]
    before: tuple[float, float] | None = None
    for epoch, accuracy in zip(network["step_epoch"], network["validation_accuracy"], strict=True):
        if accuracy >= goal:
            if before is None:
                return float(epoch)
            return float(before[0] + (goal - before[1]) / (accuracy - before[1]) * (epoch - before[0]))
        before = (epoch, accuracy)
    return float(network["step_epoch"].iloc[-1]) + 1


def c1(networks: Networks) -> dict[str, Values]:
    def of(network: pd.DataFrame, correlate: Callable[..., float], *given: str) -> float:
        at = whole(network)
        improvement = np.diff(at["train_accuracy"]) / np.diff(at["step_epoch"])
        return correlate(at["emergence"].iloc[:-1], improvement, *(at[name].iloc[:-1] for name in given))

    choices: dict[str, tuple[Any, ...]] = {"correlation": (spearman,), "given_epoch": (partial, "step_epoch")}
    return {
        quantity: {
            experiment: {seed: of(network, *how) for seed, network in networks[f"{experiment}/dense"].items()}
            for experiment in experiments(networks)
        }
        for quantity, how in choices.items()
    }


def c2(networks: Networks) -> dict[str, Values]:
    found: dict[str, Values] = {"performance": {}, "trainability": {}}
    for experiment in experiments(networks):
        runs, dense = varied(networks, experiment, "alpha"), networks[f"{experiment}/dense"]
        for seed in dense if len(runs) > 1 else ():
            start = [float(run[seed]["emergence"].iloc[0]) for run in runs.values()]
            outcomes = {
                "performance": [float(run[seed]["test_accuracy"].iloc[-1]) for run in runs.values()],
                "trainability": [epochs_until_converged(run[seed], dense[seed]) for run in runs.values()],
            }
            for quantity, outcome in outcomes.items():
                found[quantity].setdefault(experiment, {})[seed] = spearman(start, outcome)
    return found


def c3(networks: Networks) -> dict[str, Values]:
    found: Values = {}
    for experiment in experiments(networks):
        runs, dense = pruned(networks, experiment), networks[f"{experiment}/dense"]
        for seed in dense if runs else ():
            start = [run[seed].iloc[0] for run in runs.values()]
            relative = [first["emergence"] / first["nonzero_parameters"] for first in start]
            times = [epochs_until_converged(run[seed], dense[seed]) for run in runs.values()]
            enough = len(runs) >= 5
            found.setdefault(experiment, {})[seed] = (
                partial(relative, times, [sparsity(run) for run in runs]) if enough else np.nan
            )
    return {"given_sparsity": found}


def c4(networks: Networks) -> dict[str, Values]:
    found: Values = {}
    for experiment in experiments(networks):
        dense = networks[f"{experiment}/dense"]
        for run, nets in pruned(networks, experiment).items():
            method, _, rest = run.removeprefix(f"{experiment}/").partition("~")
            if (method, rest.partition("/")[2]) == WAY:
                found[run] = {
                    seed: epochs_until_converged(network, dense[seed])
                    / epochs_until_converged(dense[seed], dense[seed])
                    for seed, network in nets.items()
                }
    return {"convergence": found}


def c5(networks: Networks) -> dict[str, Values]:
    left = {
        experiment: {
            seed: float(network["emergence"].iloc[-1] / network["emergence"].iloc[0])
            for seed, network in networks[f"{experiment}/dense"].items()
        }
        for experiment in experiments(networks)
    }
    return {"near_zero": left, "fall": left}


def c6(networks: Networks) -> dict[str, Values]:
    found: dict[str, Values] = {"ruggedness": {}, "concentration": {}}
    for experiment in experiments(networks):
        runs = {f"{experiment}/dense": networks[f"{experiment}/dense"], **pruned(networks, experiment)}
        for quantity, column in (("ruggedness", "slice_relative_roughness"), ("concentration", "minima")):
            for seed in runs[f"{experiment}/dense"]:
                known = pd.concat(
                    [nets[seed].assign(sparsity=sparsity(run)) for run, nets in runs.items() if column in nets[seed]]
                    or [pd.DataFrame(columns=[column])]
                ).dropna(subset=[column])
                given = (known.get(name) for name in ("nonzero_parameters", "sparsity", "step_epoch"))
                found[quantity].setdefault(experiment, {})[seed] = (
                    partial(known["emergence"], known[column], *given) if len(known) >= 8 else np.nan
                )
    return found


def c7(networks: Networks) -> dict[str, Values]:
    found: dict[str, Values] = {"start": {}, "end": {}}
    for experiment in experiments(networks):
        runs = varied(networks, experiment, "width", "depth")
        for quantity, place in (("start", 0), ("end", -1)):
            for seed in runs[f"{experiment}/dense"] if len(runs) > 3 else ():
                size = [np.log10(nets[seed]["nonzero_parameters"].max()) for nets in runs.values()]
                emergence = [np.log10(1 + nets[seed]["emergence"].iloc[place]) for nets in runs.values()]
                slope = stats.linregress(size, emergence).slope
                found[quantity].setdefault(experiment, {})[seed] = float(slope)
    return found


def c8(networks: Networks) -> dict[str, Values]:
    found: dict[str, Values] = {"early_rise": {}, "settling": {}}
    for experiment in experiments(networks):
        for seed, network in networks[f"{experiment}/dense"].items():
            course = network.dropna(subset=["effective_complexity"]).set_index("step_epoch")["effective_complexity"]
            end = EARLY * course.index[-1]
            before, after = course[:end], course[end:]
            share = (end - before.index[-1]) / ((after.index[0] - before.index[-1]) or 1)
            early = before.iloc[-1] + share * (after.iloc[0] - before.iloc[-1])
            rise, late = early - course.iloc[0], course.iloc[-1] - early
            found["early_rise"].setdefault(experiment, {})[seed] = float(rise)
            found["settling"].setdefault(experiment, {})[seed] = float(late - rise)
    return found


CLAIMS: dict[str, Callable[[Networks], dict[str, Values]]] = {
    "C1": c1,
    "C2": c2,
    "C3": c3,
    "C4": c4,
    "C5": c5,
    "C6": c6,
    "C7": c7,
    "C8": c8,
}


def summary(
    values: Iterable[float], ratio: bool, direction: str, bounds: tuple[float, float]
) -> dict[str, float | None]:
    """Mean over seeds, its t interval and the p-value of the sign-flip test by trying all signs; null where unknown.

    Ratios r are averaged as (r - 1) / (r + 1).
    """
    known = np.array([value for value in values if not np.isnan(value)])
    if len(known) < 2:
        return dict.fromkeys(("estimate", "interval_low", "interval_high", "p_value"))
    scaled = (known - 1) / (known + 1) if ratio else known
    ends = stats.t.interval(0.95, len(scaled) - 1, loc=scaled.mean(), scale=stats.sem(scaled))
    found: dict[str, float | None] = {}
    for name, value in zip(("estimate", "interval_low", "interval_high"), (scaled.mean(), *ends), strict=True):
        cut = float(np.clip(value, *((-1, 1) if ratio else bounds)))
        found[name] = cut if not ratio else None if cut == 1 else (1 + cut) / (1 - cut)
    signs = np.array(list(product((1, -1), repeat=len(scaled))))
    flipped = (signs * scaled).sum(axis=1) * (1 if direction == "positive" else -1)
    return {**found, "p_value": float(np.mean(flipped >= flipped[0] - 1e-12))}


def compare(results: Path, claims: Mapping[str, Any]) -> set[str]:
    """Assert that what decides the claims is as recomputed; return claim/quantity of all that have a number."""
    networks, compared = read_networks(results), set()
    for name, claim in claims.items():
        recomputed, bounds = CLAIMS[name](networks), BOUNDED.get(name, (-np.inf, np.inf))
        deciding = {key: entry for key, entry in claim["further"].items() if entry["role"] == "decides"}
        (headline,) = set(recomputed) - set(claim["further"])
        for quantity, entry in {headline: claim, **deciding}.items():
            assert quantity in recomputed, f"{name}: {quantity} decides and is not recomputed"
            of_tests, how = recomputed[quantity], (f"{name}/{quantity}" in RATIOS, entry["direction"], bounds)
            assert set(entry["experiments"]) == set(of_tests), f"{name}, {quantity}: tests"
            for test, found in entry["experiments"].items():
                told = f"{name}, {quantity}, {test}"
                _agree(found, summary(of_tests[test].values(), *how), told, "p_value")
            _agree(entry, summary(_mean_over_tests(of_tests, how[0]), *how), f"{name}, {quantity}, together")
            if entry["estimate"] is not None:
                compared.add(f"{name}/{quantity}")
    return compared


def _mean_over_tests(of_tests: Values, ratio: bool) -> list[float]:
    table = pd.DataFrame(of_tests)
    if not ratio:
        return table.mean(axis="columns").tolist()
    mean = ((table - 1) / (table + 1)).mean(axis="columns")
    return ((1 + mean) / (1 - mean)).tolist()


def _agree(found: Mapping[str, Any], expected: Mapping[str, float | None], what: str, *more: str) -> None:
    for key in ("estimate", "interval_low", "interval_high", *more):
        one, other = found[key], expected[key]
        if one is None or other is None:
            assert one is None and other is None, f"{what}: {key} is {one}, recomputed {other}"
        else:
            assert np.isclose(one, other, rtol=1e-9, atol=1e-9), f"{what}: {key} is {one}, recomputed {other}"
