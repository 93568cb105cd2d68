"""What decides the claims, computed anew from the files of single runs: of the library only its rules are read.

A run is known by its folder (``digits/mlp/random_weights~0.5/mask~2/rewind``), a network by its run and seed: it is a
table with a row per checkpoint. Each claim has a function that returns, by quantity and test, a value per seed.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from scipy import stats
from sklearn.linear_model import LinearRegression

RULES = Path(__file__).parent.parent / "src" / "emergence" / "statistics" / "rules.yaml"
REFERENCE = {"threshold": 0.05, "criterion": "mean", "through": "all", "samples": "probe"}
WAY = ("global_magnitude", "original_initialisation")
ON_PURPOSE = ("random_weights", "most_emergence", "least_emergence")
CONVERGENCE_SHARE, EARLY, LEVEL = 0.95, 0.1, 0.05
FILES = {
    "metrics": ("train", "prune/runs"),
    "emergence": ("emergence/paths",),
    "measures": ("emergence/measures",),
    "ruggedness": ("landscape/ruggedness",),
}
NUMBERS = ("estimate", "interval_low", "interval_high")
P_VALUES = ("p_value", "corrected_p_value", "contradiction_p_value")

Networks = dict[str, dict[int, pd.DataFrame]]
"""By run and seed."""

Values = dict[str, dict[int, float]]
"""By test and seed."""

Rule = Mapping[str, Any]
Test = dict[str, Any]
"""What is known of one test: its numbers, p-values and verdict."""


class Pruning(NamedTuple):
    """How a network is pruned and trained again."""

    method: str
    sparsity: float
    mask: int
    retraining: str

    @property
    def stratum(self) -> str:
        family = "on purpose" if self.method.partition("@")[0] in ON_PURPOSE else self.method
        return f"{self.sparsity} {family} {self.retraining}"


@cache
def read_networks(results: Path) -> Networks:
    """Read all networks of a folder of results, which has each run once."""
    found: dict[str, dict[int, list[pd.DataFrame]]] = {}
    for name, folder in [(name, results / folder) for name, folders in FILES.items() for folder in folders]:
        for file in sorted(folder.rglob(f"{name}.nc")):
            run = re.sub(r"/seeds~.*", "", str(file.relative_to(folder)))
            if not run.startswith("tuning/"):
                for seed, table in tables_of(file):
                    found.setdefault(run, {}).setdefault(seed, []).append(table)
    networks = {
        run: {seed: pd.concat(tables, axis="columns").sort_values("step_epoch") for seed, tables in of_seed.items()}
        for run, of_seed in found.items()
    }
    return without_diverged(networks)


def tables_of(file: Path) -> Iterator[tuple[int, pd.DataFrame]]:
    """Take what a file says of each seed and checkpoint, at the choice of reference."""
    with xr.open_dataset(file) as data:
        data = data.sel({name: choice for name, choice in REFERENCE.items() if name in data.dims})
        data = data[[name for name, values in data.items() if {*values.dims} <= {"seed", "step"}]].reset_coords()
        table = data.to_dataframe(["seed", "step"])
        yield from ((seed, table.loc[seed]) for seed in data["seed"].values.tolist())


def without_diverged(networks: Networks) -> Networks:
    """Keep nothing but the epochs of networks that diverged, and of those pruned by the weights of such a one."""

    def diverged(run: str, seed: int) -> bool:
        network, dense = networks[run][seed], "/".join([*run.split("/")[:2], "dense"])
        unlike = not network["train_loss"].iloc[-1] <= 10 * network["guessing_loss"].iloc[-1]
        return unlike or (run.split("/")[2] != "dense" and diverged(dense, seed))

    return {
        run: {
            seed: network[["step_epoch"]].reindex(columns=network.columns) if diverged(run, seed) else network
            for seed, network in of_seed.items()
        }
        for run, of_seed in networks.items()
    }


def experiments(networks: Networks) -> dict[str, dict[int, pd.DataFrame]]:
    """The dense networks by experiment."""
    return {
        run.removesuffix("/dense"): nets for run, nets in networks.items() if re.fullmatch("[^/]+/[^/]+/dense", run)
    }


def varied(networks: Networks, experiment: str, *ways: str) -> Networks:
    """The dense networks of an experiment and those varied in one of the ways named."""
    names = "|".join(ways)
    return {run: nets for run, nets in networks.items() if re.fullmatch(f"{experiment}/dense(/({names})~[^/_]*)?", run)}


def pruned(networks: Networks, experiment: str) -> dict[str, Pruning]:
    """The runs of an experiment that are pruned and trained again."""
    pattern = re.compile(f"{experiment}/([^/]+)~([^/]+)(?:/mask~([0-9]+))?/([^/~]+)")
    found = {run: pattern.fullmatch(run) for run in networks}
    return {run: Pruning(of[1], float(of[2]), int(of[3] or 1), of[4]) for run, of in found.items() if of}


def whole(network: pd.DataFrame) -> pd.DataFrame:
    return network[[bool(re.fullmatch(r"ep\d+", str(step))) for step in network.index]]


def of_each(networks: Networks, seed: int, value: Callable[[pd.DataFrame], Any]) -> list[Any]:
    return [value(of_seed[seed]) for of_seed in networks.values()]


def at(place: int, column: str) -> Callable[[pd.DataFrame], float]:
    return lambda network: float(network[column].iloc[place])


def spearman(table: pd.DataFrame, first: str, second: str) -> float:
    known = table[[first, second]].dropna()
    varies = len(known) >= 5 and (known.nunique() > 1).all()
    return float(stats.spearmanr(known[first], known[second]).statistic) if varies else np.nan


def partial(table: pd.DataFrame) -> float:
    """Correlation of the first two columns: of the residuals of regressions of ranks on those of the other columns."""
    ranks = table.dropna().rank().to_numpy()
    if len(ranks) < 3 + ranks.shape[1] - 2:
        return np.nan
    given = ranks[:, 2:]
    left = [side - LinearRegression().fit(given, side).predict(given) for side in ranks[:, :2].T]
    if min(np.linalg.norm(residual) for residual in left) < 1e-8 * len(ranks):
        return np.nan
    return float(stats.pearsonr(*left).statistic)


def within_strata(table: pd.DataFrame, first: str, second: str) -> float:
    """Correlation of ranks within strata, as shares of the stratum, over the strata in which both columns vary."""
    known = table.dropna(subset=[first, second]).groupby("stratum")[[first, second]]
    strata = [rows for _, rows in known if (rows.nunique() > 1).all()]
    if sum(len(rows) - 1 for rows in strata) < 4:
        return np.nan
    centred = pd.concat([(rows.rank() - (len(rows) + 1) / 2) / len(rows) for rows in strata])
    return float(stats.pearsonr(centred[first], centred[second]).statistic)


def epochs_until_converged(network: pd.DataFrame, dense: pd.DataFrame) -> float:
    goal, course = CONVERGENCE_SHARE * dense["validation_accuracy"].iloc[-1], network["validation_accuracy"]
    if np.isnan(goal) or course.isna().any():
        return np.nan
    before: tuple[float, float] | None = None
    for epoch, accuracy in zip(network["step_epoch"], course, strict=True):
        if accuracy >= goal:
            if before is None:
                return float(epoch)
            return float(before[0] + (goal - before[1]) / (accuracy - before[1]) * (epoch - before[0]))
        before = (epoch, accuracy)
    return float(network["step_epoch"].iloc[-1]) + 1


def c1(networks: Networks) -> dict[str, Values]:
    def correlation(network: pd.DataFrame) -> float:
        epochs = whole(network)[["emergence", "train_accuracy", "step_epoch"]]
        improvement = np.diff(epochs["train_accuracy"]) / np.diff(epochs["step_epoch"])
        return partial(epochs.iloc[:-1].assign(train_accuracy=improvement))

    return {
        "given_epoch": {
            name: {seed: correlation(network) for seed, network in dense.items()}
            for name, dense in experiments(networks).items()
        }
    }


def c2(networks: Networks) -> dict[str, Values]:
    performance, trainability = Values(), Values()
    for name, dense in experiments(networks).items():
        runs = varied(networks, name, "alpha")
        if len(runs) > 1:
            tables = {seed: _initialisations(runs, seed, dense[seed]) for seed in dense}
            root = _root_of_reliability(tables.values())
            performance[name] = {seed: spearman(of, "emergence", "accuracy") / root for seed, of in tables.items()}
            trainability[name] = {seed: spearman(of, "emergence", "epochs") for seed, of in tables.items()}
    return {"performance": performance, "trainability": trainability}


def _initialisations(runs: Networks, seed: int, dense: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "emergence": of_each(runs, seed, at(0, "emergence")),
            "accuracy": of_each(runs, seed, at(-1, "test_accuracy")),
            "samples": of_each(runs, seed, at(-1, "test_samples")),
            "epochs": of_each(runs, seed, lambda network: epochs_until_converged(network, dense)),
        }
    )
    return table.assign(noise=table["accuracy"] * (1 - table["accuracy"]) / table["samples"])


def _root_of_reliability(tables: Iterable[pd.DataFrame]) -> float:
    """Of accuracy, pooled over seeds; NaN unless it is above 0 in nearly all bootstrap samples of seeds."""
    known = [table.dropna() for table in tables]
    parts = np.array([(table["noise"].mean(), table["accuracy"].var()) for table in known if len(table) > 1])
    if len(parts) < 2:
        return np.nan
    noise, variance = parts[np.random.default_rng(1).integers(len(parts), size=(9999, len(parts)))].sum(axis=1).T
    if np.mean(noise >= variance) >= LEVEL / 2:
        return np.nan
    return float(np.sqrt(1 - parts[:, 0].sum() / parts[:, 1].sum()))


def c3(networks: Networks) -> dict[str, Values]:
    found = Values()
    for name, dense in experiments(networks).items():
        runs = pruned(networks, name)
        if runs:
            tables = {seed: _retrained(networks, runs, seed, dense[seed]) for seed in dense}
            found[name] = {seed: within_strata(table, "relative", "epochs") for seed, table in tables.items()}
    return {"within_strata": found}


def _retrained(networks: Networks, runs: Mapping[str, Pruning], seed: int, dense: pd.DataFrame) -> pd.DataFrame:
    of_runs = [networks[run][seed] for run in runs]
    return pd.DataFrame(
        {
            "stratum": [pruning.stratum for pruning in runs.values()],
            "relative": [(network["emergence"] / network["nonzero_parameters"]).iloc[0] for network in of_runs],
            "epochs": [epochs_until_converged(network, dense) for network in of_runs],
        }
    )


def c4(networks: Networks) -> dict[str, Values]:
    found = Values()
    for name, dense in experiments(networks).items():
        for run, (method, _, mask, retraining) in pruned(networks, name).items():
            if (method, retraining) == WAY and mask == 1:
                found[run] = {
                    seed: epochs_until_converged(network, dense[seed])
                    / epochs_until_converged(dense[seed], dense[seed])
                    for seed, network in networks[run].items()
                }
    return {"convergence": found}


def c5(networks: Networks) -> dict[str, Values]:
    def left(network: pd.DataFrame) -> float:
        emergence = whole(network)["emergence"]
        known = emergence.dropna().to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(emergence.iloc[-1] / known[0]) if len(known) > 1 else np.nan

    found = {
        name: {seed: left(network) for seed, network in dense.items()} for name, dense in experiments(networks).items()
    }
    return {"near_zero": found, "fall": found}


def c6(networks: Networks) -> dict[str, Values]:
    ruggedness, concentration = Values(), Values()
    for name, dense in experiments(networks).items():
        strata = dict.fromkeys(varied(networks, name, "alpha"), "dense")
        strata |= {run: how.stratum for run, how in pruned(networks, name).items() if "on purpose" in how.stratum}
        ruggedness[name] = {seed: _around(networks, strata, seed, "slice_relative_roughness") for seed in dense}
        concentration[name] = {seed: _around(networks, strata, seed, "slice_total_persistence") for seed in dense}
    return {"ruggedness": ruggedness, "concentration": concentration}


def _around(networks: Networks, strata: Mapping[str, str], seed: int, column: str) -> float:
    """Correlation of emergence with what surrounds the weights, over networks of a seed and steps."""
    tables = [
        networks[run][seed].reindex(columns=["emergence", column]).assign(stratum=f"{stratum} ")
        for run, stratum in strata.items()
    ]
    table = pd.concat(tables)
    return within_strata(table.assign(stratum=table["stratum"] + table.index), "emergence", column)


def c7(networks: Networks) -> dict[str, Values]:
    def slope(runs: Networks, seed: int, place: int) -> float:
        size = of_each(runs, seed, lambda network: np.log10(network["nonzero_parameters"].max()))
        paths = of_each(runs, seed, lambda network: np.log10(1 + network["emergence"].iloc[place]))
        known = ~np.isnan(size) & ~np.isnan(paths)
        line = stats.linregress(np.compress(known, size), np.compress(known, paths)) if known.sum() >= 4 else None
        return float(line.slope) if line else np.nan

    runs = {name: varied(networks, name, "width", "depth") for name in experiments(networks)}
    return {
        quantity: {
            name: {seed: slope(runs[name], seed, place) for seed in dense}
            for name, dense in experiments(networks).items()
            if len(runs[name]) > 1
        }
        for quantity, place in (("start", 0), ("end", -1))
    }


def c8(networks: Networks) -> dict[str, Values]:
    early_rise, settling = Values(), Values()
    for name, dense in experiments(networks).items():
        for seed, network in dense.items():
            course = network.get("effective_complexity", pd.Series(np.nan, network.index)).to_numpy()
            early = np.interp(EARLY * network["step_epoch"].iloc[-1], network["step_epoch"], course)
            rise, late = early - course[0], course[-1] - early
            early_rise.setdefault(name, {})[seed] = float(rise)
            settling.setdefault(name, {})[seed] = float(late - np.maximum(rise, 0.1))
    return {"early_rise": early_rise, "settling": settling}


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


@cache
def deciding(name: str) -> dict[str, Rule]:
    """The rules of what decides a claim, the headline first."""
    quantities = yaml.safe_load(RULES.read_text(encoding="utf-8"))["claims"][name]["quantities"]
    return {quantity: rule for quantity, rule in quantities.items() if rule["role"] == "decides"}


def scaled(values: Any, rule: Rule) -> np.ndarray:
    """Values on the scale on which means are taken: of a ratio r it is (r - 1) / (r + 1)."""
    with np.errstate(divide="ignore"):
        return np.tanh(np.log(values) / 2) if rule["scale"] == "ratio" else np.asarray(values, dtype=float)


def unscaled(value: float, rule: Rule) -> float:
    """The way back, cut to what is possible."""
    cut = value if rule["scale"] == "difference" else np.clip(value, -1, 1)
    with np.errstate(divide="ignore"):
        return float(np.exp(2 * np.arctanh(cut))) if rule["scale"] == "ratio" else float(cut)


def sign(rule: Rule) -> int:
    return 1 if rule["direction"] == "positive" else -1


def sign_flip(values: np.ndarray) -> float:
    """Share of all changes of signs by which the sum becomes as large."""
    signs = np.array(list(product((1, -1), repeat=len(values))))
    return float(np.mean(signs @ values >= values.sum() - 1e-12 * np.abs(values).sum()))


def one_test(values: Collection[float], rule: Rule) -> Test:
    """Mean over seeds on the scale of the rule, its t interval, and p-values that are not corrected; NaN if unknown."""
    known = np.array([value for value in values if not np.isnan(value)])
    if len(known) < 2:
        return dict.fromkeys((*NUMBERS, "p_value", "against"), np.nan)
    known = scaled(known, rule)
    ends = stats.t.interval(1 - LEVEL, len(known) - 1, loc=known.mean(), scale=stats.sem(known))
    found = {name: unscaled(end, rule) for name, end in zip(NUMBERS, (known.mean(), *ends), strict=True)}
    short = scaled(rule["smallest_effect"], rule) - known
    return {**found, "p_value": sign_flip(sign(rule) * known), "against": sign_flip(sign(rule) * short)}


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected p-values; an unknown one counts as 1."""
    filled = np.where(np.isnan(p_values), 1, p_values)
    order = np.argsort(filled)
    corrected = np.maximum.accumulate(filled[order] * (len(filled) - np.arange(len(filled))))
    return [float(p_value) for p_value in np.minimum(corrected, 1)[np.argsort(order)]]


def all_tests(values: Mapping[str, Values], rules: Mapping[str, Rule]) -> dict[str, dict[str, Test]]:
    """The tests of a claim by quantity: support corrected within each quantity, contradiction over all of them."""
    found = {
        quantity: {test: one_test(per_seed.values(), rules[quantity]) for test, per_seed in of_tests.items()}
        for quantity, of_tests in values.items()
    }
    against = iter(holm([test["against"] for tests in found.values() for test in tests.values()]))
    for quantity, tests in found.items():
        support = holm([test["p_value"] for test in tests.values()])
        for test, p_value in zip(tests.values(), support, strict=True):
            test |= {"corrected_p_value": p_value, "contradiction_p_value": next(against)}
            test["verdict"] = _verdict_of_test(test, rules[quantity])
    return found


def _verdict_of_test(test: Test, rule: Rule) -> str:
    reaches = sign(rule) * (test["estimate"] - rule["smallest_effect"]) >= 0
    if reaches:
        return "supported" if test["corrected_p_value"] <= LEVEL else "inconclusive"
    return "contradicted" if test["contradiction_p_value"] <= LEVEL else "inconclusive"


def together(values: Values, tests: Mapping[str, Test], rule: Rule) -> Test:
    """The mean over tests per seed, the p-values that more than half of the tests reach, and the verdict of these."""
    per_seed = pd.DataFrame({test: pd.Series(scaled(list(of.values()), rule), list(of)) for test, of in values.items()})
    found = one_test([unscaled(mean, rule) for mean in per_seed.mean(axis="columns")], rule)
    for key in P_VALUES:
        ordered = sorted(1 if np.isnan(test[key]) else test[key] for test in tests.values())
        found[key] = ordered[len(ordered) // 2] if ordered else np.nan
    counts = pd.Series([test["verdict"] for test in tests.values()], dtype=object).value_counts()
    decided = [verdict for verdict in ("supported", "contradicted") if verdict in counts]
    most = [verdict for verdict in decided if 2 * counts[verdict] > len(tests)]
    return {**found, "verdict": "mixed" if len(decided) == 2 else most[0] if most else "inconclusive"}


def verdict_of_claim(verdicts: Mapping[str, str], rules: Mapping[str, Rule]) -> str:
    """All must be supported, one contradicted suffices; support is void beside a contradicted one that it supposes."""
    left = {
        verdict
        for quantity, verdict in verdicts.items()
        if not (verdict == "supported" and verdicts.get(rules[quantity].get("supposes", "")) == "contradicted")
    }
    if "mixed" in left or {"supported", "contradicted"} <= left:
        return "mixed"
    return "contradicted" if "contradicted" in left else "supported" if left == {"supported"} else "inconclusive"


@cache
def judged(results: Path, name: str) -> dict[str, tuple[dict[str, Test], Test]]:
    """By quantity that decides a claim: its tests, and these together; the verdict of the headline is the claim's."""
    rules, values = deciding(name), CLAIMS[name](read_networks(results))
    assert set(values) == set(rules), f"{name}: {sorted(rules)} decide, {sorted(values)} are recomputed"
    tests = all_tests(values, rules)
    found = {quantity: together(values[quantity], tests[quantity], rule) for quantity, rule in rules.items()}
    verdict = verdict_of_claim({quantity: of["verdict"] for quantity, of in found.items()}, rules)
    found[next(iter(rules))]["verdict"] = verdict
    return {quantity: (tests[quantity], found[quantity]) for quantity in rules}


def compare(results: Path, claims: Mapping[str, Any]) -> set[str]:
    """Assert that what decides the claims is as recomputed; return claim/quantity of all that have a number."""
    compared = set()
    for name, claim in claims.items():
        for quantity, (tests, of_quantity) in judged(results, name).items():
            told, entry = f"{name}, {quantity}", claim["further"].get(quantity, claim)
            assert set(entry["experiments"]) == set(tests), f"{told}: tests"
            for test, expected in tests.items():
                _agree(entry["experiments"][test], expected, f"{told}, {test}")
            _agree(entry, of_quantity, told)
            if entry["estimate"] is not None:
                compared.add(f"{name}/{quantity}")
    return compared


def _agree(found: Mapping[str, Any], expected: Test, what: str) -> None:
    assert found["verdict"] == expected["verdict"], f"{what}: verdict is {found['verdict']}, not {expected['verdict']}"
    for key in (*NUMBERS, *P_VALUES):
        one, other = found[key], expected[key] if np.isfinite(expected[key]) else None
        if one is None or other is None:
            assert one is None and other is None, f"{what}: {key} is {one}, recomputed {other}"
        else:
            assert np.isclose(one, other, rtol=1e-9, atol=1e-9), f"{what}: {key} is {one}, recomputed {other}"
