"""The course of training in planes, against principal components by numpy."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from emergence.landscape import Trajectory
from emergence.landscape import trajectory as trajectory_module
from emergence.landscape.planes import PLANES, Centre


def walk(steps: int, seed: int = 0) -> dict[str, dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"weight": (5, 4), "bias": (5,)}
    places = {name: torch.randn(steps, *shape, generator=generator).cumsum(0) for name, shape in shapes.items()}
    return {f"ep{step}": {name: place[step] for name, place in places.items()} for step in range(steps)}


def flat(tensors: dict[str, Tensor]) -> np.ndarray:
    return torch.cat([tensor.flatten() for tensor in tensors.values()]).double().numpy()


@pytest.mark.parametrize("columns", [3, 2**20])
def test_directions_are_the_principal_components_and_reach_beyond_the_checkpoints(
    monkeypatch: pytest.MonkeyPatch, columns: int
):
    monkeypatch.setattr(trajectory_module, "COLUMNS", columns)
    checkpoints = walk(8)
    path = Trajectory(checkpoints, checkpoints["ep7"])
    directions = path.principal_directions()
    rows = np.stack([flat(tensors) for tensors in checkpoints.values()])
    _, singular, components = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    projected = path.project(directions)
    for place, direction in enumerate(map(flat, directions)):
        assert abs(direction @ components[place]) == pytest.approx(np.linalg.norm(direction), rel=1e-5)
        moved = (rows - rows[7]) @ components[place]
        assert np.linalg.norm(direction) == pytest.approx(1.1 * np.abs(moved).max(), rel=1e-5)
        assert projected["coordinate"][:, place].values.max() == pytest.approx(1 / 1.1, rel=1e-5)
    shares = singular[:2] ** 2 / (singular**2).sum()
    assert projected["explained_variance"].values == pytest.approx(shares, rel=1e-5)
    plane = components[:2]
    inside = (rows - rows[7]) @ plane.T @ plane
    expected = np.linalg.norm(rows - rows[7] - inside, axis=1)
    np.testing.assert_allclose(projected["distance"], expected, atol=1e-4)


def test_coordinates_in_directions_that_are_not_orthogonal_are_those_of_least_squares():
    checkpoints, other = walk(6), walk(2, seed=3)
    directions = list(other.values())
    projected = Trajectory(checkpoints, checkpoints["ep2"]).project(directions)
    basis = np.stack([flat(direction) for direction in directions]).T
    rows = np.stack([flat(tensors) for tensors in checkpoints.values()]) - flat(checkpoints["ep2"])
    expected, *_ = np.linalg.lstsq(basis, rows.T, rcond=None)
    np.testing.assert_allclose(projected["coordinate"], expected.T, atol=1e-6)
    assert projected["length"].values == pytest.approx(np.linalg.norm(basis, axis=0))
    np.testing.assert_array_equal(projected["coordinate"][2], [0, 0])


def test_removed_weights_have_no_part_in_the_directions():
    checkpoints = walk(5)
    checkpoints["ep4"]["weight"][1:3] = 0
    for direction in Trajectory(checkpoints, checkpoints["ep4"]).principal_directions():
        assert not direction["weight"][1:3].any()
        assert direction["weight"][[0, 3, 4]].all()


def test_checkpoints_that_are_not_finite_are_missing_and_change_nothing():
    checkpoints = walk(5)
    with_diverged = {**checkpoints, "ep5": {name: 1 / torch.zeros_like(t) for name, t in checkpoints["ep0"].items()}}
    path, diverged = (Trajectory(given, checkpoints["ep0"]) for given in (checkpoints, with_diverged))
    for first, second in zip(path.principal_directions(), diverged.principal_directions(), strict=True):
        torch.testing.assert_close(first, second)
    projected = diverged.project(path.principal_directions())
    assert np.isnan(projected["coordinate"][5]).all() and np.isfinite(projected["coordinate"][:5]).all()
    assert np.isfinite(projected["explained_variance"]).all()


def test_a_run_of_two_checkpoints_has_one_direction():
    checkpoints = walk(2)
    first, second = Trajectory(checkpoints, checkpoints["ep1"]).principal_directions()
    np.testing.assert_allclose(flat(first), 1.1 * (flat(checkpoints["ep0"]) - flat(checkpoints["ep1"])), rtol=1e-5)
    assert not flat(second).any()


@pytest.mark.parametrize("plane", PLANES)
def test_removed_weights_stay_removed_in_every_plane(plane: str):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    before = {name: tensor.detach().clone() for name, tensor in network.named_parameters()}
    with torch.no_grad():
        network[0].weight[:, ::2] = 0
        network[2].weight[1] = 0
    checkpoints = {"ep0": before, "ep1": {n: 2 * t for n, t in before.items()}}
    centre = Centre(network, torch.randn(20, 6), torch.randint(3, (20,)), checkpoints)
    for direction in PLANES[plane](centre, 0, "filter"):
        assert not direction["0.weight"][:, ::2].any() and not direction["2.weight"][1].any()
    assert direction["0.weight"].any() or plane == "trajectory"


def test_the_plane_of_curvature_holds_the_top_eigenvectors_of_the_dense_hessian():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3)).double()
    inputs, labels = torch.randn(30, 4).double(), torch.randint(3, (30,))
    named = {name: tensor.detach() for name, tensor in network.named_parameters()}

    def loss(vector: Tensor) -> Tensor:
        parts = vector.split([tensor.numel() for tensor in named.values()])
        given = {name: part.reshape(named[name].shape) for name, part in zip(named, parts, strict=True)}
        return nn.functional.cross_entropy(torch.func.functional_call(network, given, (inputs,)), labels)

    dense = torch.autograd.functional.hessian(loss, torch.from_numpy(flat(named)))
    _, vectors = torch.linalg.eigh(dense)
    directions = PLANES["curvature"](Centre(network, inputs, labels, {"ep0": named}), 0, "filter")
    matrices = torch.cat([named["0.weight"].flatten(), named["2.weight"].flatten()])
    for place, direction in enumerate(directions):
        vector = flat(direction)
        assert np.linalg.norm(vector) == pytest.approx(float(matrices.norm()))
        assert abs(vector @ vectors[:, -1 - place].numpy()) == pytest.approx(float(matrices.norm()), rel=1e-4)
