"""Claims judged on made-up studies whose truth is known."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from jsonschema import Draft202012Validator
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from emergence.core.storage import write_dataset
from emergence.statistics.claims import c1, c3, c4, c5
from emergence.statistics.convergence import epochs_until
from emergence.statistics.correlation import rank_correlation
from emergence.statistics.entries import SCHEMA_FILE
from emergence.statistics.estimate import sign_flip_test
from emergence.statistics.judge import judge, judge_claim_samples
from emergence.statistics.power import needed_seeds, seeds_for, smallest_across_claims, smallest_p_value
from emergence.statistics.quantity import Finding, JudgedQuantity, judge_quantities
from emergence.statistics.rules import Quantity, read_rules
from emergence.statistics.study import Study
from tests.job_files import do, job_file
from tests.simulated_studies import convergence_of_pruned
from tests.study_data import REFERENCE, SETTINGS, at_reference, joined

SEEDS, EPOCHS = 8, 15
MLP, CNN = ("digits", "mlp", "dense", 0.0), ("digits", "cnn", "dense", 0.0)
PRUNED = ("digits", "mlp", "global_magnitude", 0.5)
Run = dict[str, NDArray[np.float64]]


def learning(rate: ArrayLike, rng: np.random.Generator, emergence: float = 0.0, left: float = 1.0) -> Run:
    """A run whose accuracy rises as 1 - exp(-rate epoch), with steps that grow with emergence by `emergence`.

    E falls to the share `left` over the epochs, and by chance differs from that course.
    """
    epochs = np.arange(EPOCHS)
    fall = np.log10(left) * epochs / (EPOCHS - 1)
    chance = rng.normal(0, 1, (SEEDS, EPOCHS)) * (epochs > 0) * (epochs < EPOCHS - 1)
    log10 = 6 + fall + chance
    steps = emergence * (log10 - 6) + rng.normal(0, 1, (SEEDS, EPOCHS))
    accuracy = 0.5 + np.cumsum(steps, axis=1) / 200
    validation = np.clip(1 - np.exp(-np.asarray(rate) * epochs) + rng.normal(0, 0.005, (SEEDS, EPOCHS)), 0, 1)
    train = np.concatenate([np.full((SEEDS, 1), 0.5), accuracy[:, :-1]], axis=1)
    return {
        "log10_emergence": log10,
        "train_accuracy": train,
        "validation_accuracy": validation,
        "test_accuracy": validation,
        "active_share": rng.uniform(size=(SEEDS, EPOCHS)),
        "nonzero_parameters": np.full((SEEDS, EPOCHS), 1000.0),
        "relative_emergence": 10**log10 / 1000,
    }


def decided(study: xr.Dataset) -> dict[str, str]:
    """The verdicts on claims about which the study says enough."""
    verdicts = {name: entry["verdict"] for name, entry in judge(study, SETTINGS, REFERENCE).items()}
    return {name: verdict for name, verdict in verdicts.items() if verdict != "inconclusive"}


def test_effects_that_are_there_are_found() -> None:
    rng = np.random.default_rng(0)
    dense = {key: learning(0.3, rng, emergence=1.5, left=0.001) for key in (MLP, CNN)}
    study = joined({**dense, PRUNED: learning(0.9, rng)})
    assert decided(study) == {"C1": "supported", "C4": "supported", "C5": "supported"}


def test_effects_of_the_other_sign_contradict() -> None:
    rng = np.random.default_rng(1)
    dense = {key: learning(0.6, rng, emergence=-1.5, left=30) for key in (MLP, CNN)}
    study = joined({**dense, PRUNED: learning(0.25, rng)})
    assert decided(study) == {"C1": "contradicted", "C4": "contradicted", "C5": "contradicted"}


def judge_alone(rule: Quantity, samples: pd.DataFrame) -> JudgedQuantity:
    return judge_quantities({"alone": rule}, read_rules().general, {"alone": samples}, SETTINGS)["alone"]


def simulated(studies: int, emergence: float = 0.0) -> list[Finding]:
    """What the deciding quantity of C1 says about independent studies with a given effect."""
    rng, rules = np.random.default_rng(3), read_rules()
    rule = rules.claims["C1"].quantities["given_epoch"]
    made = (joined({MLP: learning(0.3, rng, emergence)}) for _ in range(studies))
    samples = (c1.samples(at_reference(study))["given_epoch"] for study in made)
    return [judge_alone(rule, sample).together for sample in samples]


def test_without_an_effect_p_values_are_uniform_and_support_is_rare() -> None:
    found = simulated(studies=200)
    p_values = np.array([finding.estimate.p_value for finding in found])
    verdicts = [finding.verdict for finding in found]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    assert 0.01 <= np.mean(p_values <= 0.05) <= 0.1
    assert verdicts.count("supported") <= 10 and verdicts.count("contradicted") > 100


@pytest.mark.long
def test_with_an_effect_of_just_the_smallest_size_contradiction_is_rare() -> None:
    found = simulated(studies=200, emergence=0.35)
    assert np.mean([finding.estimate.estimate for finding in found]) == pytest.approx(0.3, abs=0.03)
    assert [finding.verdict for finding in found].count("contradicted") <= 12


@pytest.mark.long
def test_a_family_of_tests_without_effects_rarely_shows_any() -> None:
    rng, rules = np.random.default_rng(11), read_rules()
    rule = rules.claims["C4"].quantities["convergence"]
    shown = []
    for _ in range(300):
        ratios = pd.DataFrame(np.exp(rng.normal(0, 0.8, (SEEDS, 5))), columns=list("abcde"))
        tests = judge_alone(rule, ratios).tests.values()
        shown.append(min(test.corrected_p_value for test in tests) <= 0.05)
    assert np.mean(shown) <= 0.08


def test_emergence_at_the_start_of_an_epoch_meets_the_gain_of_that_epoch() -> None:
    accuracy = np.array([[0.1, 0.5, 0.6, 0.8, 0.85], [0.1, 0.2, 0.5, 0.6, 0.65]])
    gains = np.diff(accuracy, axis=1)
    log10 = np.concatenate([gains, [[9.0], [9.0]]], axis=1)
    run = {"train_accuracy": accuracy, "log10_emergence": log10}
    found = c1.samples(at_reference(joined({MLP: run})))["correlation"]
    assert found["digits/mlp"].tolist() == pytest.approx([1, 1])


def test_a_rank_correlation_without_variation_is_undefined() -> None:
    assert np.isnan(rank_correlation([1, 1, 1, 1], [1, 2, 3, 4]))
    assert np.isnan(rank_correlation([1, 2, 3, 4, 5], [2, 1, 3, 5, 4], [2, 4, 6, 8, 10]))
    assert np.isnan(rank_correlation([1, 2, np.nan], [1, 2, 3]))


def test_convergence_is_interpolated_and_never_reached_is_told_from_unknown() -> None:
    epochs, accuracy = np.array([0, 0.2, 1, 2]), np.array([0.1, 0.2, 0.6, 0.7])
    goals = np.array([0.4, 0.6, 0.05, 0.75, np.nan])
    found = epochs_until(epochs, np.tile(accuracy, (5, 1)), goals)
    np.testing.assert_allclose(found, [0.6, 1, 0, np.inf, np.nan])
    assert np.isnan(epochs_until(epochs, np.array([[0.1, np.nan, 0.6, 0.7]]), goals[:1])).all()


def test_pruned_runs_meet_the_dense_run_of_the_same_seed() -> None:
    dense = {"validation_accuracy": [[0, 0.5, 1.0], [0, 0.25, 0.5]], "test_accuracy": [[0, 0, 0.9], [0, 0, 0.4]]}
    pruned = {"validation_accuracy": [[0, 1.0, 1.0], [0, 0.1, 0.2]], "test_accuracy": [[0, 0, 0.8], [0, 0, 0.5]]}
    emergence = {"log10_emergence": np.zeros((2, 3))}
    made = joined({MLP: {**dense, **emergence}, PRUNED: {**pruned, **emergence}})
    study = Study.at_reference(made, SETTINGS.model_copy(update={"convergence_share": 0.5}), REFERENCE)
    found = c4.samples(study)
    name = "digits/mlp/global_magnitude~0.5/original_initialisation"
    assert found["convergence"][name].tolist() == pytest.approx([0.5, 3.0])
    assert found["accuracy"][name].tolist() == pytest.approx([-0.1, 0.1])
    assert found["learning_curve"][name].tolist() == pytest.approx([0.75 - 0.5, 0.1 - 0.25])


def test_relative_emergence_and_convergence_are_those_of_each_pruned_run() -> None:
    made = convergence_of_pruned(np.random.default_rng(23), effect=0.4)
    chosen = made.isel(run=((made["network"] == "mlp") & (made["mask"] == 1)).values)
    found = c3.samples(at_reference(chosen))
    dense, pruned = chosen.isel(run=0), chosen.isel(run=slice(1, None))
    late, length = 0, chosen.sizes["step"]
    for seed in range(chosen.sizes["seed"]):
        goal = SETTINGS.convergence_share * float(dense["validation_accuracy"][seed, -1])
        accuracies = pruned["validation_accuracy"].isel(seed=seed).values
        reached = epochs_until(np.arange(length), accuracies, np.full(len(accuracies), goal))
        epochs = np.minimum(reached, length).tolist()
        late += epochs.count(length)
        start = pruned["relative_emergence"].isel(seed=seed, step=0, criterion=0, threshold=0, through=1)
        assert found["plain"]["digits/mlp"][seed] == pytest.approx(stats.spearmanr(start, epochs).statistic)
    assert late > 0


def test_networks_that_are_pruned_during_training_have_no_retraining_to_start() -> None:
    study = convergence_of_pruned(np.random.default_rng(25), effect=0.4)
    itself = study.assign_coords(retraining=("run", ["none"] * study.sizes["run"]))
    assert not c3.samples(at_reference(study))["plain"].empty
    assert c3.samples(at_reference(itself))["plain"].empty


def test_a_count_of_zero_is_the_lowest_and_counts_too_large_for_a_float_are_told_apart() -> None:
    relative = [0.0, 1.0, np.inf, np.inf, 1e9]
    log10 = [np.nan, 3.0, 400.0, 401.0, 12.0]
    accuracy = [[0, 0, 0.1], [0, 0.1, 1], [0, 0.8, 1], [0, 1, 1], [0, 0.5, 1]]
    runs = {MLP: {name: [[0, 0, 1]] for name in ("log10_emergence", "relative_emergence", "validation_accuracy")}}
    for place in range(5):
        runs["digits", "mlp", f"method{place}", 0.5] = {  # type: ignore[index]
            "log10_emergence": [[log10[place]] * 3],
            "relative_emergence": [[relative[place]] * 3],
            "validation_accuracy": [accuracy[place]],
        }
    parameters = {key: {**run, "nonzero_parameters": [[1000] * 3]} for key, run in runs.items()}
    found = c3.samples(at_reference(joined(parameters)))
    assert found["plain"]["digits/mlp"].tolist() == pytest.approx([-1])


def test_fewer_pruned_runs_than_a_correlation_needs_decide_nothing() -> None:
    few = convergence_of_pruned(np.random.default_rng(24), effect=0.4).isel(run=slice(c3.FEWEST_RUNS))  # one is dense
    assert c3.samples(at_reference(few))["given_sparsity"]["digits/mlp"].isna().all()


def test_counts_too_large_for_a_float_and_counts_of_zero_have_a_ratio() -> None:
    run = {"log10_emergence": [[400.0, 399.0], [5.0, -np.inf], [-np.inf, -np.inf]], "train_accuracy": np.zeros((3, 2))}
    found = c5.samples(at_reference(joined({MLP: run})))["near_zero"]["digits/mlp"]
    assert found.tolist() == pytest.approx([0.1, 0.0, np.nan], nan_ok=True)


def test_every_claim_has_the_entries_that_are_documented() -> None:
    rng = np.random.default_rng(7)
    claims = judge(joined({MLP: learning(0.3, rng), PRUNED: learning(0.3, rng)}), SETTINGS, REFERENCE)
    Draft202012Validator(json.loads(Path(SCHEMA_FILE).read_text())).validate(claims)
    assert set(claims["C1"]["experiments"]) == {"digits/mlp"}
    assert set(claims["C4"]["experiments"]) == {"digits/mlp/global_magnitude~0.5/original_initialisation"}
    assert claims["C1"]["runs"] == SEEDS
    assert _kinds(claims) <= {str, int, float, bool, type(None)}
    json.dumps(claims, allow_nan=False)


def test_the_script_writes_what_the_library_judges(tmp_path: Path) -> None:
    study = joined({MLP: learning(0.3, np.random.default_rng(12)), PRUNED: learning(0.5, np.random.default_rng(13))})
    write_dataset(tmp_path / "study.nc", study, {})
    reference = {f"reference_{name}": value for name, value in asdict(REFERENCE).items()}
    told = {"settings": {"statistics": SETTINGS.model_dump()}, "derived": reference}
    inputs, outputs = {"study": {"study": tmp_path / "study.nc"}}, {"claims": tmp_path / "claims.json"}
    do(job_file(tmp_path / "job.json", "judge_claims", inputs, outputs, **told))  # type: ignore[arg-type]
    written = json.loads((tmp_path / "claims.json").read_text())
    assert {claim.pop("registration") for claim in written.values()} == {"exploratory: follows no registration"}
    assert written == judge(study, SETTINGS, REFERENCE)


def _kinds(value: object) -> set[type]:
    return {kind for inner in value.values() for kind in _kinds(inner)} if isinstance(value, dict) else {type(value)}


def test_two_seeds_decide_nothing_in_favour_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(9)
    study = joined({MLP: learning(0.3, rng, emergence=3, left=0.001)}).isel(seed=slice(2))
    assert "supported" not in decided(study).values()
    assert "digits/mlp has 2 seeds, too few for 1 tests" in caplog.text


def test_a_reference_that_was_not_counted_is_refused() -> None:
    study = joined({MLP: learning(0.3, np.random.default_rng(10))})
    with pytest.raises(ValueError, match=r"reference_threshold 0\.2 is none of the study's \[0\.05, 0\.1\]"):
        judge(study, SETTINGS.model_copy(update={"reference_threshold": 0.2}), REFERENCE)
    with pytest.raises(ValueError, match="reference_criterion all"):
        judge(study, SETTINGS.model_copy(update={"reference_criterion": "all"}), REFERENCE)
    with pytest.raises(ValueError, match=r"reference_through all is none of the study's \['active'\]"):
        judge(study.sel(through=["active"]), SETTINGS, REFERENCE)


def test_a_claim_left_open_says_why() -> None:
    rng = np.random.default_rng(30)
    opposed = {MLP: learning(0.3, rng, emergence=1.5, left=0.001), CNN: learning(0.3, rng, emergence=-1.5, left=0.001)}
    claims = judge(joined(opposed), SETTINGS, REFERENCE)
    assert claims["C1"]["verdict"] == "mixed"
    assert claims["C1"]["reason"] == "given_epoch is mixed (tests: 1 supported, 1 contradicted)"
    assert claims["C4"]["reason"].startswith("convergence: the study has none of the runs that this needs (each pruned")
    assert claims["C6"]["reason"] == "ruggedness: no seed has a value"
    assert claims["C5"]["verdict"] == "supported" and claims["C5"]["reason"] is None
    two = judge(joined({MLP: learning(0.3, rng, left=0.001)}).isel(seed=slice(2)), SETTINGS, REFERENCE)
    assert two["C5"]["reason"].startswith(
        "near_zero: no verdict is that of more than 50% of the tests (1 inconclusive)"
    )
    assert "near_zero: seeds too few for 2 tests at level 0.05 (2 of digits/mlp)" in two["C5"]["reason"]


def test_claims_are_corrected_together_by_benjamini_and_hochberg_and_keep_their_verdicts() -> None:
    rng = np.random.default_rng(31)
    claims = judge(joined({MLP: learning(0.3, rng, 1.5, 0.001), PRUNED: learning(0.4, rng)}), SETTINGS, REFERENCE)
    without_varied_networks = ("C2", "C7")
    assert all(claims[name]["claim_p_value"] is None for name in without_varied_networks)
    tested = {name: claim for name, claim in claims.items() if name not in without_varied_networks}
    own = {name: claim["claim_p_value"] for name, claim in tested.items()}
    for name, claim in tested.items():
        deciding = [claim, *(other for other in claim["further"].values() if other["role"] == "decides")]
        assert own[name] == max(quantity["corrected_p_value"] for quantity in deciding)
    expected = stats.false_discovery_control([*own.values(), 1, 1])[: len(own)]
    assert [claim["across_claims_p_value"] for claim in tested.values()] == pytest.approx(expected.tolist())
    assert claims["C1"]["verdict"] == claims["C5"]["verdict"] == "supported"


def test_contradiction_is_corrected_over_the_tests_of_all_quantities_that_decide() -> None:
    rng, rules = np.random.default_rng(40), read_rules()
    quantities = rules.claims["C2"].quantities
    samples = {name: pd.DataFrame(rng.normal(0.1, 0.3, (SEEDS, 2)), columns=["a", "b"]) for name in quantities}
    found = judge_quantities(quantities, rules.general, samples, SETTINGS)

    def short(name: str) -> list[float]:
        """Of all sign changes of the values less the bound, the share with a mean as far on the other side."""
        sign = 1 if quantities[name].direction == "positive" else -1
        changes = np.array(np.meshgrid(*[[1, -1]] * SEEDS)).reshape(SEEDS, -1)
        left = sign * (samples[name].to_numpy() - quantities[name].smallest_effect)
        return np.mean(left.T @ changes <= left.sum(axis=0)[:, None] + 1e-9, axis=1).tolist()

    def holm(p_values: list[float]) -> list[float]:
        order = np.argsort(p_values)
        steps = np.maximum.accumulate([p_values[i] * (len(order) - rank) for rank, i in enumerate(order)])
        return np.minimum(steps, 1)[np.argsort(order)].tolist()

    together = holm(short("performance") + short("trainability"))
    values = [
        test.contradiction_p_value for name in ("performance", "trainability") for test in found[name].tests.values()
    ]
    assert values == pytest.approx(together)
    reported = [test.contradiction_p_value for test in found["intervention"].tests.values()]
    assert reported == pytest.approx(holm(short("intervention")))


def test_each_test_says_whether_its_own_seeds_could_have_reached_the_level() -> None:
    rules = read_rules()
    values = pd.DataFrame({"five": [0.5] * 5 + [np.nan] * 5, "ten": [0.5] * 10}) + np.arange(10)[:, None] / 100
    samples = dict.fromkeys(rules.claims["C6"].quantities, values)
    entry = judge_claim_samples(rules.claims["C6"], rules.general, samples, SETTINGS)
    assert {name: (test["runs"], test["too_few"]) for name, test in entry["experiments"].items()} == {
        "five": (5, True),
        "ten": (10, False),
    }
    assert entry["reason"].count("seeds too few for 4 tests at level 0.05 (5 of five)") == 2


def test_the_smallest_p_values_are_those_of_results_that_could_not_be_clearer() -> None:
    rules = read_rules()
    claim, shape = rules.claims["C5"], (SEEDS, 3)
    best = dict.fromkeys(claim.quantities, pd.DataFrame(1e-3 + np.zeros(shape), columns=list("abc")))
    best["trend"] = -best["trend"]
    entry = judge_claim_samples(claim, rules.general, best, SETTINGS)
    deciding = [[SEEDS] * 3] * 2
    assert entry["claim_p_value"] == entry["power"]["smallest_p_value"] == smallest_p_value(deciding, rules.general)
    smallest = [entry["claim_p_value"], np.nan, 2**-10]
    reach = smallest_across_claims(smallest, rules.general)
    for place in (0, 2):
        lone = [p_value if other == place else 1.0 for other, p_value in enumerate(smallest)]
        assert reach[place][0] == pytest.approx(stats.false_discovery_control(lone)[place])
        all_three = stats.false_discovery_control(np.nan_to_num(smallest, nan=1.0))
        assert reach[place][1] == pytest.approx(all_three[place])
    assert np.isnan(reach[1]).all()


def test_absence_and_the_other_sign_are_told_apart() -> None:
    rng = np.random.default_rng(33)
    absent = judge(joined({MLP: learning(0.3, rng)}), SETTINGS, REFERENCE)["C1"]
    opposite = judge(joined({MLP: learning(0.3, rng, emergence=-1.5)}), SETTINGS, REFERENCE)["C1"]
    assert absent["verdict"] == opposite["verdict"] == "contradicted"
    assert absent["equivalence_p_value"] <= 0.05 < opposite["equivalence_p_value"]


def test_second_opinions_on_the_first_claim_agree_where_the_effect_is_plain() -> None:
    data = joined({MLP: learning(0.3, np.random.default_rng(34), 1.5), CNN: learning(0.3, np.random.default_rng(35))})
    found = c1.analyses(at_reference(data))
    for name in ("mixed_model", "mixed_model_given_epoch"):
        assert found[name]["digits/mlp"].low > 0.5 and found[name]["digits/mlp"].observations == SEEDS * (EPOCHS - 1)
        assert found[name]["digits/cnn"].p_value > 0.05
    assert found["lead"]["digits/mlp"].observations == SEEDS and found["lead"]["digits/cnn"].p_value > 0.05


def test_runs_that_end_before_they_converge_are_censored() -> None:
    rng = np.random.default_rng(36)
    data = joined({MLP: learning(0.4, rng), PRUNED: learning([[0.05]] * 6 + [[0.9]] * 2, rng)})
    name = "digits/mlp/global_magnitude~0.5/original_initialisation"
    found = c4.analyses(at_reference(data))
    assert found["hazard_ratio"][name].estimate == pytest.approx(2 / 6, rel=1e-4)
    assert found["hazard_ratio"][name].p_value == pytest.approx(stats.chi2.sf((6 - 2) ** 2 / 8, 1))
    median = found["median_epochs"][name]
    assert np.isinf(median.estimate) and np.isinf(median.high) and median.observations == SEEDS


def test_emergence_that_rises_and_falls_has_both_onsets() -> None:
    rng = np.random.default_rng(38)
    course = np.interp(np.arange(EPOCHS), [0, 4, 14], [6, 8, 5])
    run = learning(0.3, rng)
    run["log10_emergence"] = course + rng.normal(0, 0.1, (SEEDS, EPOCHS))
    found = c5.analyses(at_reference(joined({MLP: run})))
    assert found["rise_onset"]["digits/mlp"].estimate == 0
    assert found["fall_onset"]["digits/mlp"].estimate == pytest.approx(4, abs=1)


def test_seeds_that_a_verdict_needs_come_from_the_spread_over_seeds() -> None:
    samples = pd.DataFrame({"wide": [-0.6, 0.6] * 4, "narrow": [0.2, 0.4] * 4, "middle": [0.0, 0.6] * 4})
    rules = read_rules()
    rule = rules.claims["C1"].quantities["correlation"]
    spread = samples["middle"].std()
    expected = needed_seeds(0.3 / spread, 0.05 / 3, 0.8)
    assert seeds_for(rule, rules.general, samples, SETTINGS, tests=3) == max(expected, 6)
    expected = needed_seeds(0.3 / spread, 0.05 / 40, 0.8)
    assert seeds_for(rule, rules.general, samples, SETTINGS, tests=40) == max(expected, 10)
    assert seeds_for(rule, rules.general, samples.iloc[:1], SETTINGS, tests=3) == np.inf


def test_the_seeds_that_are_said_to_suffice_do_and_fewer_do_not() -> None:
    rng, rules = np.random.default_rng(39), read_rules()
    rule, spread = rules.claims["C1"].quantities["correlation"], 0.35
    sample = pd.DataFrame({"digits/mlp": stats.zscore(np.arange(8.0), ddof=1) * spread})
    seeds = int(seeds_for(rule, rules.general, sample, SETTINGS, tests=1))
    assert seeds == 10
    power = {
        size: np.mean([sign_flip_test(rng.normal(0.3, spread, size), "positive", 1024, 0) <= 0.05 for _ in range(400)])
        for size in (seeds - 4, seeds)
    }
    assert power[seeds] == pytest.approx(0.8, abs=0.06) and power[seeds - 4] < 0.7
