"""C2 and C7 on made-up studies of varied networks whose truth is known."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.typing import ArrayLike
from scipy import stats

from emergence.core.runs import UNVARIED, Variation
from emergence.statistics.claims import c2, c7
from emergence.statistics.convergence import epochs_to_targets
from emergence.statistics.correlation import rank_products
from emergence.statistics.judge import judge_claim_samples
from emergence.statistics.quantity import judge_quantities
from emergence.statistics.rules import read_rules
from emergence.statistics.study import Study
from tests.study_data import SETTINGS, at_reference, joined

SEEDS, EPOCHS = 8, 12
DENSE = ("digits", "mlp", "dense", 0.0)
ALPHAS = (0.25, 0.5, 1.0, 2.0, 4.0)
SIZES = {Variation(width=0.5): 250, UNVARIED: 1000, Variation(width=2.0): 4000, Variation(depth=1): 1100}


def run(
    log10: ArrayLike, accuracy: ArrayLike, parameters: float = 1000, share: ArrayLike = 0.5
) -> dict[str, np.ndarray]:
    """A run (seed, epoch) with these values, each per seed, at all epochs; accuracy is reached linearly."""
    shape = (SEEDS, EPOCHS)
    log10 = np.broadcast_to(np.reshape(log10, (-1, 1)), shape)
    reached = np.reshape(accuracy, (-1, 1)) * np.linspace(0, 1, EPOCHS)
    return {
        "log10_emergence": log10,
        "relative_emergence": 10**log10 / parameters,
        "normalised_emergence": np.broadcast_to(np.reshape(share, (-1, 1)), shape),
        "nonzero_parameters": np.full(shape, parameters),
        "validation_accuracy": reached,
        "test_accuracy": reached,
        "train_accuracy": reached,
    }


def study_of(runs: dict[Variation, dict[str, np.ndarray]], test_samples: int = 10**6) -> Study:
    keys = {variation: DENSE if variation == UNVARIED else (*DENSE, variation) for variation in runs}
    made = joined({keys[name]: values for name, values in runs.items()})
    return at_reference(made.assign(test_samples=test_samples))


def initialised(
    rng: np.random.Generator,
    effect: float,
    noise: float = 0.01,
    alphas: tuple[float, ...] = ALPHAS,
    test_samples: int = 10**6,
) -> Study:
    """Networks whose emergence rises with alpha, and whose accuracy rises with emergence by `effect` per decade."""
    runs = {}
    for alpha in alphas:
        log10 = 4 + np.log10(alpha) + rng.normal(0, 0.05, SEEDS)
        accuracy = 0.7 + effect * (log10 - 4) + rng.normal(0, noise, SEEDS)
        runs[Variation(alpha=alpha)] = run(log10, accuracy)
    return study_of(runs, test_samples)


def verdict(claim: str, samples: dict[str, pd.DataFrame]) -> str:
    rules = read_rules()
    return str(judge_claim_samples(rules.claims[claim], rules.general, samples, SETTINGS)["verdict"])


@pytest.mark.parametrize(("effect", "expected"), [(0.1, "supported"), (-0.1, "contradicted")])
def test_what_emergence_at_the_start_does_to_training_is_found(effect: float, expected: str) -> None:
    samples = c2.samples(initialised(np.random.default_rng(4), effect))
    assert verdict("C2", samples) == expected
    assert set(samples) == set(read_rules().claims["C2"].quantities)
    assert samples["intervention"]["digits/mlp"].tolist() == pytest.approx([1] * SEEDS)


def test_the_samples_of_c2_are_those_of_the_initialisations_of_each_seed() -> None:
    study = initialised(np.random.default_rng(5), effect=0.02, noise=0.02)
    found = c2.samples(study)
    start = study.data["log10_emergence"].isel(step=0).transpose("seed", "run").values
    final = study.data["test_accuracy"].isel(step=-1).transpose("seed", "run").values
    unvaried = ALPHAS.index(1.0)
    for seed in range(SEEDS):
        goal = SETTINGS.convergence_share * final[seed, unvaried]
        epochs = np.minimum(goal / final[seed] * (EPOCHS - 1), EPOCHS)
        epochs[final[seed] < goal] = EPOCHS
        high, low = start[seed].argmax(), start[seed].argmin()
        expected = {
            "performance_uncorrected": stats.spearmanr(start[seed], final[seed]).statistic,
            "trainability": stats.spearmanr(start[seed], epochs).statistic,
            "accuracy": final[seed, high] - final[seed, low],
            "errors": (1 - final[seed, high]) / (1 - final[seed, low]),
            "speed": epochs[high] / epochs[low],
        }
        for quantity, value in expected.items():
            assert found[quantity]["digits/mlp"][seed] == pytest.approx(value), quantity
    of_each = [stats.spearmanr(start[:, place], final[:, place]).statistic for place in range(len(ALPHAS))]
    assert found["performance_over_seeds"]["digits/mlp"].mean() == pytest.approx(np.mean(of_each))


def test_the_binomial_error_of_accuracy_is_taken_out_of_its_correlation() -> None:
    study = initialised(np.random.default_rng(15), effect=0.02, noise=0.02, test_samples=2000)
    final = study.data["test_accuracy"].isel(step=-1).transpose("seed", "run").values
    error = np.mean(final * (1 - final) / 2000)
    expected = 1 - error / np.mean(np.var(final, axis=1, ddof=1))
    found = c2.samples(study)
    reliability = c2.analyses(study)["reliability"]["digits/mlp"]
    assert reliability.estimate == pytest.approx(expected) and 0 < reliability.low < expected < reliability.high < 1
    ratio = found["performance_uncorrected"]["digits/mlp"] / found["performance"]["digits/mlp"]
    assert ratio.tolist() == pytest.approx([np.sqrt(expected)] * SEEDS)


def test_correcting_for_the_error_of_counting_restores_the_correlation_of_the_true_accuracies() -> None:
    rng, samples = np.random.default_rng(16), 400
    true, measured = {}, {}
    for place, alpha in enumerate(ALPHAS):
        accuracy = 0.9 + 0.02 * (place / 2 - 1) + rng.normal(0, 0.01, SEEDS)
        log10 = 4 + place + rng.normal(0, 0.6, SEEDS)
        true[Variation(alpha=alpha)] = run(log10, accuracy)
        measured[Variation(alpha=alpha)] = run(log10, rng.binomial(samples, accuracy) / samples)
    wanted = c2.samples(study_of(true))["performance_uncorrected"]["digits/mlp"].mean()
    found = {name: sample["digits/mlp"].mean() for name, sample in c2.samples(study_of(measured, samples)).items()}
    assert found["performance_uncorrected"] < wanted - 0.05
    assert found["performance"] == pytest.approx(wanted, abs=0.1)


def test_accuracies_that_differ_by_chance_alone_or_by_how_much_is_unknown_decide_nothing() -> None:
    rng = np.random.default_rng(17)
    runs = {Variation(alpha=alpha): run(np.full(SEEDS, alpha), rng.binomial(300, 0.9, SEEDS) / 300) for alpha in ALPHAS}
    study = study_of(runs, test_samples=300)
    assert c2.samples(study)["performance"]["digits/mlp"].isna().all()
    assert c2.samples(study)["performance_uncorrected"]["digits/mlp"].notna().all()
    unknown = at_reference(joined({(*DENSE, name): values for name, values in runs.items()}))
    assert c2.samples(unknown)["performance"]["digits/mlp"].isna().all()
    assert c2.samples(unknown)["accuracy"]["digits/mlp"].notna().all()


def test_a_study_without_other_initialisations_tells_seeds_apart_and_decides_nothing() -> None:
    rng = np.random.default_rng(6)
    found = c2.samples(study_of({UNVARIED: run(rng.normal(4, 1, SEEDS), rng.uniform(0.6, 0.8, SEEDS))}))
    assert found["performance"].empty and found["accuracy"].empty and verdict("C2", found) == "inconclusive"
    assert found["performance_over_seeds"]["digits/mlp"].notna().all()


def test_fewer_initialisations_or_sizes_than_the_rules_ask_for_decide_nothing() -> None:
    claims = read_rules().claims
    assert f"A seed needs {c2.FEWEST_INITIALISATIONS} initialisations" in claims["C2"].choices
    assert f"A seed needs {c7.FEWEST_SIZES} sizes" in claims["C7"].choices
    few = {Variation(alpha=alpha): run(np.full(SEEDS, 4 + alpha), np.full(SEEDS, 0.7)) for alpha in (0.5, 1.0, 2.0)}
    assert c2.samples(study_of(few))["performance"]["digits/mlp"].isna().all()
    assert c2.samples(study_of(few))["accuracy"]["digits/mlp"].tolist() == [0] * SEEDS
    some = {name: run(np.full(SEEDS, 4.0), np.full(SEEDS, 0.7), SIZES[name]) for name in list(SIZES)[:3]}
    assert c7.samples(study_of(some))["start"]["digits/mlp"].isna().all()
    assert c7.samples(study_of(some))["start_over_widths"]["digits/mlp"].tolist() == pytest.approx([0] * SEEDS)


def sized(exponent: ArrayLike, of_share: float = 0.0) -> Study:
    """Networks whose 1 + E is the number of parameters to a power, and their share of all paths to another."""
    runs = {}
    for variation, parameters in SIZES.items():
        log10 = np.log10(parameters ** np.broadcast_to(exponent, SEEDS) - 1)
        runs[variation] = run(log10, np.full(SEEDS, 0.7), parameters, 0.1 * (parameters / 1000) ** of_share)
    return study_of(runs)


def test_slopes_over_size_are_the_exponents_that_were_put_in() -> None:
    exponents = 1 + np.arange(SEEDS) / 10
    found = c7.samples(sized(exponents, of_share=-0.5))
    assert set(found) == set(read_rules().claims["C7"].quantities)
    for quantity in ("start", "end", "start_over_widths", "end_over_widths"):
        assert found[quantity]["digits/mlp"].tolist() == pytest.approx(exponents)
    assert found["relative_start"]["digits/mlp"].tolist() == pytest.approx(exponents - 1)
    assert found["normalised_end"]["digits/mlp"].tolist() == pytest.approx([-0.5] * SEEDS)
    assert found["start_over_depths"]["digits/mlp"].tolist() == pytest.approx(exponents * np.log10(1.1))
    assert verdict("C7", found) == "supported"


def test_networks_without_any_path_count_as_those_of_one_more() -> None:
    made = {name: run(np.full(SEEDS, -np.inf), np.full(SEEDS, 0.7), size) for name, size in SIZES.items()}
    found = c7.samples(study_of(made))
    assert found["start"]["digits/mlp"].tolist() == pytest.approx([0] * SEEDS)


def test_what_each_seed_adds_to_a_correlation_averages_to_it_and_missing_seeds_add_nothing() -> None:
    first, second = map(pd.Series, np.random.default_rng(8).normal(size=(2, 9)))
    assert rank_products(first, second).mean() == pytest.approx(stats.spearmanr(first, second).statistic)
    second[3] = np.nan
    kept = rank_products(first, second).dropna()
    expected = stats.spearmanr(first.drop(3), second.drop(3)).statistic
    assert len(kept) == 8 and kept.mean() == pytest.approx(expected)
    assert rank_products(first, pd.Series([1.0] * 9)).isna().all()


@pytest.mark.long
def test_seeds_without_a_common_cause_rarely_show_one() -> None:
    rng, rules = np.random.default_rng(9), read_rules()
    rule = rules.claims["C2"].quantities["performance_over_seeds"]
    shown = []
    for _ in range(200):
        columns = {"a": rank_products(*map(pd.Series, rng.normal(size=(2, SEEDS))))}
        found = judge_quantities({"over_seeds": rule}, rules.general, {"over_seeds": pd.DataFrame(columns)}, SETTINGS)
        shown.append(found["over_seeds"].together.estimate.p_value)
    assert np.mean(np.array(shown) <= 0.05) <= 0.08


def test_other_claims_and_targets_do_not_see_varied_networks() -> None:
    varied = {UNVARIED: run(np.full(SEEDS, 4.0), np.full(SEEDS, 0.8))}
    varied[Variation(alpha=2.0)] = run(np.full(SEEDS, 5.0), np.full(SEEDS, 0.4))
    study = study_of(varied)
    assert [str(found["run"].values) for found in study.dense().values()] == ["digits/mlp/dense"]
    assert len(study.by_experiment()["digits/mlp"]) == 1
    assert [len(runs) for runs in (study.varied("alpha")["digits/mlp"], study.varied("width")["digits/mlp"])] == [2, 1]
    times: xr.Dataset = epochs_to_targets(study.data, [0.5, 1.0])
    assert (times["epochs_to_accuracy"].isel(run=1, accuracy_target=0) == EPOCHS - 1).all()
    assert (
        times["censored"].isel(accuracy_target=1).transpose("run", "seed").values == [[0] * SEEDS, [1] * SEEDS]
    ).all()
