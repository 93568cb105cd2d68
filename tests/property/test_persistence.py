"""Persistence of minima against flooding at every level, closed forms and the theory of random fields."""

from collections import Counter

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import generate_binary_structure, label

from emergence.landscape.minima import find_local_minima
from emergence.landscape.persistence import (
    Pairs,
    count_persistent,
    find_pairs,
    largest_persistence,
    saddle_distance,
    total_persistence,
)

Floats = NDArray[np.float64]
PLANE = ["alpha", "beta"]
SHAPES = st.one_of(
    st.tuples(st.integers(1, 20)),
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
)
GRIDS = SHAPES.flatmap(lambda shape: arrays(np.float64, shape, elements=st.integers(0, 5).map(float)))


def diagram(pairs: Pairs) -> Counter[tuple[float, float]]:
    return Counter(zip(pairs.births.tolist(), pairs.deaths.tolist(), strict=True))


def flooded(values: Floats, corners: bool) -> Counter[tuple[float, float]]:
    """The diagram from the number of parts of each sublevel set that hold a point at or below each lower level.

    A pair (b, d) is a part that holds a point at b and none below, and joins another such at d: what the numbers before
    and after b and d leave (Edelsbrunner and Harer 2010, section VII.1).
    """
    structure = generate_binary_structure(values.ndim, values.ndim if corners else 1)
    levels = np.unique(values).tolist()

    def parts(low: int, high: int) -> int:
        if low < 0:
            return 0
        regions, _ = label(values <= levels[high], structure)
        return len(np.unique(regions[values <= levels[low]]))

    found: Counter[tuple[float, float]] = Counter()
    top = len(levels) - 1
    for b in range(len(levels)):
        for d in range(b + 1, len(levels)):
            before, after = parts(b, d - 1) - parts(b - 1, d - 1), parts(b, d) - parts(b - 1, d)
            found[levels[b], levels[d]] = before - after
        found[levels[b], np.inf] = parts(b, top) - parts(b - 1, top)
    return +found


@given(GRIDS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_pairs_are_those_of_flooding_at_every_level(values: Floats, corners: bool) -> None:
    assert diagram(find_pairs(values, corners)) == flooded(values, corners)


@given(GRIDS)
@settings(max_examples=100, deadline=None)
def test_a_saddle_joins_its_minimum_to_a_part_that_is_as_deep_and_no_lower_level_does(values: Floats) -> None:
    pairs = find_pairs(values)
    structure = np.ones((3,) * values.ndim)
    for birth, death, minimum, saddle in zip(pairs.births, pairs.deaths, pairs.minima, pairs.saddles, strict=True):
        assert values[tuple(minimum)] == birth
        if np.isinf(death):
            assert birth == values.min() and (saddle == -1).all()
            continue
        assert values[tuple(saddle)] == death
        below, _ = label(values < death, structure)
        own = below == below[tuple(minimum)]
        assert values[own].min() == birth
        at, _ = label(values <= death, structure)
        assert at[tuple(saddle)] == at[tuple(minimum)]
        others = (at == at[tuple(minimum)]) & ~own & (values < death)
        assert values[others].min() <= birth


@given(st.integers(1, 5), st.integers(1, 5), st.floats(0.1, 1), st.floats(1.5, 5))
@settings(max_examples=12, deadline=None)
def test_a_sum_of_cosines_has_the_persistences_of_its_passes(
    waves_x: int, waves_y: int, shallow: float, deep: float
) -> None:
    """Troughs reach -(shallow + deep); passes along x rise by twice the shallow amplitude, those along y the deep."""
    x = np.linspace(0, 2 * np.pi, 121)  # holds half of each of these waves
    values = shallow * np.cos(waves_x * x)[:, None] + deep * np.cos(waves_y * x)
    pairs = find_pairs(values).above(1e-9)
    passes = [2 * shallow] * (waves_x - 1) * waves_y + [2 * deep] * (waves_y - 1)
    np.testing.assert_allclose(np.sort(pairs.finite), np.sort(passes), rtol=1e-12)
    assert len(pairs.births) == waves_x * waves_y


def test_a_minimum_lies_half_a_wave_from_the_pass_to_its_deeper_neighbour() -> None:
    x = np.linspace(0, 8 * np.pi, 8 * 200 + 1)
    tilted = xr.DataArray(np.cos(x) - 1e-3 * x, {"x": x})
    assert saddle_distance(tilted, ["x"], noise=1e-2).item() == pytest.approx(np.pi, rel=1e-2)
    plane = tilted + xr.DataArray(10 * np.linspace(-1, 1, 9) ** 2, {"y": np.linspace(-3, 3, 9)})
    assert saddle_distance(plane, ["x", "y"], noise=1e-2).item() == pytest.approx(np.pi, rel=1e-2)


def test_more_waves_raise_the_count_up_to_what_fits_on_the_grid() -> None:
    """25 x 25 points, as studies sample: with k waves each way k x k minima, until a wave has two points."""
    t = np.linspace(0, 1, 25)
    counts = []
    for waves in range(1, 13):
        wave = np.cos(2 * np.pi * waves * t)
        plane = xr.DataArray(wave[:, None] + wave, dims=PLANE)
        counts.append(count_persistent(plane, PLANE, noise=1e-4).item())
    assert counts == [waves**2 for waves in range(1, 13)]


def test_every_finer_cosine_that_is_added_raises_count_and_total_persistence() -> None:
    """Each is steeper than all before together, so that it has a minimum of its own in every trough, ends included."""
    t = np.linspace(-1, 1, 129)
    line, counts, totals = 0.1 * t**2, [], []
    for waves in (2, 4, 8, 16):
        line = line - np.cos(np.pi * waves * t)
        plane = xr.DataArray(line[:, None] + line, dims=PLANE)
        counts.append(count_persistent(plane, PLANE, noise=1e-4).item())
        totals.append(total_persistence(plane, PLANE, noise=1e-4).item())
    assert counts == [(waves + 1) ** 2 for waves in (2, 4, 8, 16)]
    assert (np.diff(totals) > 0).all()


def random_field(points: int, length: float, seed: int) -> Floats:
    """A periodic Gaussian field of covariance exp(-r^2 / (2 length^2)), up to its height; length in points."""
    frequency = 2 * np.pi * np.fft.fftfreq(points)
    squared = frequency[:, None] ** 2 + frequency**2
    noise = np.random.default_rng(seed).standard_normal((points, points))
    smooth: Floats = np.fft.ifft2(np.fft.fft2(noise) * np.exp(-squared * length**2 / 4)).real
    return smooth


def test_random_fields_have_the_density_of_minima_that_theory_gives_them() -> None:
    """Longuet-Higgins 1957: s2^2 / (8 pi sqrt(3) s1^2), s1^2 and s2^2 the mean squares of gradient and Laplacian.

    So it stands in Bond and Efstathiou 1987, 1 / (4 pi sqrt(3) theta^2) with theta^2 = 2 s1^2 / s2^2. For the squared
    exponential of length l, s1^2 = 2 / l^2 and s2^2 = 8 / l^4: 1 / (2 pi sqrt(3) l^2). Some 500 minima have a standard
    error below 5 %.
    """
    points, length, fields = 128, 6.0, 12

    def inside(corners: bool) -> int:
        minima = [find_pairs(random_field(points, length, seed), corners).minima for seed in range(fields)]
        return sum(int(((places > 0) & (places < points - 1)).all(axis=1).sum()) for places in minima)

    expected = fields * (points - 2) ** 2 / (2 * np.pi * np.sqrt(3) * length**2)
    assert inside(corners=True) == pytest.approx(expected, rel=0.1)
    assert inside(corners=False) > 1.15 * expected


def test_neighbours_across_corners_keep_a_valley_whole_that_runs_across_the_axes() -> None:
    i, j = np.indices((9, 9))
    valley = (i - j) ** 2 + 0.1 * i
    assert len(find_pairs(valley).births) == 1
    assert len(find_pairs(valley, corners=False).births) == 9


@given(GRIDS, st.integers(0, 10**6), st.floats(0.01, 3), st.floats(0, 5))
@settings(max_examples=100, deadline=None)
def test_noise_of_a_given_height_changes_no_count_by_more_than_floors_twice_as_far_apart(
    values: Floats, seed: int, height: float, floor: float
) -> None:
    noisy = values + np.random.default_rng(seed).uniform(-height, height, values.shape)
    clean, found = find_pairs(values), find_pairs(noisy)

    def count(pairs: Pairs, least: float) -> int:
        return int((pairs.persistence > least).sum())

    assert count(found, floor + 2 * height) <= count(clean, floor)
    assert count(clean, floor + 2 * height) <= count(found, floor)


@given(GRIDS, st.integers(-100, 100), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
@settings(max_examples=60, deadline=None)
def test_adding_a_constant_changes_no_persistence_and_scaling_scales_all(
    values: Floats, constant: int, scale: float
) -> None:
    pairs = find_pairs(values)
    np.testing.assert_array_equal(find_pairs(values + constant).persistence, pairs.persistence)
    np.testing.assert_array_equal(find_pairs(scale * values).persistence, scale * pairs.persistence)
    np.testing.assert_array_equal(find_pairs(scale * values + constant).saddles, pairs.saddles)


@given(GRIDS)
@settings(max_examples=60, deadline=None)
def test_turning_or_mirroring_a_grid_changes_no_pair(values: Floats) -> None:
    assert diagram(find_pairs(values.T)) == diagram(find_pairs(values))
    assert diagram(find_pairs(values[::-1])) == diagram(find_pairs(values))


@given(GRIDS)
@settings(max_examples=60, deadline=None)
def test_minima_away_from_the_border_are_among_the_pairs(values: Floats) -> None:
    places, depths = find_local_minima(values)
    pairs = find_pairs(values)
    of_pairs = dict(zip(map(tuple, pairs.minima.tolist()), pairs.persistence.tolist(), strict=True))
    for place, depth in zip(map(tuple, places.tolist()), depths.tolist(), strict=True):
        assert of_pairs[place] == depth or (np.isinf(of_pairs[place]) and depth == np.ptp(values))


def test_a_floor_of_equal_points_counts_once_and_a_constant_has_one_minimum() -> None:
    constant = xr.DataArray(np.ones((5, 4)), dims=PLANE)
    assert count_persistent(constant, PLANE) == 1
    assert total_persistence(constant, PLANE) == largest_persistence(constant, PLANE) == 0
    floors = xr.DataArray([0.0, 0.0, 2.0, 1.0, 1.0, 1.0, 2.0, 2.0, 1.5], dims="x")
    assert count_persistent(floors, ["x"]) == 3
    assert total_persistence(floors, ["x"]) == 1.5


def test_ripples_at_the_noise_floor_do_not_count_and_one_above_does() -> None:
    line = xr.DataArray([0.0, 2.0, 1.0, 1.25, 0.5], dims="x")
    assert [count_persistent(line, ["x"], noise).item() for noise in (0.0, 0.25, 1.5, 9.0)] == [3, 2, 1, 1]
    assert [total_persistence(line, ["x"], noise).item() for noise in (0.0, 0.25, 1.5)] == [1.75, 1.5, 0]
    assert [largest_persistence(line, ["x"], noise).item() for noise in (0.0, 1.5)] == [1.5, 0]
    for measure in (count_persistent, total_persistence, largest_persistence, saddle_distance):
        with pytest.raises(ValueError, match="noise must be at least 0, got -1"):
            measure(line, ["x"], -1)


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_where_the_loss_diverged_or_is_missing_pairs_are_refused_and_numbers_unknown(missing: float) -> None:
    lines = xr.DataArray([[1.0, 0.0, 1.0, 0.5, 1.0], [1.0, missing, 1.0, 0.5, 1.0]], dims=("seed", "x"))
    lines = lines.assign_coords(x=np.arange(5.0))
    for measure in (count_persistent, total_persistence, largest_persistence, saddle_distance):
        assert measure(lines, ["x"]).isnull().values.tolist() == [False, True]
    assert saddle_distance(lines, ["x"], pooled=["seed"]).isnull()
    with pytest.raises(ValueError, match="all values must be finite, got 1 that are not"):
        find_pairs(lines.values[1])
    for shape in ((), (0,), (3, 0)):
        with pytest.raises(ValueError, match="at least one dimension"):
            find_pairs(np.zeros(shape))
