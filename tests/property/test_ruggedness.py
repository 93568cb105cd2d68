"""Ruggedness and minima of functions with known answers."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label, minimum_filter
from scipy.signal import argrelmin, peak_prominences

from emergence.landscape.minima import count_minima, depths
from emergence.landscape.ruggedness import (
    autocorrelation_length,
    barrier_height,
    negative_curvature,
    roughness,
    total_variation,
)

Floats = NDArray[np.float64]
WAVES = st.integers(min_value=1, max_value=5)


def grid(function: Floats, x: Floats, y: Floats) -> xr.DataArray:
    return xr.DataArray(function, {"alpha": x, "beta": y})


def cosines(waves_x: int, waves_y: int, points: tuple[int, int] = (61, 47)) -> xr.DataArray:
    """A sum of cosines on a non-square grid that holds whole waves, so that every trough lies inside."""
    x, y = (np.linspace(0, 2 * np.pi, size) for size in points)
    return grid(np.cos(waves_x * x)[:, None] + np.cos(waves_y * y), x, y)


def shuffled(seed: int, shape: tuple[int, ...]) -> Floats:
    """Distinct values in random order."""
    return np.random.default_rng(seed).permutation(np.arange(float(np.prod(shape)))).reshape(shape)


@given(WAVES, WAVES)
@settings(max_examples=15, deadline=None)
def test_a_sum_of_cosines_has_one_minimum_per_pair_of_troughs(waves_x: int, waves_y: int) -> None:
    wavy = cosines(waves_x, waves_y)
    assert count_minima(wavy, ["alpha", "beta"], noise=1e-9) == waves_x * waves_y
    assert count_minima(wavy, ["alpha", "beta"], noise=1.5) == waves_x * waves_y
    assert (count_minima(wavy, ["beta"], noise=1e-9) == waves_y).all()


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(-0.9, 0.9), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
@settings(max_examples=40, deadline=None)
def test_a_bowl_has_one_minimum_no_roughness_and_no_negative_curvature(
    first: float, second: float, tilt: float, x0: float, y0: float
) -> None:
    x, y = np.linspace(-1, 1, 21), np.linspace(-1, 1, 16)
    dx, dy = (x - x0)[:, None], y - y0
    bowl = grid(first * dx**2 + second * dy**2, x, y)
    assert count_minima(bowl, ["alpha", "beta"]) == 1
    tilted = bowl + 2 * tilt * np.sqrt(first * second) * grid(dx * dy, x, y)
    assert roughness(tilted, ["alpha", "beta"]) < 1e-12 * float(tilted.max())
    assert negative_curvature(tilted, ["alpha", "beta"], noise=1e-12) == 0
    assert negative_curvature(-tilted, ["alpha", "beta"], noise=1e-12) == 1


@given(st.integers(0, 10**6), st.tuples(st.integers(3, 9), st.integers(3, 9)))
@settings(max_examples=60, deadline=None)
def test_minima_without_a_noise_floor_are_the_points_below_all_eight_neighbours(
    seed: int, shape: tuple[int, int]
) -> None:
    values = shuffled(seed, shape)
    lowest = (minimum_filter(values, size=3, mode="nearest") == values)[1:-1, 1:-1]
    assert len(depths(values)) == lowest.sum()


@given(st.integers(0, 10**6), st.integers(5, 60))
@settings(max_examples=60, deadline=None)
def test_depths_on_a_line_are_the_prominences_of_the_peaks_upside_down(seed: int, size: int) -> None:
    values = shuffled(seed, (size,))
    (troughs,) = argrelmin(values)
    # Beyond the ends nothing limits a trough; the deepest of all is measured by the range.
    fenced = np.concatenate([[-1e9], -values, [-1e9]])
    expected = np.minimum(peak_prominences(fenced, troughs + 1)[0], values.max() - values.min())
    np.testing.assert_allclose(depths(values), expected)


@given(arrays(np.float64, st.tuples(st.integers(3, 6), st.integers(3, 6)), elements=st.integers(0, 3).map(float)))
@settings(max_examples=100, deadline=None)
def test_floors_of_equal_points_count_once_and_not_at_the_border(values: Floats) -> None:
    """Against flooding: pools of equal points whose neighbours are all higher."""
    assert len(depths(values)) == _pools_inside(values)


def _pools_inside(values: Floats) -> int:
    pools, around = 0, np.ones((3, 3))
    for value in np.unique(values):
        found, count = label(values == value, around)
        for pool in (found == number for number in range(1, count + 1)):
            rim = binary_dilation(pool, around) & ~pool
            at_border = pool[[0, -1]].any() or pool[:, [0, -1]].any()
            pools += not at_border and bool((values[rim] > value).all())
    return pools


def test_ripples_below_the_noise_floor_do_not_count() -> None:
    x = np.linspace(-1, 1, 401)
    rippled = xr.DataArray(x**2 + 1e-3 * np.cos(200 * x), {"x": x})
    assert count_minima(rippled, ["x"]) > 5
    assert count_minima(rippled, ["x"], noise=2.1e-3) == 1
    with pytest.raises(ValueError, match="noise must be at least 0"):
        count_minima(rippled, ["x"], noise=-1)


@given(WAVES, st.floats(0.1, 5))
@settings(max_examples=20, deadline=None)
def test_total_variation_of_a_cosine_is_four_amplitudes_per_wave(waves: int, amplitude: float) -> None:
    x = np.linspace(0, 2 * np.pi, 2 * 3 * 4 * 5 * 20 + 1)
    assert float(total_variation(xr.DataArray(amplitude * np.cos(waves * x), {"x": x}), "x")) == pytest.approx(
        4 * amplitude * waves, rel=1e-3
    )


@given(st.floats(0.2, 0.95), st.floats(0.1, 3), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_autocorrelation_length_of_a_first_order_process_is_that_of_its_coefficient(
    coefficient: float, spacing: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).standard_normal(20_000)
    process = np.empty_like(noise)
    process[0] = noise[0] / np.sqrt(1 - coefficient**2)
    for index in range(1, len(noise)):
        process[index] = coefficient * process[index - 1] + noise[index]
    length = autocorrelation_length(xr.DataArray(process, {"x": spacing * np.arange(len(noise))}), "x")
    # The estimated correlation has a standard error of sqrt((1 - coefficient^2) / n).
    error = 5 * np.sqrt((1 - coefficient**2) / len(noise)) + 1e-3
    assert np.exp(-spacing / float(length)) == pytest.approx(coefficient, abs=error)


def test_white_noise_has_hardly_any_autocorrelation_length_and_a_constant_none() -> None:
    x = np.arange(4.0)
    assert autocorrelation_length(xr.DataArray([1.0, -1.0, 1.0, -1.0], {"x": x}), "x") == 0
    assert np.isnan(autocorrelation_length(xr.DataArray(np.full(4, 0.1), {"x": x}), "x"))
    with pytest.raises(ValueError, match="x must be evenly spaced"):
        autocorrelation_length(xr.DataArray(x, {"x": x**2}), "x")


@given(st.floats(0.01, 2), st.integers(3, 5))
@settings(max_examples=20, deadline=None)
def test_roughness_is_the_amplitude_of_what_is_laid_over_a_bowl(amplitude: float, waves: int) -> None:
    x = np.linspace(-np.pi, np.pi, 1001)[:-1]
    ripple = amplitude * np.sin(8 * waves * x)
    rough = xr.DataArray(3 * x**2 + x + ripple, {"x": x})
    assert float(roughness(rough, ["x"])) == pytest.approx(amplitude / np.sqrt(2), rel=2e-2)
    assert float(roughness(rough, ["x"], relative=True)) == pytest.approx(
        float(roughness(rough, ["x"])) / float(rough.std()), rel=1e-9
    )


@given(st.floats(0.1, 3), st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=30, deadline=None)
def test_a_barrier_is_what_rises_above_the_line_between_the_ends(height: float, left: float, right: float) -> None:
    t = np.linspace(0, 1, 31)
    line = left + (right - left) * t
    hill = xr.DataArray(line + height * np.sin(np.pi * t), {"t": t})
    assert float(barrier_height(hill, "t")) == pytest.approx(height, rel=1e-2)
    assert float(barrier_height(xr.DataArray(line - t * (1 - t), {"t": t}), "t")) == pytest.approx(0, abs=1e-12)


def test_a_missing_point_makes_its_own_line_unknown_and_no_other() -> None:
    x = np.linspace(-1, 1, 9)
    lines = xr.DataArray(np.stack([x**2, x**2]), {"seed": [3, 4], "x": x})
    lines[1, 4] = np.nan
    found = [
        count_minima(lines, ["x"]),
        total_variation(lines, "x"),
        autocorrelation_length(lines, "x"),
        roughness(lines, ["x"]),
        negative_curvature(lines, ["x"]),
        barrier_height(lines, "x"),
    ]
    for values in found:
        assert values.dims == ("seed",)
        assert values.notnull().values.tolist() == [True, False]
