"""C6 judged on made-up studies whose truth is known."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from emergence.statistics.claims import c6
from emergence.statistics.judge import judge_claim_samples
from emergence.statistics.rules import read_rules
from tests.simulated_studies import landscapes
from tests.study_data import SETTINGS, at_reference

pytestmark = pytest.mark.usefixtures("without_garbage_collection")
SEEDS, STEPS = 10, 3


def judged(data: xr.Dataset) -> dict[str, Any]:
    study = at_reference(data)
    rules = read_rules()
    return judge_claim_samples(rules.claims["C6"], rules.general, c6.samples(study), SETTINGS)


def test_an_effect_of_the_other_sign_contradicts() -> None:
    assert judged(landscapes(np.random.default_rng(1), -2.0, -2.0))["verdict"] == "contradicted"


def test_the_partial_correlation_is_that_of_residuals_of_ranks() -> None:
    data = landscapes(np.random.default_rng(4), 0.5, 0.5, by_sparsity=0.3, by_time=0.3)
    study = at_reference(data.isel(run=(data["mask"] == 1).values))
    found = c6.samples(study)["ruggedness"].loc[5, "digits/cnn"]
    at = study.data.isel(run=(study.data["network"] == "cnn").values).sel(seed=5)
    columns = [at["log10_emergence"], at["slice_relative_roughness"]]
    given = [at["nonzero_parameters"], at["sparsity"], at["step_epoch"]]
    flat = [np.ravel(column.broadcast_like(columns[0]).transpose("run", "step")) for column in (*columns, *given)]
    ranks = [stats.rankdata(values) for values in flat]
    design = np.column_stack([np.ones_like(ranks[0]), *ranks[2:]])
    left = [rank - design @ np.linalg.pinv(design) @ rank for rank in ranks[:2]]
    assert found == pytest.approx(np.corrcoef(*left)[0, 1])


def test_seeds_without_a_landscape_do_not_count() -> None:
    data = landscapes(np.random.default_rng(5), 2.0, 2.0)
    sampled = data["seed"] < 7
    partly = data.assign({name: data[name].where(sampled) for name in ("slice_relative_roughness", "minima")})
    assert judged(partly)["runs"] == 2 * 7
    assert judged(partly) == judged(data.isel(seed=slice(7)))


def test_a_study_without_landscapes_decides_nothing() -> None:
    data = landscapes(np.random.default_rng(6), 2.0, 2.0).drop_vars(["slice_relative_roughness", "minima"])
    found = judged(data)
    assert found["verdict"] == "inconclusive" and found["runs"] == 0


def test_networks_without_any_path_rank_lowest() -> None:
    data = landscapes(np.random.default_rng(7))
    run = data.isel(run=1, criterion=0, threshold=0, through=1)
    run["relative_emergence"][3, 2] = 0
    table = c6.networks(run)
    assert np.isneginf(table.loc[3, "emergence"].iloc[2]) and np.isneginf(table["relative_emergence"]).sum() == 1
    assert len(table) == SEEDS * STEPS and table["step_epoch"].iloc[:STEPS].tolist() == [0, 1, 2]


def test_minima_that_are_the_same_everywhere_have_no_correlation() -> None:
    data = landscapes(np.random.default_rng(8), 1.0, 1.0)
    found = judged(data.assign(minima=xr.ones_like(data["minima"])))
    assert found["further"]["concentration"]["verdict"] == "inconclusive"
    assert found["verdict"] == "inconclusive"
