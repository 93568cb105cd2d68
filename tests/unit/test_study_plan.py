"""The plan: which jobs a study has, and whose keys a change of parameters changes."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from emergence.core.runs import DENSE
from emergence.parameters import Parameters
from emergence.parameters.checks.methods import scored_with
from emergence.parameters.reading import check, read
from emergence.study.jobs import Job
from emergence.study.plan import Plan

ROOT = Path(__file__).parent.parent.parent
STUDY = {"experiments": ["digits/mlp"], "seeds": 4, "seeds_per_block": 2}
SMALL = {"study": STUDY, "pruning": {"sparsities": [0.5]}, "variations": {"networks": []}}


def plan(**changes: dict) -> Plan:
    return planned(json.dumps(changes))


@cache
def planned(changes: str) -> Plan:
    given = {**SMALL, **json.loads(changes)}
    return Plan(check({**given, "pruning": {"methods": ["global_magnitude"], **given["pruning"]}}), ROOT)


def new_jobs(before: Plan, after: Plan) -> list[Job]:
    """The jobs of a plan that an earlier one has not, or has with another key."""
    return [job for job in after.jobs if job.key not in before.by_key]


def changed(before: Plan, after: Plan) -> set[str]:
    """The rules of these jobs."""
    return {job.rule for job in new_jobs(before, after)}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "digits/../../x", "digits//mlp", "digits/.", ""])
def test_no_name_leads_out_of_the_folders_of_results(name: str) -> None:
    with pytest.raises(ValueError, match="no part may be empty"):
        plan().job("prepare_data", name)


FIGURES = {"draw_figure", "write_report"}
VERDICTS = {"judge_claims", "map_robustness", "write_metrics"}
JUDGED = {*VERDICTS, "compare_rivals", "compare_stopping"}
CONCLUSIONS = {"collect_runs", *JUDGED, *FIGURES}
CELL = {"make_masks", "retrain_networks", "count_paths", "apply_measures"}
LANDSCAPE = {"sample_landscape", "measure_ruggedness", "measure_curvature", "find_minima"}


def test_a_figure_moves_where_it_has_more_than_two_frames() -> None:
    assert plan().of_rule("animate_figure") == []
    (moving,) = plan(landscape={"steps": ["ep0", "ep1", "last"]}).of_rule("animate_figure")
    assert moving.name == "landscape_over_training"


def test_ways_of_training_again_are_compared_where_there_are_several() -> None:
    several = plan(pruning={"retraining": ["original_initialisation", "rewind"]})
    drawn = [{job.name for job in made.of_rule("draw_figure")} for made in (plan(), several)]
    assert drawn[1] - drawn[0] == {"retraining"}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"figures": {"font_size": 12}}, FIGURES),
        ({"statistics": {"confidence": 0.9}}, {*JUDGED, *FIGURES}),
        ({"statistics": {"resamples": 2048}}, {*VERDICTS, *FIGURES}),
        ({"stopping": {"tolerances": [0.1]}}, {"compare_stopping", *FIGURES}),
        ({"controls": {"noise": [0.2]}}, {"compare_controls", *CONCLUSIONS}),
        ({"emergence": {"thresholds": [0.05]}}, {"count_paths", *CONCLUSIONS}),
        ({"measures": {"names": ["weight_norm"]}}, {"apply_measures", *CONCLUSIONS}),
        ({"landscape": {"points": 5}}, {"sample_landscape", "measure_ruggedness", *CONCLUSIONS}),
        ({"landscape": {"steps": ["ep0"]}}, {*LANDSCAPE, *CONCLUSIONS}),
        ({"ruggedness": {"noise_floor": 0.1}}, {"measure_ruggedness", *CONCLUSIONS}),
        ({"curvature": {"probes": 9}}, {"measure_curvature", *CONCLUSIONS}),
        ({"minima": {"copies": 2}}, {"find_minima", *CONCLUSIONS}),
        (
            {"pruning": {"sparsities": [0.5, 0.6]}},
            {*CELL, "gather_networks", *LANDSCAPE, *CONCLUSIONS},
        ),
        ({"statistics": {"accuracy_targets": [0.5]}}, CONCLUSIONS),
        ({"compute": {"device": "cpu"}}, set()),
    ],
    ids=lambda value: str(next(iter(value), "")) if isinstance(value, dict) else "",
)
def test_a_parameter_changes_the_keys_of_what_depends_on_it(changes: dict, rules: set[str]) -> None:
    assert changed(plan(), plan(**changes)) == rules


def test_one_more_sparsity_or_block_of_seeds_leaves_earlier_runs_as_they_are() -> None:
    tuning = {"learning_rates": [0.1, 0.2], "scope": "configuration"}
    before = plan(tuning=tuning)
    after = plan(tuning=tuning, study={**STUDY, "seeds": 6}, pruning={"sparsities": [0.5, 0.9]})
    assert {job.key for job in before.jobs if job.run} <= set(after.by_key)


def test_a_run_is_named_after_what_it_is() -> None:
    assert [run.name for run in plan().runs] == [
        "digits/mlp/dense/seeds~0-1",
        "digits/mlp/dense/seeds~2-3",
        "digits/mlp/global_magnitude~0.5/original_initialisation/seeds~0-1",
        "digits/mlp/global_magnitude~0.5/original_initialisation/seeds~2-3",
    ]


CHANCE = {"methods": ["global_magnitude", "random_weights"], "sparsities": [0.5]}


def test_methods_in_which_chance_decides_have_several_masks_and_the_others_one() -> None:
    names = [run.name for run in plan(pruning={**CHANCE, "masks": 3}).runs if run.seeds[0] == 0]
    assert names == [
        "digits/mlp/dense/seeds~0-1",
        "digits/mlp/global_magnitude~0.5/original_initialisation/seeds~0-1",
        "digits/mlp/random_weights~0.5/original_initialisation/seeds~0-1",
        "digits/mlp/random_weights~0.5/mask~2/original_initialisation/seeds~0-1",
        "digits/mlp/random_weights~0.5/mask~3/original_initialisation/seeds~0-1",
    ]


def test_one_more_mask_leaves_the_first_ones_as_they_are_and_has_files_of_its_own() -> None:
    one, two = (plan(pruning={**CHANCE, "masks": masks}) for masks in (1, 2))
    assert {job.key for job in one.jobs if job.run} <= set(two.by_key)
    assert {job.rule for job in new_jobs(one, two) if job.run} == CELL - {"apply_measures"}
    for job in two.of_rule("retrain_networks"):
        (mask,) = job.inputs["mask"]
        assert job.run and mask.run and (job.run.mask, job.run.seeds) == (mask.run.mask, mask.run.seeds)
        assert mask.run.described["mask"] == job.run.mask and ("mask~2" in mask.file("mask")) == (job.run.mask == 2)


def test_the_first_mask_is_the_one_of_reference_and_tuned_for_all() -> None:
    drawn = plan(pruning={**CHANCE, "methods": ["random_weights"], "masks": 2}, tuning=PER_CONFIGURATION)
    assert {run.mask for run in drawn.selection.reference} == {1}
    assert {job.run.mask for job in drawn.of_rule("retune_learning_rate") if job.run} == {1}


def test_slices_are_sampled_around_networks_whose_emergence_is_varied_on_purpose() -> None:
    methods = ["global_magnitude", "snip", "random_weights", "least_emergence"]
    varied = {"networks": ["mlp"], "alphas": [2.0], "widths": [2.0], "depths": []}
    study = plan(pruning={**CHANCE, "methods": methods, "masks": 2}, variations=varied)
    sampled = {job.run.configuration.name: job for job in study.of_rule("sample_landscape") if job.run}
    of_reference = {"digits/mlp/dense", "digits/mlp/global_magnitude~0.5/original_initialisation"}
    assert set(sampled) == of_reference | {
        "digits/mlp/dense/alpha~2",
        "digits/mlp/random_weights~0.5/original_initialisation",
        "digits/mlp/least_emergence~0.5/original_initialisation",
    }
    for name, job in sampled.items():
        assert bool(job.derived["planes"]) == (name in of_reference)
    for rule in ("find_minima", "measure_curvature"):
        assert {job.run.configuration.name for job in study.of_rule(rule) if job.run} == of_reference
    ruggedness = {job.name for job in study.of_rule("measure_ruggedness")}
    assert ruggedness == {job.name for job in study.of_rule("sample_landscape")}


def test_every_job_has_a_key_of_its_own_and_comes_after_those_it_reads() -> None:
    jobs = plan().jobs
    assert len({job.key for job in jobs}) == len(jobs)
    for position, job in enumerate(jobs):
        for sources in job.inputs.values():
            assert all(jobs.index(source) < position for source in sources)


def test_more_epochs_continue_the_same_trajectory_unless_the_schedule_depends_on_their_number() -> None:
    def trajectories(**training: object) -> set[str]:
        study = plan(training=training)
        return {study.trajectory(job) for job in study.jobs if job.rule == "train_networks"}

    cosine = {"schedule": {"name": "cosine"}}
    assert trajectories(epochs=3) == trajectories(epochs=5)
    assert not trajectories(epochs=3, **cosine) & trajectories(epochs=5, **cosine)


def test_more_epochs_do_not_continue_networks_that_are_pruned_during_training() -> None:
    def trajectories(epochs: int) -> set[str]:
        study = plan(training={"epochs": epochs}, pruning={"methods": ["gradual_magnitude"], "sparsities": [0.5]})
        gradual = study.of_rule("retrain_networks")
        assert gradual and not any(job.inputs["mask"] for job in gradual)
        return {study.trajectory(job) for job in gradual}

    assert not trajectories(3) & trajectories(5)


def test_only_sampled_seeds_have_landscapes() -> None:
    jobs = plan(landscape={"seeds": 3}).of_phase("landscape")
    for rule in LANDSCAPE - {"measure_ruggedness"}:
        assert [job.derived["seeds"] for job in jobs if job.rule == rule] == [[0, 1], [2], [0, 1], [2]]
    assert len([job for job in jobs if job.rule == "measure_ruggedness"]) == 4


RATES = {"learning_rates": [0.1, 0.2]}
PER_CONFIGURATION = {**RATES, "scope": "configuration"}


def test_without_rates_nothing_is_tuned_and_other_settings_of_tuning_change_no_network() -> None:
    unused = plan(tuning={"scope": "configuration", "seeds": 3, "epochs": 9})
    assert not {job.rule for job in unused.jobs} & {"tune_learning_rate", "retune_learning_rate"}
    assert "learning_rates" not in {job.name for job in unused.of_phase("figures")}
    assert changed(plan(), unused) == {"write_report"}


def test_a_rate_per_network_is_tuned_once_and_used_by_its_pruned_runs() -> None:
    tuned = plan(tuning=RATES)
    (tuning,) = [job for job in tuned.jobs if "tune" in job.rule]
    assert (tuning.rule, tuning.name) == ("tune_learning_rate", "digits/mlp/dense/seeds~1000000-1000001")
    trained = [job for job in tuned.jobs if job.rule in ("train_networks", "retrain_networks")]
    assert len(trained) == 4 and all(job.inputs["tuning"] == (tuning,) for job in trained)


def test_a_rate_per_configuration_is_tuned_under_masks_of_the_seeds_of_tuning() -> None:
    tuned = plan(tuning=PER_CONFIGURATION)
    for job in (job for job in tuned.jobs if job.rule == "retrain_networks"):
        (tuning,) = job.inputs["tuning"]
        assert tuning.rule == "retune_learning_rate" and tuning.run is not None and job.run is not None
        assert (tuning.run.method, tuning.run.sparsity) == (job.run.method, job.run.sparsity)
        for source in ("mask", "dense"):
            assert tuning.inputs[source][0].run.seeds == tuning.run.seeds == (1_000_000, 1_000_001)
        assert tuning.inputs["dense"][0].inputs["tuning"][0].run.method == DENSE


def test_networks_trained_for_tuning_are_not_analysed() -> None:
    tuned = plan(tuning=PER_CONFIGURATION)
    analysed = {job.name for job in tuned.jobs if job.entry.phase in ("emergence", "landscape")}
    (study,) = tuned.of_rule("collect_runs")
    joined = {source.name for sources in study.inputs.values() for source in sources}
    assert analysed == joined == {run.name for run in plan().runs}


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"tuning": {**RATES, "epochs": 2}}, {"prepare_data"}),
        ({"training": {"epochs": 7}}, {"prepare_data", "tune_learning_rate"}),
    ],
    ids=["epochs per rate", "epochs of training"],
)
def test_tuning_is_repeated_where_its_own_training_changes(changes: dict, kept: set[str]) -> None:
    before = plan(tuning=RATES)
    assert {job.rule for job in before.jobs} - changed(before, plan(**{"tuning": RATES, **changes})) == kept


def test_what_tuning_replaces_and_the_order_of_rates_change_no_network() -> None:
    reordered = {"learning_rates": [0.2, 0.1]}
    other = plan(tuning=reordered, training={"optimizer": {"learning_rate": 0.7}})
    assert changed(plan(tuning=RATES), other) == {"write_report"}


def test_a_sweep_of_more_rates_or_epochs_continues_the_same_trajectory() -> None:
    def trajectory(**tuning: object) -> str:
        study = plan(tuning={**RATES, **tuning})
        return next(study.trajectory(job) for job in study.jobs if job.rule == "tune_learning_rate")

    assert trajectory() == trajectory(learning_rates=[0.1, 0.4]) == trajectory(epochs=8) != trajectory(seeds=3)


def test_keys_do_not_depend_on_the_order_of_sets_in_memory() -> None:
    program = (
        "import sys; from pathlib import Path; from emergence.parameters import Parameters;"
        "from emergence.study.plan import Plan; print(Plan(Parameters(), Path(sys.argv[1])).by_key.keys())"
    )
    keys = {
        subprocess.check_output(
            [sys.executable, "-c", program, str(ROOT)], env={**os.environ, "PYTHONHASHSEED": str(seed)}, text=True
        )
        for seed in range(2)
    }
    assert len(keys) == 1


WAYS = ["original_initialisation", "new_initialisation", "rewind", "fine_tune", "shuffled_mask"]


def test_every_retraining_shares_the_masks_and_says_from_where_it_starts() -> None:
    planned = plan(pruning={"sparsities": [0.5], "retraining": WAYS, "rewind_to": "ep2"})
    retrained = [job for job in planned.jobs if job.rule == "retrain_networks" and job.run.seeds == (0, 1)]
    assert [job.run.retraining for job in retrained] == WAYS
    assert [job.run.start("ep2") for job in retrained] == ["ep0", "new", "ep2", "last", "ep0"]
    assert [job.settings["pruning"].get("rewind_to") for job in retrained if "pruning" in job.settings] == ["ep2"]
    assert len({job.inputs["mask"][0].key for job in retrained}) == 1


def test_one_more_retraining_trains_only_its_own_runs() -> None:
    before, after = (plan(pruning={"sparsities": [0.5], "retraining": WAYS[:count]}) for count in (1, 2))
    new = [job for job in new_jobs(before, after) if job.run]
    assert {job.run.retraining for job in new} == {"new_initialisation"}
    assert {job.rule for job in new} == {"retrain_networks", "count_paths", "apply_measures"}


def test_claims_and_landscapes_follow_the_first_method_and_retraining() -> None:
    planned = plan(pruning={"methods": ["snip", "global_magnitude"], "sparsities": [0.5], "retraining": WAYS[1:3]})
    judged = next(job for job in planned.jobs if job.rule == "judge_claims").derived
    assert (judged["reference_method"], judged["reference_retraining"]) == ("snip", "new_initialisation")
    sampled = {(job.run.method, job.run.retraining) for job in planned.of_phase("landscape")}
    assert sampled == {("dense", "none"), ("snip", "new_initialisation")}


def test_part_of_the_runs_is_chosen_by_a_pattern_and_a_pattern_without_runs_is_refused() -> None:
    planned = plan(pruning={"sparsities": [0.5, 0.9]})
    chosen = planned.of_phase("prune", "digits/mlp/global_magnitude~0.9/*/seeds~0-1")
    assert [job.name for job in chosen] == ["digits/mlp/global_magnitude~0.9/original_initialisation/seeds~0-1"]
    with pytest.raises(ValueError, match=r"only = 'digits/cnn/.*no run fits"):
        planned.of_phase("prune", "digits/cnn/*")


def test_one_more_method_trains_only_its_own_cells() -> None:
    before, after = (plan(pruning={"methods": ["random_weights", "snip"][:count]}) for count in (1, 2))
    new = [job for job in new_jobs(before, after) if job.run]
    assert {job.run.method for job in new} == {"snip"}
    assert {job.rule for job in new} == CELL
    assert changed(after, before) <= {"gather_networks", *CONCLUSIONS}


@pytest.mark.parametrize(
    ("scoring", "remade"),
    [
        ({"samples_per_class": 3}, {"snip"}),
        ({"criterion": "any"}, {"least_emergence"}),
    ],
    ids=lambda value: str(*value) if isinstance(value, dict) else "",
)
def test_scoring_remakes_only_masks_of_methods_that_use_it(scoring: dict, remade: set[str]) -> None:
    methods = ["random_weights", "snip", "least_emergence"]
    before, after = (plan(pruning={"methods": methods, "scoring": section}) for section in ({}, scoring))
    assert {job.run.method for job in new_jobs(before, after) if job.rule == "make_masks"} == remade


def test_a_method_of_ones_own_that_does_not_say_what_it_uses_may_use_all(tmp_path: Path) -> None:
    assert scored_with("mine:make_mask", tmp_path) == {"samples_per_class", "threshold", "criterion"}
    (tmp_path / "mine.py").write_text('SCORED_WITH = ("treshold",)')
    with pytest.raises(ValueError, match=r"mine\.py: SCORED_WITH = \('treshold',\); allowed: samples_per_class"):
        scored_with("mine:make_mask", tmp_path)


def test_a_parameter_that_is_left_out_gives_the_same_keys_as_its_default_written_down() -> None:
    written = Parameters.model_validate(Parameters().model_dump(mode="json"))
    assert {job.key for job in Plan(written, ROOT).jobs} == {job.key for job in Plan(Parameters(), ROOT).jobs}
    read_back = read(ROOT / "params.yaml")
    assert {job.key for job in Plan(read_back, ROOT).jobs} == {job.key for job in Plan(Parameters(), ROOT).jobs}


VARIED = {"networks": ["mlp"], "alphas": [2.0], "widths": [0.5], "depths": [1, -1]}


def test_a_varied_network_is_named_after_what_varies_it() -> None:
    varied = [run for run in plan(variations=VARIED).runs if run not in plan().runs]
    assert [run.name for run in varied if run.seeds == (2, 3)] == [
        f"digits/mlp/dense/{variation}/seeds~2-3" for variation in ("alpha~2", "width~0.5", "depth~+1", "depth~-1")
    ]
    chosen = plan(variations=VARIED).of_phase("train", "digits/mlp/dense/alpha~*")
    assert [job.name for job in chosen] == [f"digits/mlp/dense/alpha~2/seeds~{seeds}" for seeds in ("0-1", "2-3")]


def test_varied_networks_are_trained_and_counted_and_leave_others_as_they_are() -> None:
    before, after = plan(), plan(variations=VARIED)
    new = new_jobs(before, after)
    found = {"train_networks", "count_paths", "sample_landscape", "measure_ruggedness"}
    assert {job.rule for job in new if job.run} == found
    assert {job.run.variation.alpha for job in new if job.run and job.entry.phase == "landscape"} == {2.0}
    assert {job.rule for job in new if not job.run} == {"gather_networks", *CONCLUSIONS}
    assert {job.key for job in before.jobs if job.run} <= set(after.by_key)


def test_each_variation_has_a_network_and_initial_weights_of_its_own() -> None:
    def trained(alpha: float) -> dict[str, Job]:
        jobs = plan(variations={**VARIED, "alphas": [alpha]}).of_phase("train", "*/seeds~0-1")
        return {job.name.split("/")[3]: job for job in jobs}

    jobs = trained(2.0)
    assert all(job.settings["networks"]["mlp"]["widths"] == [64, 32] for job in jobs.values())
    assert len({job.key for job in [*jobs.values(), trained(3.0)["alpha~3"]]}) == 6


def test_only_networks_held_back_are_trained_so_and_bring_the_figure_of_what_that_changes() -> None:
    inhibited = {"networks": ["mlp"], "alphas": [], "widths": [], "depths": [], "inhibitions": ["penalty", "reverse"]}
    varied = plan(variations=inhibited)
    trained = varied.of_phase("train", "*/seeds~0-1")
    ways = {job.name.split("/")[3]: job.settings["training"]["inhibition"].get("way") for job in trained}
    assert ways == {"seeds~0-1": "none", "inhibition~penalty": None, "inhibition~reverse": None}
    assert {job.key for job in plan().jobs if job.run} <= {job.key for job in varied.jobs}
    figures = [{job.name for job in study.of_phase("figures")} for study in (varied, plan())]
    assert figures[0] - figures[1] == {"inhibition"}


def test_every_varied_network_is_tuned_by_itself_and_the_figure_of_tuning_shows_the_unvaried() -> None:
    tuned = plan(variations=VARIED, tuning=RATES)
    for job in (job for job in tuned.jobs if job.rule == "train_networks"):
        (tuning,) = job.inputs["tuning"]
        assert tuning.run is not None and job.run is not None and tuning.run.variation == job.run.variation
        assert tuning.settings["networks"] == job.settings["networks"]
    (figure,) = [job for job in tuned.of_phase("figures") if job.name == "learning_rates"]
    assert [job.name for job in figure.inputs["tuning"]] == ["digits/mlp/dense/seeds~1000000-1000001"]


PARITY = {"kind": "sparse_parity"}
PARITIES = {"parity": PARITY, "control": {**PARITY, "random_answers": True}}
SKILLS = {
    "study": {**STUDY, "experiments": ["parity/mlp", "control/mlp"]},
    "data": {"sets": PARITIES},
}


def test_only_a_study_with_skills_to_learn_has_a_scoreboard() -> None:
    ours = {"measure_skills", "score_measures"}
    drawn = {"skill_strengths", "skill_times", "scoreboard"}

    def made(**changes: dict) -> tuple[set[str], set[str]]:
        jobs = plan(**changes).jobs
        figures = {job.name for job in jobs if job.rule == "draw_figure"}
        return ours & {job.rule for job in jobs}, drawn & figures

    assert made() == (set(), set())
    assert made(**SKILLS) == (ours, drawn)
    control_alone = {**SKILLS, "study": {**STUDY, "experiments": ["control/mlp"]}}
    assert made(**control_alone) == ({"measure_skills"}, set())


def test_skills_are_measured_on_networks_that_vary_in_width_too() -> None:
    varied = plan(**{**SKILLS, "variations": VARIED})
    measured = varied.of_rule("measure_skills")
    names = {job.name.partition("/seeds")[0] for job in measured}
    assert names == {f"{data}/mlp/dense{width}" for data in PARITIES for width in ("", "/width~0.5")}
    (study,) = varied.of_rule("collect_runs")
    assert set(study.inputs["skills"]) == set(measured)


def figures_of_scaling(experiments: list[str], parities: dict, variations: dict) -> dict[str, set[str]]:
    """The figures of skills over samples and over units that a study has, with the runs that each needs."""
    study = {**STUDY, "experiments": experiments}
    networks = {"mlp": {"builder": "mlp"}, "wide": {"builder": "mlp", "widths": [128]}}
    jobs = plan(study=study, data={"sets": parities}, networks=networks, variations=variations).jobs
    return {
        job.name: {
            source.name.partition("/seeds")[0] for source in job.inputs[job.name.replace("skill_strengths", "skills")]
        }
        for job in jobs
        if job.name.startswith("skill_strengths_over")
    }


SIZES = {"few": {**PARITY, "samples": 500, "seed": 1}, "many": {**PARITY, "samples": 5000}}
NONE_VARIED: dict = {"networks": []}


def test_skills_are_drawn_over_samples_where_a_network_learns_the_same_ones_from_several_sizes() -> None:
    drawn = figures_of_scaling(["few/wide", "many/wide", "many/mlp"], SIZES, NONE_VARIED)
    assert drawn == {"skill_strengths_over_data": {"few/wide/dense", "many/wide/dense"}}


@pytest.mark.parametrize(
    ("experiments", "change"),
    [
        (["few/wide", "many/mlp"], {}),
        (["few/wide", "many/wide"], {"alpha": 1.0}),
        (["few/wide", "many/wide"], {"random_answers": True}),
        (["few/wide", "many/wide"], {"samples": 5000}),
    ],
)
def test_skills_are_not_drawn_over_samples_where_more_than_these_differs_or_nothing(
    experiments: list[str], change: dict
) -> None:
    parities = {"few": {**SIZES["few"], **change}, "many": SIZES["many"]}
    assert figures_of_scaling(experiments, parities, NONE_VARIED) == {}


def test_skills_are_drawn_over_units_where_networks_of_several_widths_have_some_to_learn() -> None:
    drawn = figures_of_scaling(["many/mlp"], SIZES, VARIED)
    assert drawn == {"skill_strengths_over_width": {"many/mlp/dense/width~0.5"}}
    assert figures_of_scaling(["many/mlp"], SIZES, {**VARIED, "widths": []}) == {}
    assert figures_of_scaling(["many/mlp"], {"many": {**PARITY, "random_answers": True}}, VARIED) == {}
    assert figures_of_scaling(["digits/mlp"], {}, VARIED) == {}


@pytest.mark.parametrize(("network", "widths"), [("features", [0.5]), ("features", []), ("mlp", [0.5])])
def test_double_descent_is_drawn_where_random_features_have_several_widths(network: str, widths: list[float]) -> None:
    networks = {"features": {"builder": "random_features"}, "mlp": {"builder": "mlp"}}
    variations = {**VARIED, "networks": [network], "widths": widths, "depths": []}
    study = {**STUDY, "experiments": [f"digits/{network}"]}
    drawn = {job.name for job in plan(study=study, networks=networks, variations=variations).jobs}
    assert ("double_descent" in drawn) == (network == "features" and bool(widths))


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"samples": 99}, {"measure_skills", "score_measures", *CONCLUSIONS}),
        ({"permutations": 99}, {"score_measures", *FIGURES}),
        ({"emerged_at": 0.9}, {"score_measures", *FIGURES}),
    ],
    ids=lambda value: str(next(iter(value))) if isinstance(value, dict) else "",
)
def test_a_parameter_of_the_scoreboard_changes_the_keys_of_what_depends_on_it(changes: dict, rules: set[str]) -> None:
    before, after = plan(**SKILLS), plan(**SKILLS, scoreboard=changes)
    assert changed(before, after) == rules
    assert not changed(plan(), plan(scoreboard=changes)) - {"write_report"}


def test_random_words_are_measured_as_a_language_is_but_alone_have_neither_scoreboard_nor_figure() -> None:
    language = {"kind": "formal_language"}
    languages = {"sentences": language, "control": {**language, "random_words": True}}
    networks = {"transformer": {"builder": "transformer"}}

    def jobs(*names: str) -> list[Job]:
        study = {**STUDY, "experiments": [f"{name}/transformer" for name in names]}
        return plan(study=study, data={"sets": languages}, networks=networks).jobs

    measured = [job for job in jobs("sentences", "control") if job.rule == "measure_skills"]
    assert [job.name.split("/")[0] for job in measured] == ["sentences", "sentences", "control", "control"]
    assert {job.rule for job in measured[0].inputs["data"]} == {"prepare_data"}
    concluded = {"scoreboard", "order_parameters"}
    drawn = {job.name for job in jobs("sentences", "control")}
    assert concluded <= drawn and not {"skill_strengths", "skill_times"} & drawn
    assert not concluded & {job.name for job in jobs("control")}
    (figure,) = (job for job in jobs("sentences", "control") if job.name == "order_parameters")
    assert {job.name.split("/")[0] for job in figure.inputs["language"]} == {"sentences"}


def test_a_data_set_of_skills_is_made_from_its_own_entry_alone() -> None:
    def keys(study: Plan) -> dict[str, str]:
        return {job.name: job.key for job in study.jobs if job.rule == "prepare_data"}

    before, after = (
        keys(plan(**SKILLS)),
        keys(plan(**{**SKILLS, "data": {"sets": {**PARITIES, "parity": {**PARITY, "alpha": 0.9}}}})),
    )
    assert before["control"] == after["control"] and before["parity"] != after["parity"]


def test_training_that_differs_on_a_data_set_reaches_the_jobs_of_that_data_set_alone() -> None:
    study = {**STUDY, "experiments": ["digits/mlp", "mnist1d/mlp"]}
    on_one = {**study, "training_on": {"mnist1d": {"epochs": 4, "optimizer": {"learning_rate": 0.5}}}}
    before, after = plan(study=study), plan(study=on_one)
    trained = {job.run.dataset: job.settings["training"] for job in after.of_rule("train_networks") if job.run}
    assert {dataset: training["epochs"] for dataset, training in trained.items()} == {"digits": 20, "mnist1d": 4}
    optimizer = trained["digits"]["optimizer"]
    assert trained["mnist1d"]["optimizer"] == {**optimizer, "learning_rate": 0.5} != optimizer
    assert {job.run.dataset for job in new_jobs(before, after) if job.run} == {"mnist1d"}


def test_a_study_without_sparsities_and_sampled_seeds_neither_prunes_nor_samples() -> None:
    bare = plan(pruning={"sparsities": []}, landscape={"seeds": 0})
    assert {job.rule for job in bare.jobs} & (LANDSCAPE | {"make_masks", "retrain_networks"}) == set()
    assert {job.rule for job in bare.jobs} >= {"train_networks", "count_paths", "judge_claims", "write_report"}
