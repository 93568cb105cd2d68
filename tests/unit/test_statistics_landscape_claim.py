"""C6 on made-up studies: which networks count, and what a seed without values does."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from emergence.core.runs import Variation
from emergence.statistics.claims import c6
from emergence.statistics.judge import judge_claim_samples
from emergence.statistics.rules import read_rules
from tests.study_data import SETTINGS, at_reference, joined

SEEDS, STEPS = 6, 2
SHAPE = (SEEDS, STEPS)
SPARSITIES = (0.3, 0.5, 0.7, 0.9)
ON_PURPOSE = {"random_weights": 0.0, "most_emergence": -1.0, "least_emergence": 1.0}
LANDSCAPE = dict.fromkeys((*c6.WITHIN_STRATA.values(), *c6.OF_REFERENCE.values()))


def landscapes(rng: np.random.Generator, effect: float = 0.0) -> xr.Dataset:
    """Networks varied on purpose and of reference, around which everything grows by `effect` with emergence."""
    keys: list[tuple[Any, ...]] = [("digits", "mlp", "dense", 0.0)]
    keys += [("digits", "mlp", "dense", 0.0, Variation(alpha=alpha)) for alpha in (0.25, 0.5, 2.0, 4.0)]
    keys += [("digits", "mlp", "dense", 0.0, Variation(width=2.0))]
    keys += [
        ("digits", "mlp", method, sparsity) for method in (*ON_PURPOSE, "global_magnitude") for sparsity in SPARSITIES
    ]
    runs: dict[tuple[Any, ...], Any] = {}
    for key in keys:
        chance = rng.normal(size=SHAPE) + ON_PURPOSE.get(key[2], 0.0)
        log10 = 6 + chance - 3 * key[3]
        around = {name: np.exp(effect * chance + rng.normal(size=SHAPE)) for name in LANDSCAPE}
        size = {"nonzero_parameters": np.full(SHAPE, 1000 * (1 - key[3]))}
        runs[key] = {"log10_emergence": log10, "relative_emergence": 10**log10, **size, **around}
    return joined(runs)


def judged(data: xr.Dataset) -> dict[str, Any]:
    rules = read_rules()
    return judge_claim_samples(rules.claims["C6"], rules.general, c6.samples(at_reference(data)), SETTINGS)


def test_an_effect_supports_and_one_of_the_other_sign_contradicts() -> None:
    assert judged(landscapes(np.random.default_rng(0), effect=2.0))["verdict"] == "supported"
    assert judged(landscapes(np.random.default_rng(1), effect=-2.0))["verdict"] == "contradicted"


def test_networks_of_other_widths_and_other_methods_do_not_count_within_strata() -> None:
    data = landscapes(np.random.default_rng(2), effect=1.0)
    others = (data["width"] != 1) | (data["method"] == "global_magnitude")
    without = c6.samples(at_reference(data.isel(run=~others.values)))
    for name in c6.WITHIN_STRATA:
        assert c6.samples(at_reference(data))[name].equals(without[name])


def test_the_partial_correlation_of_reference_is_that_of_residuals_of_ranks() -> None:
    study = at_reference(landscapes(np.random.default_rng(4), effect=0.5))
    found = c6.samples(study)["ruggedness_of_reference"].loc[5, "digits/mlp"]
    varied = np.isin(study.data["method"], list(ON_PURPOSE)) | (study.data["alpha"] != 1) | (study.data["width"] != 1)
    at = study.data.isel(run=~varied).sel(seed=5)
    assert at.sizes["run"] == 1 + len(SPARSITIES)
    columns = [at["log10_emergence"], at["slice_relative_roughness"]]
    given = [at["nonzero_parameters"], at["sparsity"], at["step_epoch"]]
    flat = [np.ravel(column.broadcast_like(columns[0]).transpose("run", "step")) for column in (*columns, *given)]
    ranks = [stats.rankdata(values) for values in flat]
    design = np.column_stack([np.ones_like(ranks[0]), *ranks[2:]])
    left = [rank - design @ np.linalg.pinv(design) @ rank for rank in ranks[:2]]
    assert found == pytest.approx(np.corrcoef(*left)[0, 1])


def test_seeds_without_a_landscape_do_not_count() -> None:
    data = landscapes(np.random.default_rng(5), effect=2.0)
    partly = data.assign({name: data[name].where(data["seed"] < 5) for name in LANDSCAPE})
    assert judged(partly)["runs"] == 5
    assert judged(partly) == judged(data.isel(seed=slice(5)))
    shares = c6.analyses(at_reference(partly))["explained_by_design"]["digits/mlp"]
    assert shares.observations == 5


def test_a_study_without_landscapes_decides_nothing() -> None:
    found = judged(landscapes(np.random.default_rng(6), effect=2.0).drop_vars(list(LANDSCAPE)))
    assert found["verdict"] == "inconclusive" and found["runs"] == 0


def test_networks_without_any_path_rank_lowest() -> None:
    run = landscapes(np.random.default_rng(7)).isel(run=1, criterion=0, threshold=0, through=1, samples=0)
    run["relative_emergence"][3, 1] = 0
    table = c6.networks(run)
    assert np.isneginf(table.loc[3, "emergence"].iloc[1]) and np.isneginf(table["emergence"]).sum() == 1
    assert len(table) == SEEDS * STEPS and table["step_epoch"].iloc[:STEPS].tolist() == [0, 1]
    assert table["stratum"].iloc[:STEPS].tolist() == ["0, dense, none, ep0", "0, dense, none, ep1"]


def test_persistences_that_are_the_same_everywhere_have_no_correlation() -> None:
    data = landscapes(np.random.default_rng(8), effect=2.0)
    found = judged(data.assign(slice_total_persistence=xr.zeros_like(data["slice_total_persistence"])))
    assert found["further"]["concentration"]["verdict"] == "inconclusive"
    assert found["verdict"] == "inconclusive"
