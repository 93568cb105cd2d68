import numpy as np
import pytest
import torch

from emergence.landscape import centred_grid, sample_line, sample_plane


def coordinates(weights):
    """Read alpha and beta back from the weights of `PLANE`."""
    return {"first": float(weights["w"][0]), "second": float(weights["w"][1])}


PLANE = {"w": torch.zeros(2)}, ({"w": torch.tensor([1.0, 0.0])}, {"w": torch.tensor([0.0, 1.0])})


def test_every_point_of_a_grid_that_is_not_square_has_its_own_coordinates():
    alpha, beta = [0.0, 1.0, 2.0, 3.0, 4.0], [-1.0, 7.0, 5.0]
    plane = sample_plane(coordinates, *PLANE, alpha, beta)
    assert plane["first"].shape == (5, 3)
    np.testing.assert_array_equal(plane["first"], np.repeat(np.array(alpha)[:, None], 3, axis=1))
    np.testing.assert_array_equal(plane["second"], np.repeat([beta], 5, axis=0))
    assert plane["first"].sel(alpha=3, beta=7) == 3


def test_the_centre_of_a_plane_and_the_ends_of_a_line_are_exact():
    generator = torch.Generator().manual_seed(0)
    first, second, third = ({"w": torch.randn(50, generator=generator)} for _ in range(3))
    seen = []

    def keep(weights):
        seen.append(weights["w"].clone())
        return {}

    sample_plane(lambda w: keep(w) or {"none": 0.0}, first, (second, third), [0.0], [0.0])
    sample_line(lambda w: keep(w) or {"none": 0.0}, second, third, [0.0, 1.0])
    for got, expected in zip(seen, (first, second, third), strict=True):
        assert torch.equal(got, expected["w"])


def test_names_that_a_direction_lacks_stay_fixed():
    plane = sample_plane(
        lambda w: {"sum": w["w"].sum(), "fixed": w["b"]},
        {"w": torch.ones(2), "b": torch.tensor(4.0)},
        ({"w": torch.ones(2)}, {}),
        [0.0, 1.0],
        [0.0, 1.0],
    )
    np.testing.assert_array_equal(plane["fixed"], np.full((2, 2), 4.0))
    np.testing.assert_array_equal(plane["sum"], [[2, 2], [4, 4]])


def test_values_that_are_not_finite_are_kept():
    plane = sample_plane(lambda w: {"log": torch.log(w["w"][0])}, *PLANE, [-1.0, 0.0, 1.0], [0.0])
    np.testing.assert_array_equal(plane["log"][:, 0], [np.nan, -np.inf, 0.0])


def test_directions_with_unknown_names_or_other_shapes_are_refused():
    weights = {"layer.weight": torch.ones(2, 2)}
    with pytest.raises(ValueError, match=r"'layer.wieght'.*did you mean 'layer.weight'"):
        sample_plane(coordinates, weights, ({"layer.wieght": torch.ones(2, 2)}, {}), [0.0], [0.0])
    with pytest.raises(ValueError, match=r"'layer.weight' has shape \(2,\), the weights \(2, 2\)"):
        sample_plane(coordinates, weights, ({"layer.weight": torch.ones(2)}, {}), [0.0], [0.0])


@pytest.mark.parametrize("wrong", [[], [[0.0]], [0.0, float("nan")], [float("inf")]])
def test_coordinates_that_are_no_list_of_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="beta must be a list of finite numbers"):
        sample_plane(coordinates, *PLANE, [0.0], wrong)


@pytest.mark.parametrize(("extent", "points"), [(1.0, 3), (1 / 3, 25), (7e-5, 51)])
def test_a_centred_grid_is_symmetric_about_an_exact_zero(extent, points):
    grid = centred_grid(extent, points)
    assert grid[points // 2] == 0
    assert grid[-1] == extent
    np.testing.assert_array_equal(grid, -grid[::-1])
    assert (np.diff(grid) > 0).all()
