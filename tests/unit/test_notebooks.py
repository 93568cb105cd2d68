"""Notebooks that need no study run as they stand."""

from pathlib import Path

from tests.notebooks import run


def test_a_network_is_measured_and_recorded_while_it_trains(tmp_path: Path) -> None:
    shown = run("measure", tmp_path)
    assert "PathCounts(emergence=" in shown and "probe_accuracy" in shown


def test_the_landscape_of_a_network_of_ones_own_is_sampled(tmp_path: Path) -> None:
    shown = run("landscape", tmp_path)
    assert "Dimensions:   (alpha: 25, beta: 25)" in shown or "(alpha: 25, beta: 25)" in shown


def test_a_measure_of_ones_own_is_set_beside_skills_in_the_order_in_which_they_are_learned(tmp_path: Path) -> None:
    *_, times = run("own_measure", tmp_path).strip().splitlines()
    first, second, third = map(float, times.removeprefix("array([").removesuffix("])").split(","))
    assert 0 < first < second < third < 500
