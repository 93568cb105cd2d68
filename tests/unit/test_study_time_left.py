"""How long jobs take, learnt from those that are finished, and how long those left take together."""

import os
import time
from math import exp, log
from pathlib import Path

import pytest

from emergence.jobs.timing import timed
from emergence.parameters.reading import check
from emergence.report import records
from emergence.study import time_left
from emergence.study.jobs import Job
from emergence.study.plan import Plan
from emergence.study.rules import Amount
from emergence.study.table import RULES
from emergence.study.time_left import REFERENCE, TimeLeft, Timings

ROOT = Path(__file__).parents[2]
SMALL = {
    "study": {"experiments": ["digits/mlp"], "seeds": 2},
    "networks": {"mlp": {"builder": "mlp", "widths": [16]}},
    "pruning": {"sparsities": [0.5]},
    "variations": {"networks": ["mlp"], "depths": []},
}


@pytest.fixture(autouse=True)
def a_step_takes_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_left, "REFERENCE", {"other": [0.0, 1.0, 0.0, 0.0]})
    monkeypatch.setattr(time_left, "BESIDE", 0.0)


def job(seconds: float, *reads: Job, rule: str = "train_networks", name: str = "digits/mlp/dense") -> Job:
    """A job that takes so long on the machine of reference."""
    return Job(rule, name, {}, {}, "", {"read": reads}, amount=Amount(steps=seconds))


def plan(**sections: dict[str, object]) -> Plan:
    return Plan(check({**SMALL, **sections}), ROOT)


def amount(rule: str, **sections: dict[str, object]) -> Amount:
    return plan(**sections).of_rule(rule)[0].amount


def test_jobs_of_which_nothing_is_known_take_what_they_took_on_the_machine_of_reference() -> None:
    assert Timings().seconds(job(7)) == pytest.approx(7)


def test_a_job_of_a_kind_that_is_known_takes_as_much_longer_as_there_is_more_to_do() -> None:
    timings = Timings()
    for _ in range(1000):
        timings.add(job(10), 30)
    assert timings.seconds(job(10)) == pytest.approx(30, rel=0.01)
    assert timings.seconds(job(40)) == pytest.approx(120, rel=0.01)


def test_a_rule_without_a_finished_job_is_as_slow_as_the_machine_whose_reference_counts_as_five_jobs() -> None:
    timings = Timings()
    for _ in range(5):
        timings.add(job(10), 40)
    assert timings.seconds(job(10, rule="count_paths")) == pytest.approx(20)


def test_a_rule_on_another_network_is_told_by_all_networks_and_on_the_same_one_by_its_own() -> None:
    timings = Timings()
    timings.add(job(10, name="digits/mlp/dense"), 20)
    machine = log(2) / 6
    rule = machine + (log(2) - machine) / 2
    network = rule + (log(2) - rule) / 2
    assert timings.seconds(job(10, name="digits/cnn/dense")) == pytest.approx(10 * exp(rule))
    assert timings.seconds(job(10, name="digits/mlp/random_weights~0.5")) == pytest.approx(10 * exp(network))


def test_what_is_learnt_follows_a_machine_that_becomes_slower() -> None:
    timings = Timings()
    for seconds in [10] * 1000 + [30] * 60:
        timings.add(job(10), seconds)
    assert timings.seconds(job(10)) == pytest.approx(30, rel=0.1)


def test_jobs_that_wait_for_each_other_take_their_sum_however_many_could_run() -> None:
    first = job(1)
    second = job(2, first)
    third = job(3, first, second)
    tell = TimeLeft([first, second, third], Timings())
    assert tell({first, second, third}, 8) == pytest.approx(6)
    assert tell({third}, 8) == pytest.approx(3)
    assert tell(set(), 8) == 0


def test_jobs_that_need_nothing_share_what_runs_at_a_time() -> None:
    jobs = [job(3) for _ in range(5)]
    tell = TimeLeft(jobs, Timings())
    assert [tell(set(jobs), number) for number in (1, 2, 4, 5, 99)] == pytest.approx([15, 9, 6, 3, 3])


def test_a_long_job_beside_short_ones_is_what_is_waited_for() -> None:
    long, short = job(20), [job(1) for _ in range(10)]
    assert TimeLeft([long, *short], Timings())({long, *short}, 2) == pytest.approx(20)


def test_of_jobs_that_run_what_is_left_counts_and_some_is_left_of_one_that_runs_for_longer_than_told() -> None:
    one, other = job(10), job(10)
    tell = TimeLeft([one, other], Timings())
    assert tell({one, other}, 2, {one: 4, other: 6}) == pytest.approx(6)
    assert tell({one}, 2, {one: 20}) == pytest.approx(4)


def test_snakemake_needs_some_time_for_every_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_left, "BESIDE", 0.5)
    jobs = [job(1), job(1)]
    assert TimeLeft(jobs, Timings())(set(jobs), 1) == pytest.approx(3)


def test_what_jobs_noted_teaches_as_much_as_the_jobs_themselves(tmp_path: Path) -> None:
    jobs, told = plan().jobs, Timings()
    for order, done in enumerate(jobs):
        file = tmp_path / done.notes["timing"]
        with timed(file, done.amount._asdict()):
            time.sleep(0.02)
        os.utime(file, (order, order))
        told.add(done, records.noted(file)["s"])
    noted = Timings.read(tmp_path)
    assert [noted.seconds(job) for job in jobs] == pytest.approx([told.seconds(job) for job in jobs], rel=1e-4)


@pytest.mark.parametrize("text", ["", "s\tsteps\n1", "\0", "s\tsteps\tvalues\tproducts\n1\t2\tmany\t3\n"])
def test_times_that_cannot_be_read_are_passed_over(text: str, tmp_path: Path) -> None:
    for name in ("train_networks/digits/mlp/0123456789ab.tsv", "no_rule/digits/0123456789ab.tsv", "stray.tsv"):
        (tmp_path / "logs/timings" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "logs/timings" / name).write_text(text)
    assert Timings.read(tmp_path).seconds(job(7)) == pytest.approx(7)


def test_training_grows_with_epochs_and_seeds_and_its_steps_with_epochs_alone() -> None:
    once = amount("train_networks", training={"epochs": 5})
    assert amount("train_networks", training={"epochs": 10}) == tuple(2 * part for part in once)
    doubled = amount("train_networks", training={"epochs": 5}, study={"experiments": ["digits/mlp"], "seeds": 4})
    assert doubled == (once.steps, 2 * once.values, 2 * once.products)


def test_training_of_a_small_network_is_as_much_as_reckoned_by_hand() -> None:
    samples = 1294 - 256  # of digits, without those for testing, validation and probing
    updates, products = 17, 64 * 16 + 16 * 10
    found = amount("train_networks", training={"epochs": 2})
    assert found == (2 * updates * 2, 3 * 2 * 2 * samples * 26, 3 * 2 * 2 * samples * products)


def test_counting_grows_with_checkpoints_and_its_products_with_choices() -> None:
    few = {"criteria": ["mean"], "thresholds": [0.05], "through": ["all"], "samples": ["probe"]}
    once = amount("count_paths", emergence=few)
    twice = amount("count_paths", emergence={**few, "through": ["all", "active"]})
    assert twice == (once.steps, once.values, 2 * once.products)
    assert amount("count_paths", training={"epochs": 45}, emergence=few).steps == 2 * once.steps


def test_jobs_of_networks_of_unknown_size_have_an_amount_too() -> None:
    own = {"builder": "tests.text_networks:build"}
    found = plan(study={"experiments": ["digits/own"]}, networks={"own": own}, variations={"networks": []})
    assert all(job.amount.products > 0 for job in found.of_phase("emergence"))


def test_the_reference_is_of_rules_of_the_table_and_of_all_that_every_study_has() -> None:
    named = {*REFERENCE} - {"beside", "other"}
    assert named <= RULES.keys()
    assert {job.rule for job in plan().jobs} <= named
    assert all(len(REFERENCE[rule]) == 1 + len(Amount._fields) and min(REFERENCE[rule]) >= 0 for rule in named)
