"""What is compared within strata, held against ordinary least squares with an indicator per stratum."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as formulas
import xarray as xr
from scipy import stats

from emergence.core.runs import Variation
from emergence.statistics.claims import c3, c6
from emergence.statistics.judge import judge_claim_samples
from emergence.statistics.rules import read_rules
from emergence.statistics.strata import LEAST_FREEDOM, correlations_within, explained_by_strata
from tests.study_data import SETTINGS, at_reference, joined

SEEDS, EPOCHS = 8, 21
SHAPE = (SEEDS, EPOCHS)
SPARSITIES = (0.3, 0.5, 0.7, 0.9)
PURPOSE = {"random_weights": 0.0, "most_emergence": -1.0, "least_emergence": 1.0}
"""By how much masks of a method shift emergence at one sparsity."""


def learning(rng: np.random.Generator, rate: np.ndarray) -> dict[str, np.ndarray]:
    accuracy = np.clip(1 - np.exp(-rate * np.arange(EPOCHS)) + rng.normal(0, 0.005, SHAPE), 0, 1)
    return {"validation_accuracy": accuracy, "test_accuracy": accuracy}


def pruned(
    rng: np.random.Generator, effect: float = 0.0, of_method: float = 0.0, methods: tuple[str, ...] = (*PURPOSE, "snip")
) -> xr.Dataset:
    """Pruned networks, two masks each of PURPOSE, that learn faster by `effect` with emergence within strata.

    Between families of methods emergence differs, and by `of_method` so does the rate.
    """
    counts = {"log10_emergence": np.full(SHAPE, 6.0), "relative_emergence": np.full(SHAPE, 1e3)}
    dense = {**learning(rng, np.full((SEEDS, 1), 0.4)), **counts, "nonzero_parameters": np.full(SHAPE, 1000.0)}
    parts = [joined({("digits", "mlp", "dense", 0.0): dense}).assign_coords(mask=("run", [1]))]
    for mask in (1, 2) if set(methods) & set(PURPOSE) else (1,):
        runs: dict[tuple[Any, ...], Any] = {}
        for method in [method for method in methods if mask == 1 or method in PURPOSE]:
            of_family = 2.0 if method not in PURPOSE else -2.0
            for sparsity in SPARSITIES:
                chance = PURPOSE.get(method, 0.0) + rng.normal(0, 0.3, (SEEDS, 1))
                rate = 0.3 * np.exp(effect * chance + of_method * of_family + rng.normal(0, 0.2, (SEEDS, 1)))
                log10 = (4 + chance + of_family - 2 * sparsity) * np.ones(SHAPE)
                parameters = np.full(SHAPE, round(1000 * (1 - sparsity)))
                runs["digits", "mlp", method, sparsity] = {
                    **learning(rng, rate),
                    "log10_emergence": log10,
                    "relative_emergence": 10**log10 / parameters,
                    "nonzero_parameters": parameters,
                }
        of_mask = joined(runs)
        parts.append(of_mask.assign_coords(mask=("run", [mask] * of_mask.sizes["run"])))
    return xr.concat(parts, "run", coords="different", compat="equals")


def judged(claim: str, samples: dict[str, pd.DataFrame]) -> dict[str, Any]:
    rules = read_rules()
    return judge_claim_samples(rules.claims[claim], rules.general, samples, SETTINGS)


def table(rng: np.random.Generator, sizes: tuple[int, ...] = (6, 4, 3, 1), effect: float = 1.0) -> pd.DataFrame:
    """Rows of one seed in strata of several sizes, with some equal values."""
    stratum = np.repeat([f"stratum {number}" for number in range(len(sizes))], sizes)
    shift = np.repeat(np.arange(len(sizes)) ** 2, sizes)
    first = np.round(rng.normal(size=len(shift)), 1)
    second = np.round(effect * first + rng.normal(size=len(shift)), 1) - 3 * shift
    return pd.DataFrame(
        {"stratum": stratum, "first": first + shift, "second": second}, index=pd.Index([7] * len(shift), name="seed")
    )


def correlation(rows: pd.DataFrame, first: str, second: str) -> float:
    """The correlation of a single seed."""
    return float(correlations_within({"": rows}, first, second)[""].item())


def by_least_squares(rows: pd.DataFrame) -> float:
    """The correlation of what indicators of strata leave of ranks within strata, over the size of each."""
    rows = rows.reset_index(drop=True)
    left = []
    for name in ("first", "second"):
        ranks = np.empty(len(rows))
        for of_stratum in rows.groupby("stratum").indices.values():
            ranks[of_stratum] = stats.rankdata(rows[name].to_numpy()[of_stratum]) / len(of_stratum)
        left.append(formulas.ols("ranks ~ C(stratum)", rows.assign(ranks=ranks)).fit().resid)
    return float(np.corrcoef(*left)[0, 1])


@pytest.mark.parametrize("seed", range(5))
def test_the_correlation_within_strata_is_that_of_what_indicators_leave_of_ranks(seed: int) -> None:
    rows = table(np.random.default_rng(seed))
    assert correlation(rows, "first", "second") == pytest.approx(by_least_squares(rows[rows.stratum != "stratum 3"]))


def test_each_seed_has_a_correlation_of_its_own() -> None:
    seeds = {seed: table(np.random.default_rng(seed)).set_axis([seed] * 14) for seed in (3, 1, 2)}
    found = correlations_within({"all": pd.concat(seeds.values())}, "first", "second")["all"]
    assert found.to_dict() == {
        seed: pytest.approx(correlation(rows, "first", "second")) for seed, rows in seeds.items()
    }


def test_what_differs_between_strata_alone_is_no_correlation() -> None:
    rows = table(np.random.default_rng(2), sizes=(40, 40, 40), effect=0.0)
    assert stats.spearmanr(rows["first"], rows["second"]).statistic < -0.7
    assert abs(correlation(rows, "first", "second")) < 0.25


def test_the_rules_say_how_many_networks_a_seed_needs() -> None:
    claims = read_rules().claims
    assert f"A seed needs {LEAST_FREEDOM} runs beyond the first of each stratum" in claims["C3"].choices
    assert f"A seed needs {LEAST_FREEDOM} networks beyond the first of each stratum" in claims["C6"].choices


def test_one_stratum_has_the_rank_correlation_of_its_rows() -> None:
    rows = table(np.random.default_rng(3), sizes=(9,))
    expected = stats.spearmanr(rows["first"], rows["second"]).statistic
    assert correlation(rows, "first", "second") == pytest.approx(expected)


def test_too_few_networks_beyond_the_first_of_strata_that_vary_have_no_correlation() -> None:
    rows = table(np.random.default_rng(4), sizes=(3, 3, 3))
    assert not np.isnan(correlation(rows, "first", "second"))
    alike = rows.assign(first=rows["first"].where(rows["stratum"] != "stratum 1", 5.0))
    assert not np.isnan(correlation(alike, "first", "second"))  # two strata of three, as many as are needed
    alone = alike.iloc[[0, 1, 3, 4, 5, 6, 7, 8]]
    assert len(alone) - 3 - 2 < LEAST_FREEDOM and np.isnan(correlation(alone, "first", "second"))
    late = rows.assign(second=rows["second"].where(rows["stratum"] != "stratum 1", 21.0))
    without = rows[rows["stratum"] != "stratum 1"]
    assert correlation(late, "first", "second") == correlation(without, "first", "second")
    assert np.isnan(correlation(rows.assign(second=1.0), "first", "second"))


def test_the_share_that_strata_explain_is_that_of_least_squares_on_indicators() -> None:
    rng = np.random.default_rng(5)
    seeds = [table(rng, sizes=(5, 4, 6)).set_axis(pd.Index([seed] * 15, name="seed")) for seed in range(4)]
    found = explained_by_strata(pd.concat(seeds), "first", confidence=0.95)
    shares = []
    for rows in seeds:
        ranked = rows.reset_index(drop=True).assign(ranks=stats.rankdata(rows["first"]))
        shares.append(formulas.ols("ranks ~ C(stratum)", ranked).fit().rsquared)
    interval = stats.t.interval(0.95, 3, np.mean(shares), stats.sem(shares))
    assert (found.estimate, found.observations) == (pytest.approx(np.mean(shares)), 4)
    assert (found.low, found.high) == pytest.approx((max(interval[0], 0), min(interval[1], 1)))


def test_a_seed_in_which_emergence_does_not_vary_has_no_share() -> None:
    rows = table(np.random.default_rng(6))
    assert explained_by_strata(rows.assign(first=1.0), "first", 0.95).observations == 0


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_methods_that_differ_in_emergence_and_speed_no_longer_support_the_claim(seed: int) -> None:
    samples = c3.samples(at_reference(pruned(np.random.default_rng(seed), of_method=0.4)))
    found = judged("C3", samples)
    assert found["further"]["given_sparsity"]["verdict"] == "supported"
    assert found["verdict"] != "supported" and abs(found["estimate"]) < 0.2


def test_emergence_that_is_varied_on_purpose_supports_or_contradicts_by_its_effect() -> None:
    for effect, verdict in ((0.6, "supported"), (-0.6, "contradicted")):
        study = at_reference(pruned(np.random.default_rng(14), effect, of_method=-0.4))
        samples = c3.samples(study)
        assert judged("C3", samples)["verdict"] == verdict
        assert (samples["intervention"]["digits/mlp"] < 1).all() == (effect > 0)
        hazard = c3.analyses(study)["hazard_ratio"]["digits/mlp"]
        assert hazard.low > 1 if effect > 0 else hazard.high < 1
        assert hazard.observations == 6 * len(SPARSITIES) * SEEDS


def test_the_intervention_averages_masks_and_then_the_ratios_of_sparsities() -> None:
    study = at_reference(pruned(np.random.default_rng(15), effect=0.3))
    found = c3.samples(study)["intervention"].loc[3, "digits/mlp"]
    goal = SETTINGS.convergence_share * study.data["validation_accuracy"].isel(run=0, step=-1).sel(seed=3).item()
    changes = []
    for sparsity in SPARSITIES:
        means = []
        for method in ("least_emergence", "most_emergence"):
            chosen = (study.data["method"] == method) & (study.data["sparsity"] == sparsity)
            rows = study.data["validation_accuracy"].sel(seed=3).isel(run=chosen.values).values
            means.append(np.mean([first_above(row, goal) for row in rows]))
        ratio = means[0] / means[1]
        changes.append((ratio - 1) / (ratio + 1))
    mean = np.mean(changes)
    assert found == pytest.approx((1 + mean) / (1 - mean))


def first_above(accuracy: np.ndarray, goal: float) -> float:
    """The first epoch at which a line through the points of a curve is at a goal; one beyond the last if never."""
    for epoch, (before, after) in enumerate(pairwise(accuracy)):
        if after >= goal:
            return float(epoch + (goal - before) / (after - before))
    return float(len(accuracy))


def test_a_study_of_one_mask_per_stratum_has_no_correlation_within_strata() -> None:
    samples = c3.samples(at_reference(pruned(np.random.default_rng(16), effect=0.6, methods=("snip", "grasp"))))
    assert samples["within_strata"].isna().all(axis=None) and not samples["given_sparsity"].isna().any(axis=None)
    assert judged("C3", samples)["verdict"] == "inconclusive"


def surrounded(rng: np.random.Generator, effect: float = 0.0, of_step: float = 0.0) -> xr.Dataset:
    """Networks of several alphas and masks at two steps, around which the loss is rugged by `effect` with emergence."""
    runs: dict[tuple[Any, ...], Any] = {}
    keys = [("digits", "mlp", "dense", 0.0, Variation(alpha=alpha)) for alpha in (0.25, 0.5, 1.0, 2.0, 4.0)]
    keys += [("digits", "mlp", method, sparsity) for method in PURPOSE for sparsity in SPARSITIES]
    for key in keys:
        varied = key[4] if len(key) > 4 else None
        chance = rng.normal(size=(SEEDS, 2)) + (np.log(varied.alpha) if varied else PURPOSE[key[2]])
        log10 = 6 + chance - 3 * key[3] + of_step * np.arange(2)
        around = effect * chance + of_step * np.arange(2)
        runs[key] = {
            "log10_emergence": log10,
            "relative_emergence": 10**log10,
            "nonzero_parameters": np.full((SEEDS, 2), 1000 * (1 - key[3])),
            **{name: np.exp(around + rng.normal(size=(SEEDS, 2))) for name in dict.fromkeys(c6.WITHIN_STRATA.values())},
        }
    return joined(runs)


def test_the_landscape_is_compared_within_sparsity_family_and_step() -> None:
    data = surrounded(np.random.default_rng(21), effect=0.5, of_step=3.0)
    study = at_reference(data)
    found = c6.samples(study)["ruggedness"].loc[2, "digits/mlp"]
    at = study.data.sel(seed=2)
    rows = pd.DataFrame(
        {
            "first": np.ravel(at["log10_emergence"].transpose("run", "step")),
            "second": np.ravel(at[c6.WITHIN_STRATA["ruggedness"]].transpose("run", "step")),
            "stratum": [f"{sparsity} {step}" for sparsity in at["sparsity"].values for step in at["step"].values],
        }
    )
    assert found == pytest.approx(by_least_squares(rows))


def test_what_time_alone_makes_of_the_landscape_does_not_count() -> None:
    time = judged("C6", c6.samples(at_reference(surrounded(np.random.default_rng(22), of_step=5.0))))
    assert time["verdict"] != "supported" and abs(time["estimate"]) < 0.2
    effect = at_reference(surrounded(np.random.default_rng(23), effect=1.0, of_step=5.0))
    assert judged("C6", c6.samples(effect))["verdict"] == "supported"
    shares = c6.analyses(effect)["explained_by_design"]["digits/mlp"]
    assert 0.4 < shares.low < shares.high < 1 and shares.observations == SEEDS
