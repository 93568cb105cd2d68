"""The scoreboard on made-up studies: when skills emerge, and which measures see it."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from emergence.parameters.scoreboard import Scoreboard
from emergence.parameters.statistics import Statistics
from emergence.statistics.readings import readings
from emergence.statistics.scoreboard import LOSS, scoreboard
from emergence.statistics.skills import learner_of
from emergence.statistics.standings import seen_by_testbed, standings
from emergence.statistics.study import Reference, Study
from emergence.testbeds.sparse_parity import SkillLearner, SparseParity
from tests.study_data import ATTRIBUTES, REFERENCE, at_reference, joined

SEEDS, EPOCHS, SKILLS = 8, 61, 4
TASK = SparseParity(skills=SKILLS, alpha=0.6)
LEARNER = SkillLearner(learning_rate=1.0, initial_strength=0.01)
MEASURES = ["weight_norm", "unrelated", "absent"]
SETTINGS = Scoreboard(permutations=199)


def study(control: bool = True, last_skill_learnt: bool = True) -> Study:
    return at_reference(made_up(control, last_skill_learnt))


def made_up(control: bool = True, last_skill_learnt: bool = True) -> xr.Dataset:
    """Networks whose weight norm follows all skills, beside networks that learn nothing and drift alike."""
    rng = np.random.default_rng(0)
    speed = rng.lognormal(0, 0.08, (SEEDS, 1, SKILLS))
    strengths = LEARNER.over_time(np.arange(EPOCHS)[:, None] * speed, TASK.frequencies)
    if not last_skill_learnt:
        strengths[0, :, -1] = 0.1
    drift = np.log1p(np.arange(EPOCHS)) / 10
    runs, skills = {}, []
    for dataset, random in (("parity", 0.0), ("control", 1.0))[: 1 + control]:
        noise = rng.normal(0, 0.005, (4, SEEDS, EPOCHS))
        follows = strengths.sum(axis=-1) * (1 - random)
        runs[dataset, "mlp", "dense", 0.0] = {
            "weight_norm": np.exp(follows + drift + noise[0]),
            "unrelated": drift + noise[1],
            "validation_loss": np.exp(-follows + noise[2]),
            "train_accuracy": 0.5 + 0.1 * follows,
            "log10_emergence": 2 + noise[3],
            "relative_emergence": 1 + noise[3],
        }
        along = ("seed", "step", "skill")
        of_skills = {
            "skill_strength": (along, strengths * (1 - random), ATTRIBUTES),
            "skill_frequency": ("skill", TASK.frequencies, ATTRIBUTES),
            "relevant_bits": ((), 3.0, ATTRIBUTES),
            "random_answers": ((), random, ATTRIBUTES),
            "measure_passes": ("measure", [1.0, 0.0], ATTRIBUTES),
        }
        labels = {"skill": [str(number + 1) for number in range(SKILLS)], "measure": ["emergence", "weight_norm"]}
        skills.append(xr.Dataset(of_skills, labels))
    return joined(runs).merge(xr.concat(skills, "run"))


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    return scoreboard(study(), MEASURES, SETTINGS).sel(experiment="parity/mlp")


def test_measures_that_follow_the_skills_see_them_and_others_do_not(found: xr.Dataset) -> None:
    seen = found["seen"].sel(answers="true")
    assert (seen.sel(measure=["weight_norm", LOSS]) == 1).all()
    assert int(seen.sel(measure=["emergence", "unrelated"]).sum()) <= 2
    assert seen.sel(measure="absent").isnull().all()
    assert (found["explained"].sel(answers="true", measure="weight_norm") > 0.8).all()


def test_networks_on_random_answers_show_false_alarms_alone(found: xr.Dataset) -> None:
    seen = found["seen"].sel(answers="random", measure=["weight_norm", "unrelated", "emergence", LOSS])
    assert seen.notnull().all() and int(seen.sum()) <= 3


def test_emergence_times_are_those_of_the_closed_form(found: xr.Dataset) -> None:
    expected = LEARNER.emergence_time(TASK.frequencies, 0.5)
    np.testing.assert_allclose(found["emergence_time_mean"], expected, rtol=0.1)
    np.testing.assert_allclose(found["predicted_time"], expected, rtol=0.1)
    assert float(found["predicted_slope"]) == pytest.approx(1.6)
    assert float(found["slope_low"]) < 1.6 < float(found["slope_high"])


def test_skills_of_which_no_closed_form_is_known_have_times_and_no_prediction() -> None:
    parities = study()
    own = replace(parities, data=parities.data.drop_vars("relevant_bits"))
    found = scoreboard(own, MEASURES, SETTINGS).sel(experiment="parity/mlp")
    assert found["emergence_time"].notnull().all()
    assert found["predicted_time"].isnull().all() and found["predicted_slope"].isnull().all()


def test_the_constants_of_the_closed_form_are_those_of_the_first_skill() -> None:
    run = study().dense()["parity/mlp"]
    learner = learner_of(run)
    measured = run["skill_strength"].sel(skill="1").mean("seed").values
    np.testing.assert_allclose(learner.over_time(run["step_epoch"], TASK.frequencies[0]), measured, atol=0.05)


def test_a_skill_that_a_seed_does_not_learn_cannot_be_seen() -> None:
    found = scoreboard(study(last_skill_learnt=False), MEASURES, SETTINGS).sel(experiment="parity/mlp")
    assert found["seen"].sel(skill=str(SKILLS)).isnull().all()
    assert (found["seen"].sel(answers="true", measure="weight_norm", skill=["1", "2"]) == 1).all()
    assert np.isnan(found["emergence_time"].sel(skill=str(SKILLS)).values).tolist() == [True] + [False] * (SEEDS - 1)


def test_networks_that_learn_nothing_leave_what_is_known_of_others_as_it_is(found: xr.Dataset) -> None:
    nothing = study(control=False)
    nothing.data["skill_strength"] *= 0
    nothing.data["dataset"] = ("run", ["few"])
    both = study()
    joined_data = xr.concat([both.data, nothing.data], "run", coords="different", compat="equals", join="outer")
    beside = scoreboard(Study(joined_data, both.settings, both.reference), MEASURES, SETTINGS)
    assert beside["experiment"].values.tolist() == ["parity/mlp", "few/mlp"]
    xr.testing.assert_allclose(beside.sel(experiment="parity/mlp"), found)
    of_nothing = beside.sel(experiment="few/mlp")
    assert all(of_nothing[name].isnull().all() for name in ("seen", "emergence_time", "predicted_time", "slope"))


def language_study(control: bool = False, control_entropy: float = 3.0) -> Study:
    """A network whose weight norm follows verbs, known a time after the grammar; types are missing at first.

    Beside it, one that is trained on random words and drifts.
    """
    rng = np.random.default_rng(1)
    epochs = np.arange(EPOCHS)
    speed = rng.lognormal(0, 0.15, (2, SEEDS, 1))
    grammar, verbs = (1 / (1 + (epochs * speed[place] / time + 1e-9) ** -4) for place, time in enumerate((4, 20)))
    noise = rng.normal(0, 0.005, (3, SEEDS, EPOCHS))
    properties = np.where(epochs < 3, np.nan, 0.1)
    run = {
        "language_grammaticality": grammar,
        "language_relative": np.where(epochs < 3, np.nan, verbs),
        "language_descriptive": np.broadcast_to(properties, verbs.shape),
        "weight_norm": np.exp(verbs + noise[0]),
        "validation_loss": np.exp(-grammar - verbs + noise[1]),
        "train_accuracy": grammar,
        "log10_emergence": 2 + noise[2],
        "relative_emergence": 1 + noise[2],
    }
    of_control = {
        name: values * 0 if name.startswith("language") else np.exp(rng.normal(0, 0.005, verbs.shape))
        for name, values in run.items()
    }
    runs = {"sentences": run, "random_words": of_control} if control else {"sentences": run}
    data = joined({(name, "transformer", "dense", 0.0): values for name, values in runs.items()})
    of_run = {
        "random_answers": [0.0, 1.0],
        "word_entropy": [3.0, control_entropy],
        "measure_passes": [[1.0, 0.0], [1.0, 0.0]],
    }
    data = data.assign_coords(measure=["emergence", "weight_norm"]).assign(
        {
            name: (("run", "measure")[: np.ndim(values)], values[: len(runs)], ATTRIBUTES)
            for name, values in of_run.items()
        }
    )
    return at_reference(data)


def test_grammar_and_types_of_a_language_are_skills_with_names() -> None:
    found = scoreboard(language_study(), ["weight_norm"], SETTINGS).sel(experiment="sentences/transformer")
    assert found["skill"].values.tolist() == ["grammar", "verbs", "properties"]
    seen = found["seen"].sel(answers="true")
    assert seen.sel(measure="weight_norm").values.tolist()[:2] == [0, 1]
    assert seen.sel(measure=LOSS).values.tolist()[:2] == [1, 1]
    assert seen.sel(skill="properties").isnull().all() and found["seen"].sel(answers="random").isnull().all()
    np.testing.assert_allclose(found["emergence_time_mean"][:2], [4, 20], rtol=0.2)
    assert all(found[name].isnull().all() for name in ("slope", "predicted_time", "predicted_slope"))


def test_random_words_of_the_same_language_are_its_control_and_are_not_scored_themselves() -> None:
    found = scoreboard(language_study(control=True), ["weight_norm"], SETTINGS)
    assert found["experiment"].values.tolist() == ["sentences/transformer"]
    alarms = found["seen"].sel(experiment="sentences/transformer", answers="random", skill=["grammar", "verbs"])
    assert alarms.notnull().all() and int(alarms.sum()) <= 1
    assert found["measure_passes"].sel(measure=["emergence", "weight_norm"]).values.tolist() == [[1, 0]]


def test_random_words_of_another_language_are_no_control() -> None:
    found = scoreboard(language_study(control=True, control_entropy=3.1), ["weight_norm"], SETTINGS)
    assert found["experiment"].values.tolist() == ["sentences/transformer"]
    assert found["seen"].sel(answers="random").isnull().all()


def test_experiments_of_both_kinds_are_scored_each_by_its_own_skills() -> None:
    both = xr.concat(
        [study(control=False).data, language_study().data], "run", coords="different", compat="equals", join="outer"
    )
    chosen = Study(both, Statistics(), Reference("global_magnitude", "original_initialisation"))
    found = scoreboard(chosen, ["weight_norm"], SETTINGS)
    own = {
        name: found["skill"].values[found["learnable"].sel(experiment=name).values == 1].tolist()
        for name in found["experiment"].values.tolist()
    }
    language = ["grammar", "verbs", "properties"]
    assert own == {"parity/mlp": ["1", "2", "3", "4"], "sentences/transformer": language}
    assert found["skill"].values.tolist() == ["1", "2", "3", "4", *language]


def test_the_whole_procedure_raises_no_more_false_alarms_than_the_level_over_200_null_pairs() -> None:
    """Measures that drift at random, each held against its own networks and against those of the control."""
    rng, learning = np.random.default_rng(4), study()
    shape = [learning.data.sizes[name] for name in ("run", "seed", "step")]
    walks = {f"null_{place}": np.cumsum(rng.normal(size=shape), axis=-1) for place in range(30)}
    data = learning.data.assign({name: (("run", "seed", "step"), walk) for name, walk in walks.items()})
    found = scoreboard(replace(learning, data=data), list(walks), SETTINGS).sel(measure=list(walks))
    pairs = found["p_value"].values.ravel()
    assert len(pairs) >= 200 and np.isfinite(pairs).all()
    assert (pairs <= 0.05).sum() <= stats.binom.ppf(0.999, len(pairs), 0.05)
    families = (found["seen"] == 1).any(["experiment", "skill"]).values.ravel()
    assert families.sum() <= stats.binom.ppf(0.999, len(families), 0.05)


def test_the_reading_under_which_active_units_follow_the_skills_is_the_one_that_sees_them() -> None:
    data = made_up()
    strengths = data["skill_strength"].sum("skill").transpose("run", "seed", "step").values
    noise = np.random.default_rng(5).normal(0, 0.005, (*strengths.shape, 2, 2, 1))
    noise[..., 1, 1, 0] += strengths
    along = ("run", "seed", "step", "criterion", "threshold", "samples")
    found = readings(data.assign(active_share=(along, np.exp(noise))), Statistics(), REFERENCE, SETTINGS)
    seen = found["reading_seen"].sel(experiment="parity/mlp")
    follows = seen.sel(counted="active_share", criterion="any", threshold=0.1)
    assert (follows == 1).all() and follows.size == SKILLS
    assert int(seen.sum()) <= SKILLS + 2
    assert (found["reading_explained"].sel(counted="active_share", criterion="any", threshold=0.1) > 0.8).all()


def test_measures_stand_in_the_order_of_what_they_detect_beyond_false_alarms(found: xr.Dataset) -> None:
    table = standings(found.expand_dims("experiment"), 0.95)
    assert set(table.index[:2]) == {"weight_norm", LOSS} and table.index[-1] == "absent"
    best = table.loc["weight_norm"]
    assert (best["seen"], best["transitions"], best["controls"], best["score"]) == (SKILLS, SKILLS, SKILLS, 1)
    assert best["lead_low"] <= best["lead"] <= best["lead_high"] and abs(best["lead"]) < 0.1
    assert best["alarm_low"] <= best["alarms"] / SKILLS <= best["alarm_high"]
    assert seen_by_testbed(found.expand_dims("experiment")).loc["weight_norm", "parity/mlp"] == f"{SKILLS} of {SKILLS}"
    assert np.isnan(table.loc["absent", "score"]) and table.loc["absent", "transitions"] == 0


def test_what_is_said_of_a_measure_does_not_depend_on_the_others(found: xr.Dataset) -> None:
    alone = scoreboard(study(), ["unrelated"], SETTINGS).sel(experiment="parity/mlp", measure="unrelated")
    for name in ("explained", "p_value", "corrected", "lead"):
        xr.testing.assert_equal(alone[name], found[name].sel(measure="unrelated"))


def test_variables_are_described(found: xr.Dataset) -> None:
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in found.data_vars.values())
