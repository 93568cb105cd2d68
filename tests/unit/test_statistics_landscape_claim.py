"""C6 judged on made-up studies whose truth is known."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from emergence.parameters.statistics import Statistics
from emergence.statistics.claims import c6
from emergence.statistics.judge import judge_claim_samples
from emergence.statistics.rules import read_rules
from emergence.statistics.study import Reference, Study
from tests.study_data import joined

SEEDS, STEPS = 8, 4
SPARSITIES = (0.0, 0.3, 0.5, 0.7, 0.9)
SETTINGS = Statistics()
REFERENCE = Reference("global_magnitude", "original_initialisation")


@pytest.fixture(autouse=True)
def without_garbage_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """statsmodels collects garbage in every call, which would take most of the time."""
    monkeypatch.setattr("gc.collect", lambda: 0)


def landscapes(seed: int, effect: float, confounding: float = 0.0, decline: float = 0.0) -> xr.Dataset:
    """Dense and pruned runs whose landscapes are rugged by `effect` times emergence, beside chance.

    Emergence and ruggedness both change with sparsity by `confounding`, and with the epoch by `decline`.
    """
    rng = np.random.default_rng(seed)
    runs: dict[tuple[Any, ...], dict[str, Any]] = {}
    for network in ("mlp", "cnn"):
        for sparsity in SPARSITIES:
            common = 10 * confounding * sparsity + decline * np.arange(STEPS)
            chance = rng.normal(size=(SEEDS, STEPS))
            log10 = 20 + chance + common
            rugged = effect * chance + common + rng.normal(size=(SEEDS, STEPS))
            parameters = np.full((SEEDS, STEPS), 1000 * (1 - sparsity) + 50)
            method = "global_magnitude" if sparsity else "dense"
            runs["digits", network, method, sparsity] = {
                "log10_emergence": log10,
                "relative_emergence": 10**log10 / parameters,
                "nonzero_parameters": parameters,
                "slice_relative_roughness": np.exp(rugged),
                "minima": np.round(4 * stats.norm.cdf(rugged - common)) + common,
            }
    return joined(runs)


def judged(data: xr.Dataset) -> dict[str, Any]:
    study = Study.at_reference(data, SETTINGS, REFERENCE)
    rules = read_rules()
    return judge_claim_samples(rules.claims["C6"], rules.general, c6.samples(study), SETTINGS)


def test_an_effect_that_is_there_is_found_in_both_halves() -> None:
    found = judged(landscapes(0, effect=2.0))
    assert found["verdict"] == "supported"
    assert found["further"]["concentration"]["verdict"] == "supported"
    assert found["estimate"] > 0.6 and found["runs"] == 2 * SEEDS


def test_an_effect_of_the_other_sign_contradicts() -> None:
    assert judged(landscapes(1, effect=-2.0))["verdict"] == "contradicted"


@pytest.mark.parametrize("trend", [{"confounding": 1.0}, {"confounding": -1.0}, {"decline": 3.0}, {}])
def test_sparsity_and_time_alone_make_no_effect(trend: dict[str, float]) -> None:
    data = landscapes(2, effect=0.0, **trend)
    found = judged(data)
    assert found["verdict"] == "contradicted"
    assert abs(found["estimate"]) < 0.15
    table = c6.networks(data.isel(run=0, criterion=0, threshold=0, through=1))
    if "decline" in trend:  # the plain correlation is fooled
        assert stats.spearmanr(table["emergence"], table["slice_relative_roughness"]).statistic > 0.5


def test_an_effect_shows_through_confounding_by_sparsity_of_the_other_sign() -> None:
    data = landscapes(3, effect=2.0, confounding=0.5)
    rugged = data["slice_relative_roughness"]
    shift = np.exp(-2 * 10 * 0.5 * data["sparsity"])
    assert (
        judged(data.assign(slice_relative_roughness=rugged * shift))["further"]["ruggedness_relative"]["estimate"] > 0.5
    )


def test_the_partial_correlation_is_that_of_residuals_of_ranks() -> None:
    data = landscapes(4, effect=0.5, confounding=0.3, decline=0.3)
    study = Study.at_reference(data, SETTINGS, REFERENCE)
    found = c6.samples(study)["ruggedness"].loc[5, "digits/cnn"]
    at = study.data.isel(run=[str(name) == "cnn" for name in data["network"].values]).sel(seed=5)
    columns = [at["log10_emergence"], at["slice_relative_roughness"]]
    given = [at["nonzero_parameters"], at["sparsity"], at["step_epoch"]]
    flat = [np.ravel(column.broadcast_like(columns[0]).transpose("run", "step")) for column in (*columns, *given)]
    ranks = [stats.rankdata(values) for values in flat]
    design = np.column_stack([np.ones_like(ranks[0]), *ranks[2:]])
    left = [rank - design @ np.linalg.pinv(design) @ rank for rank in ranks[:2]]
    assert found == pytest.approx(np.corrcoef(*left)[0, 1])


def test_seeds_without_a_landscape_do_not_count() -> None:
    data = landscapes(5, effect=2.0)
    sampled = data["seed"] < 6
    partly = data.assign({name: data[name].where(sampled) for name in ("slice_relative_roughness", "minima")})
    assert judged(partly)["runs"] == 2 * 6
    assert judged(partly)["verdict"] == "supported"


def test_a_study_without_landscapes_decides_nothing() -> None:
    data = landscapes(6, effect=2.0).drop_vars(["slice_relative_roughness", "minima"])
    found = judged(data)
    assert found["verdict"] == "inconclusive" and found["runs"] == 0


def test_networks_without_any_path_rank_lowest() -> None:
    data = landscapes(7, effect=0.0)
    run = data.isel(run=1, criterion=0, threshold=0, through=1)
    run["relative_emergence"][3, 2] = 0
    table = c6.networks(run)
    assert np.isneginf(table.loc[3, "emergence"].iloc[2]) and np.isneginf(table["relative_emergence"]).sum() == 1
    assert len(table) == SEEDS * STEPS and table["step_epoch"].iloc[:STEPS].tolist() == [0, 1, 2, 3]


def test_minima_that_are_the_same_everywhere_have_no_correlation() -> None:
    data = landscapes(8, effect=1.0)
    found = judged(data.assign(minima=xr.ones_like(data["minima"])))
    assert found["further"]["concentration"]["verdict"] == "inconclusive"
    assert found["verdict"] == "inconclusive"
