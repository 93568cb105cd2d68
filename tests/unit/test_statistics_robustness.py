"""The map of where claims hold, on made-up studies whose truth depends on how emergence is counted."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from emergence.core.runs import Variation
from emergence.statistics.choices import counted, reference_way
from emergence.statistics.claims import CLAIMS
from emergence.statistics.judge import judge, judge_claim_samples
from emergence.statistics.robustness import CHOSEN, CODES, relative_effect, robustness
from emergence.statistics.rules import read_rules
from emergence.statistics.shares import Shares, shares
from emergence.statistics.study import CHOICES, Study
from tests.study_data import REFERENCE, SETTINGS, joined

SEEDS, EPOCHS = 6, 9
DENSE = ("dense", 0.0)
PRUNED = [("global_magnitude", sparsity) for sparsity in (0.3, 0.5, 0.9)]
OTHERS = [("random_weights", sparsity) for sparsity in (0.3, 0.5, 0.9)]
VARIED = [Variation(alpha=alpha) for alpha in (0.25, 0.5, 2.0, 4.0)] + [Variation(width=w) for w in (0.5, 2.0, 4.0)]


def study() -> xr.Dataset:
    """Emergence that goes with improvement at criterion mean, threshold 0.05, through all units, and is noise else."""
    random = np.random.default_rng(0)
    runs: dict[tuple[Any, ...], dict[str, np.ndarray]] = {}
    for network in ("mlp", "cnn"):
        more = [*OTHERS, *((*DENSE, variation) for variation in VARIED)] if network == "mlp" else []
        for way in (DENSE, *PRUNED, *more):
            gains = random.permuted(np.tile(np.linspace(0.01, 0.1, EPOCHS - 1), (SEEDS, 1)), axis=1)
            accuracy = 0.1 + np.concatenate([np.zeros((SEEDS, 1)), gains.cumsum(axis=1)], axis=1)
            log10 = 3 + 10 * np.concatenate([gains, gains[:, -1:]], axis=1)
            width = way[2].width if len(way) > 2 else 1.0
            runs["digits", network, *way] = {
                "log10_emergence": log10,
                "relative_emergence": 10**log10 / 1000,
                "nonzero_parameters": np.full((SEEDS, EPOCHS), 1000 * (1 - way[1]) * width),
                "train_accuracy": accuracy,
                "validation_accuracy": accuracy,
                "test_accuracy": accuracy,
                "effective_complexity": accuracy / 3,
                "slice_relative_roughness": random.random((SEEDS, EPOCHS)),
                "minima": random.random((SEEDS, EPOCHS)),
            }
    data = joined(runs)
    for name in ("log10_emergence", "relative_emergence"):  # the criterion any has one threshold alone
        data[name] = data[name].where((data["criterion"] != "any") | (data["threshold"] == 0.1))
    return data


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return study()


@pytest.fixture(scope="module")
def found(data: xr.Dataset) -> xr.Dataset:
    return robustness(data, SETTINGS, REFERENCE)


def of_claim(found: xr.Dataset, claim: str) -> xr.Dataset:
    return found.isel(cell=(found["claim"] == claim).values & np.isnan(found["seed_left_out"].values))


def judgements(found: xr.Dataset, cell: int) -> dict[str, xr.Dataset]:
    chosen = found.isel(judgement=found["judgement_cell"].values == cell)
    return {name: chosen.isel(judgement=place) for place, name in enumerate(chosen["test"].values.tolist())}


def test_a_claim_varies_over_its_own_choices_alone(found: xr.Dataset) -> None:
    counting, ways, shares_of = set(CHOICES), 6, len(SETTINGS.accuracy_targets)
    expected = {
        "C1": (counting | {"read_out"}, ways * 3),
        "C2": (counting | {"convergence_share"}, ways * shares_of),
        "C3": (counting | {"convergence_share", "sparsities"}, ways * shares_of * 3),
        "C4": ({"convergence_share", "sparsities"}, shares_of * 3),
        "C5": (counting, ways),
        "C6": (counting | {"sparsities"}, ways * 3),
        "C7": (counting | {"reading"}, ways * 3),
        "C8": ({"early_share"}, len(SETTINGS.early_shares)),
    }
    for claim, (names, count) in expected.items():
        cells = of_claim(found, claim)
        chosen = pd.DataFrame({name: cells[name].values for name in CHOSEN})
        known = {str(name) for name in chosen if not (chosen[name].isna() | chosen[name].isin([""])).all()}
        assert known == names and len(cells["cell"]) == count
        assert not chosen[sorted(names)].duplicated().any()


def test_a_way_of_counting_without_any_count_is_no_choice(data: xr.Dataset, found: xr.Dataset) -> None:
    c1 = of_claim(found, "C1")
    any_unit = c1.isel(cell=(c1["criterion"] == "any").values)
    assert set(any_unit["threshold"].values.tolist()) == {0.1} and any_unit.sizes["cell"] == 2 * 3
    assert len(counted(data, reference_way(data, SETTINGS, REFERENCE))) == 6


def test_at_the_choice_of_reference_stands_what_the_claims_say(data: xr.Dataset, found: xr.Dataset) -> None:
    claims = judge(data, SETTINGS, REFERENCE)
    places = {str(found["claim"].values[cell]): cell for cell in np.flatnonzero(found["is_reference"].values)}
    assert list(places) == list(claims)
    for name, claim in claims.items():
        assert found["claim_verdict"].values[places[name]] == CODES[claim["verdict"]]
        tests = judgements(found, places[name])
        headline = next(iter(read_rules().claims[name].quantities))
        for experiment, entry in claim["experiments"].items():
            test = tests[f"{headline}/{experiment}"]
            assert test["verdict"] == CODES[entry["verdict"]]
            for key in ("estimate", "interval_low", "interval_high"):
                expected = np.nan if entry[key] is None else entry[key]
                assert float(test[key]) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_choice_is_judged_as_a_study_made_so(claim: str, data: xr.Dataset, found: xr.Dataset) -> None:
    cells = of_claim(found, claim)
    for place in np.random.default_rng(3).permutation(cells.sizes["cell"])[:4]:
        at = {name: cells[name].values[place] for name in CHOSEN}
        changed = {name: at[name] for name in ("convergence_share", "early_share") if not np.isnan(at[name])}
        changed |= {"read_out": at["read_out"]} if at["read_out"] else {}
        changed |= {f"reference_{name}": at[name] for name in CHOICES if at["criterion"]}
        gone = {"all but the largest": 0.9, "all but the smallest": 0.3}.get(at["sparsities"])
        kept = data.isel(run=data["sparsity"].values != gone)
        quantity = next(iter(read_rules().claims[claim].quantities))
        settings = SETTINGS.model_copy(update=changed)
        samples = CLAIMS[claim](Study.at_reference(kept, settings, REFERENCE))
        judged = judge_claim_samples(read_rules().claims[claim], read_rules().general, samples, settings)
        if at["reading"] in ("", "absolute"):
            assert cells["claim_verdict"].values[place] == CODES[judged["verdict"]]
        else:
            quantity = f"{at['reading']}_start"
            judged = judged["further"][quantity]
        rule = read_rules().claims[claim].quantities[quantity]
        expected = np.nan if judged["estimate"] is None else relative_effect(judged["estimate"], rule)
        assert cells["effect"].values[place] == pytest.approx(expected, nan_ok=True)


def test_each_seed_is_left_out_in_turn_at_the_choice_of_reference(data: xr.Dataset, found: xr.Dataset) -> None:
    left_out = found["seed_left_out"].values
    for name, claim in judge(data.isel(seed=slice(1, None)), SETTINGS, REFERENCE).items():
        of_this = (found["claim"] == name).values
        assert sorted(left_out[of_this & ~np.isnan(left_out)]) == list(range(SEEDS))
        (cell,) = np.flatnonzero(of_this & (left_out == 0))
        assert found["claim_verdict"].values[cell] == CODES[claim["verdict"]]
        rule = next(iter(read_rules().claims[name].quantities.values()))
        expected = np.nan if claim["estimate"] is None else relative_effect(claim["estimate"], rule)
        assert found["effect"].values[cell] == pytest.approx(expected, nan_ok=True)


def test_a_claim_that_holds_for_one_way_of_counting_holds_there_alone(found: xr.Dataset) -> None:
    c1 = of_claim(found, "C1")
    holds = c1.isel(cell=np.flatnonzero(c1["claim_verdict"] == CODES["supported"]))
    assert {(at.item(), holds[name].size) for name in CHOICES for at in holds[name][:1]} == {
        (getattr(SETTINGS, f"reference_{name}"), shares(found)["C1"].holds) for name in CHOICES
    }
    (there,) = np.flatnonzero(holds["is_reference"])
    assert float(holds["effect"][there]) == pytest.approx(1 / 0.3)


def test_shares_add_up_to_all_choices(found: xr.Dataset) -> None:
    for name, of in shares(found).items():
        assert (
            of.holds + of.fails + of.mixed + of.open + of.unknown == of.choices == of_claim(found, name).sizes["cell"]
        )
        assert of.seeds == SEEDS


def test_shares_count_verdicts_signs_and_seeds() -> None:
    cells = [  # verdict, effect, whether it is the reference, seed left out
        (1, 2.0, 1, np.nan),
        (1, 1.5, 0, np.nan),
        (-1, -0.5, 0, np.nan),
        (0, -0.1, 0, np.nan),
        (2, 0.5, 0, np.nan),
        (0, np.nan, 0, np.nan),
        (1, 2.0, 0, 0.0),
        (0, -2.0, 0, 1.0),
    ]
    names = ("claim_verdict", "effect", "is_reference", "seed_left_out")
    columns = {name: ("cell", np.array(column)) for name, column in zip(names, zip(*cells, strict=True), strict=True)}
    found = xr.Dataset(columns | {"claim": ("cell", ["C1"] * len(cells))})
    assert shares(found) == {"C1": Shares(6, 2, 1, 1, 1, 1, sign_flips=2, seeds=2, verdict_changes=1)}


@pytest.mark.parametrize(("ratio", "expected"), [(1.0, 0.0), (0.9, 1.0), (0.81, 1.994), (1 / 0.9, -1.0)])
def test_ratios_are_compared_on_the_scale_on_which_they_are_averaged(ratio: float, expected: float) -> None:
    rule = read_rules().claims["C4"].quantities["convergence"]  # counts from 0.9 on
    assert relative_effect(ratio, rule) == pytest.approx(expected, abs=1e-3)


def test_variables_are_described(found: xr.Dataset) -> None:
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in found.data_vars.values())
