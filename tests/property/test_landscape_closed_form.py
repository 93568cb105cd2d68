"""Functions whose values on every plane and line are known, and directions whose norms are known."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import Tensor

from emergence.landscape import random_directions, sample_line, sample_plane
from emergence.landscape.combination import Weights

seeds = st.integers(0, 2**32)
coordinates = st.lists(st.floats(-4, 4), min_size=1, max_size=6)


def gaussian(seed: int, count: int) -> list[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"weight": (3, 2), "bias": (3,)}
    return [
        {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name, shape in shapes.items()}
        for _ in range(count)
    ]


def flat(weights: Weights) -> np.ndarray:
    return torch.cat([tensor.flatten() for tensor in weights.values()]).numpy()


@given(seeds, coordinates, coordinates)
@settings(max_examples=20, deadline=None)
def test_a_quadratic_has_its_closed_form_at_every_point_of_a_plane(seed: int, alpha: list[float], beta: list[float]):
    centre, first, second = gaussian(seed, 3)
    root = np.random.default_rng(seed).normal(size=(9, 9))
    matrix = root.T @ root
    plane = sample_plane(lambda w: {"height": float(flat(w) @ matrix @ flat(w))}, centre, (first, second), alpha, beta)
    c, u, v = flat(centre), flat(first), flat(second)
    a, b = np.array(alpha)[:, None], np.array(beta)[None, :]
    expected = c @ matrix @ c + 2 * a * (c @ matrix @ u) + 2 * b * (c @ matrix @ v)
    expected = expected + a**2 * (u @ matrix @ u) + 2 * a * b * (u @ matrix @ v) + b**2 * (v @ matrix @ v)
    assert plane["height"].dims == ("alpha", "beta")
    assert_allclose(plane["height"], expected, rtol=1e-9, atol=1e-9)


@given(seeds, st.lists(st.floats(-1, 2), min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
def test_a_quadratic_has_its_closed_form_at_every_point_of_a_line(seed: int, position: list[float]):
    initial, final = gaussian(seed, 2)
    line = sample_line(lambda w: {"height": float((flat(w) ** 2).sum())}, initial, final, position)
    p, q, t = flat(initial), flat(final), np.array(position)
    assert_allclose(line["height"], (1 - t) ** 2 * (p @ p) + 2 * t * (1 - t) * (p @ q) + t**2 * (q @ q), rtol=1e-9)


@given(seeds, st.sampled_from([(4, 3), (3, 2, 5), (4, 2, 3, 3)]), st.floats(0, 1), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_filters_of_a_direction_have_the_norms_of_the_filters_of_the_weights(
    seed: int, shape: tuple[int, ...], pruned: float, direction_seed: int
):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(shape, generator=generator) * torch.rand(
        shape[0], *[1] * (len(shape) - 1), generator=generator
    )
    weight[torch.rand(shape, generator=generator) < pruned] = 0
    for direction in random_directions({"layer": weight}, direction_seed):
        norms = direction["layer"].flatten(1).norm(dim=1)
        torch.testing.assert_close(norms, weight.flatten(1).norm(dim=1), rtol=1e-5, atol=1e-7)
        assert (direction["layer"][weight == 0] == 0).all()
