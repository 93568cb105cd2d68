"""Limits and ticks of logarithmic axes, and bands, at their limits."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from emergence.drawing.bands import SMALLEST_LOSS, amount_band, draw_band, loss_band, share_band
from emergence.drawing.log_axes import fit_log_axis, fit_log_values, tick_labels, tick_values
from emergence.drawing.panels import grid
from tests.figure_drawing import STYLE

ENDS = st.floats(-12, 60)


@settings(max_examples=100, deadline=None)
@given(ENDS, st.floats(0.005, 40))
def test_every_range_has_two_to_seven_round_ticks_with_labels_of_their_own(start: float, decades: float) -> None:
    low, high = 10**start, 10 ** (start + decades)
    ticks = tick_values(low, high)
    assert 2 <= len(ticks) <= 7
    assert all(low <= tick <= high for tick in ticks) and ticks == sorted(ticks)
    assert len(set(tick_labels(ticks))) == len(ticks)
    assert min(np.diff(np.log10(ticks))) > 0.12 * decades


def test_labels_of_horizontal_axes_do_not_touch_in_the_narrowest_panels() -> None:
    with STYLE.active():
        figure, rows = grid(STYLE, 3, 3)
        panels = [axes for row in rows for axes in row]
        spans = [1.2, 1.6, 2.5, 4, 5.5, 9, 30, 300, 1e5]
        for axes, span in zip(panels, spans, strict=True):
            fit_log_values(axes, "x", np.array([1.2e4, 1.2e4 * span]))
        figure.draw_without_rendering()
    for axes in panels:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert len(boxes) >= 2
        assert not any(before.overlaps(after) for before, after in pairwise(boxes))


def test_few_seeds_stretch_an_axis_by_a_decade_at_most() -> None:
    axes = Figure().subplots()
    draw_band(axes, [0, 1], loss_band([[0.1, 1.0], [1.0, 10.0]], 0.95))
    assert axes.dataLim.y1 > 1e5
    fit_log_axis([axes])
    low, high = axes.get_ylim()
    assert 10**-2 < low < 10**-1 and 10**1.5 < high < 10**2


def test_panels_that_share_an_axis_show_what_each_of_them_holds() -> None:
    first, second = Figure().subplots(1, 2)
    first.plot([0, 1], [0.01, 0.1])
    second.plot([0, 1], [5.0, 300.0])
    fit_log_axis([first, second])
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim()[0] < 0.01 and first.get_ylim()[1] > 300


def test_an_axis_far_above_its_linear_part_is_the_logarithmic_one() -> None:
    with_zero, without = Figure().subplots(1, 2)
    values = np.array([50.0, 2000.0])
    fit_log_values(with_zero, "x", values, linear_below=1.0)
    fit_log_values(without, "x", values)
    assert with_zero.get_xlim() == pytest.approx(without.get_xlim())
    assert with_zero.get_xticks() == pytest.approx(without.get_xticks())


def test_an_axis_of_nothing_but_zeros_shows_where_the_first_path_would_be() -> None:
    axes = Figure().subplots()
    fit_log_values(axes, "y", np.zeros(3), linear_below=1.0)
    assert axes.get_ylim()[0] < 0 and axes.get_ylim()[1] > 10
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1", "2", "3", "5", "10"]


def test_an_axis_without_values_stays_as_it_is() -> None:
    axes = Figure().subplots()
    fit_log_values(axes, "y", np.array([np.nan, np.inf, -1.0]), linear_below=1.0)
    fit_log_values(axes, "x", np.array([0.0, np.nan]))
    assert axes.get_yscale() == axes.get_xscale() == "linear"


def test_losses_rounded_to_zero_count_as_the_smallest_that_can_be_told_from_it() -> None:
    mean, low, high = loss_band([[0.0], [0.0], [SMALLEST_LOSS]], 0.95)
    assert mean == low == high == pytest.approx(SMALLEST_LOSS)


@pytest.mark.parametrize("band", [amount_band, share_band, loss_band])
def test_missing_values_are_left_out_and_one_value_has_no_interval(band) -> None:  # type: ignore[no-untyped-def]
    columns = np.array([[0.2, np.nan, 0.4], [np.nan, np.nan, 0.4], [0.2, np.nan, np.nan], [0.2, 0.7, 0.4]])
    mean, low, high = band(columns, 0.95)
    np.testing.assert_allclose(mean, [0.2, 0.7, 0.4])
    np.testing.assert_allclose(low, [0.2, np.nan, 0.4])
    np.testing.assert_allclose(high, [0.2, np.nan, 0.4])
