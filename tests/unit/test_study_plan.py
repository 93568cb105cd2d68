"""The plan: which jobs a study has, and whose keys a change of parameters changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emergence.parameters.reading import check
from emergence.study.plan import Plan

ROOT = Path(__file__).parent.parent.parent
STUDY = {"experiments": ["digits/mlp"], "seeds": 4, "seeds_per_block": 2}
SMALL = {"study": STUDY, "pruning": {"sparsities": [0.5]}}


def plan(**changes: dict) -> Plan:
    return Plan(check({**SMALL, **changes}), ROOT)


def changed(before: Plan, after: Plan) -> set[str]:
    """Rules with a job of which one plan has a version that the other has not."""
    keys = {job.key for job in before.jobs}
    return {job.rule for job in after.jobs if job.key not in keys}


CONCLUSIONS = {"collect_runs", "judge_claims", "draw_figure", "write_report"}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"figures": {"font_size": 12}}, {"draw_figure", "write_report"}),
        ({"statistics": {"confidence": 0.9}}, {"judge_claims", "draw_figure", "write_report"}),
        ({"emergence": {"thresholds": [0.05]}}, {"count_paths", *CONCLUSIONS}),
        ({"measures": {"names": ["weight_norm"]}}, {"apply_measures", *CONCLUSIONS}),
        ({"landscape": {"points": 5}}, {"sample_landscape", "draw_figure", "write_report"}),
        (
            {"pruning": {"sparsities": [0.5, 0.6]}},
            {"make_masks", "retrain_networks", "count_paths", "apply_measures", "sample_landscape", *CONCLUSIONS},
        ),
        ({"compute": {"device": "cpu"}}, set()),
    ],
    ids=lambda value: str(next(iter(value), "")) if isinstance(value, dict) else "",
)
def test_a_parameter_changes_the_keys_of_what_depends_on_it(changes: dict, rules: set[str]) -> None:
    assert changed(plan(), plan(**changes)) == rules


def test_training_parameters_change_everything_but_the_data() -> None:
    before, after = plan(), plan(training={"batch_size": 32})
    assert {job.rule for job in before.jobs} - changed(before, after) == {"prepare_data"}


def test_one_more_sparsity_or_block_of_seeds_leaves_earlier_runs_as_they_are() -> None:
    before = {(job.rule, job.name): job.key for job in plan().jobs if job.run}
    study = {**STUDY, "seeds": 6}
    after = {(job.rule, job.name): job.key for job in plan(study=study, pruning={"sparsities": [0.5, 0.9]}).jobs}
    assert {name: after[name] for name in before} == before


def test_a_run_is_named_after_what_it_is() -> None:
    assert [run.name for run in plan().runs] == [
        "digits/mlp/dense/seeds~0-1",
        "digits/mlp/dense/seeds~2-3",
        "digits/mlp/global_magnitude~0.5/seeds~0-1",
        "digits/mlp/global_magnitude~0.5/seeds~2-3",
    ]


def test_every_job_has_a_key_of_its_own_and_comes_after_those_it_reads() -> None:
    jobs = plan().jobs
    assert len({job.key for job in jobs}) == len(jobs)
    for position, job in enumerate(jobs):
        for sources in job.sources.values():
            assert all(jobs.index(source) < position for source in sources)


def test_more_epochs_continue_the_same_trajectory_unless_the_schedule_depends_on_their_number() -> None:
    def trajectories(**training: object) -> set[str]:
        planned = plan(training=training)
        return {planned.trajectory(job) for job in planned.jobs if job.rule == "train_networks"}

    cosine = {"schedule": {"name": "cosine"}}
    assert trajectories(epochs=3) == trajectories(epochs=5)
    assert not trajectories(epochs=3, **cosine) & trajectories(epochs=5, **cosine)


def test_only_sampled_seeds_have_landscapes() -> None:
    seeds = [job.parameters["seeds"] for job in plan(landscape={"seeds": 3}).of_phase("landscape")]
    assert seeds == [[0, 1], [2], [0, 1], [2]]


def test_keys_do_not_depend_on_the_order_of_sets_in_memory() -> None:
    program = (
        "import sys; from pathlib import Path; from emergence.parameters import Parameters;"
        "from emergence.study.plan import Plan; print(Plan(Parameters(), Path(sys.argv[1])).report.key)"
    )
    keys = {
        subprocess.check_output(
            [sys.executable, "-c", program, str(ROOT)], env={**os.environ, "PYTHONHASHSEED": str(seed)}, text=True
        )
        for seed in range(4)
    }
    assert len(keys) == 1
