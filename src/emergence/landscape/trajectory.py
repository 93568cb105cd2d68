"""The trajectory of training in weight space: its principal directions, and its place in a plane."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from emergence.core.arrays import Floats
from emergence.landscape.combination import Weights

COLUMNS = 2**20
"""Elements of all checkpoints that are held in double precision at once."""

MARGIN = 1.1
"""Reach of the principal directions, in units of the checkpoint that lies farthest along each."""


class Trajectory:
    """Checkpoints of a run, by their steps, as displacements from the weights at the centre of a plane.

    `checkpoints` may read tensors lazily: one tensor of all checkpoints is held at a time. Weights of matrices and
    kernels that are zero at the centre count as removed; their movement is left out. Checkpoints that are not finite
    count as missing. `removable` names the matrices and kernels, by default all tensors of two axes or more.

    >>> corner = {"w": torch.zeros(2)}
    >>> path = Trajectory({"ep0": {"w": torch.tensor([3.0, 4.0])}, "ep1": corner}, centre=corner)
    >>> first, second = path.principal_directions()
    >>> first["w"], second["w"]
    (tensor([3.3000, 4.4000]), tensor([0., 0.]))
    >>> path.project([first])["coordinate"].values.round(4)
    array([[0.9091],
           [0.    ]])
    """

    def __init__(
        self, checkpoints: Mapping[str, Weights], centre: Weights, removable: Collection[str] | None = None
    ) -> None:
        multiple = [name for name, tensor in centre.items() if tensor.ndim >= 2]
        self._removable = multiple if removable is None else removable
        self.steps = list(checkpoints)
        self._checkpoints = list(checkpoints.values())
        self._centre = centre
        parts = (part for name in centre for part in self._displacements(name))
        self._gram: Floats = sum(
            ((part @ part.T).cpu().numpy() for part in parts), start=np.zeros((len(checkpoints), len(checkpoints)))
        )
        self._finite = np.isfinite(np.diag(self._gram))

    def principal_directions(self, count: int = 2) -> list[dict[str, Tensor]]:
        """Return principal components of the checkpoints (Li et al. 2018, section 7, arXiv:1712.09913), as directions.

        Each is 1.1 times as long as the farthest displacement along it, which is positive. Components beyond the rank
        are zero.
        """
        gram = self._gram[np.ix_(self._finite, self._finite)]
        centring = np.eye(len(gram)) - 1 / max(len(gram), 1)
        squares, vectors = np.linalg.eigh(centring @ gram @ centring)
        directions = []
        for place in range(1, count + 1):
            mixing = np.zeros(len(self.steps))
            if place <= len(gram) and squares[-place] > 1e-10 * max(squares[-1], np.finfo(float).tiny):
                of_unit = centring @ vectors[:, -place] / np.sqrt(squares[-place])
                reached = gram @ of_unit
                mixing[self._finite] = of_unit * MARGIN * reached[np.abs(reached).argmax()]
            directions.append(self._combine(mixing))
        return directions

    def project(self, directions: Sequence[Weights]) -> xr.Dataset:
        """Project the checkpoints onto the subspace of `directions` through the centre.

        Returns `coordinate` (checkpoint, axis), the multiples of the directions at the nearest point; `distance`
        (checkpoint), the Euclidean distance to it; `explained_variance` (axis), the share of the variance of the
        checkpoints along each direction by itself; and `length` (axis), the directions' Euclidean norms.
        """
        inner = np.zeros((len(self.steps), len(directions)))
        between = np.zeros((len(directions), len(directions)))
        for name, centre in self._centre.items():
            zero = torch.zeros_like(centre)
            moved = torch.stack([direction.get(name, zero).flatten() for direction in directions])
            for part, along in zip(self._displacements(name), moved.split(COLUMNS, dim=1), strict=True):
                inner += (part @ along.double().T).cpu().numpy()
                between += (along.double() @ along.double().T).cpu().numpy()
        coordinate = inner @ np.linalg.pinv(between, hermitian=True)
        left = np.diag(self._gram) - (coordinate * inner).sum(1)
        distance = np.sqrt(np.where(left > 1e-12 * np.diag(self._gram), left, 0 * left))
        return xr.Dataset(
            {
                "coordinate": (("checkpoint", "axis"), coordinate),
                "distance": ("checkpoint", distance),
                "explained_variance": ("axis", self._explained(inner, np.diag(between))),
                "length": ("axis", np.sqrt(np.diag(between))),
            }
        )

    def _explained(self, inner: Floats, squares: Floats) -> Floats:
        finite = np.flatnonzero(self._finite)
        gram = self._gram[np.ix_(finite, finite)]
        total = np.trace(gram) - gram.sum() / max(len(finite), 1)
        along = inner[finite] - inner[finite].mean(0) if len(finite) else inner[finite]
        with np.errstate(divide="ignore", invalid="ignore"):
            share: Floats = np.where(squares > 0, (along**2).sum(0) / squares, 0) / total
        return share

    def _displacements(self, name: str) -> list[Tensor]:
        """Return blocks (checkpoint, element) of the displacements of one tensor."""
        centre = self._centre[name].detach()
        stacked = torch.stack([checkpoint[name].detach().to(centre) for checkpoint in self._checkpoints])
        moved = (stacked - centre) * (centre != 0 if name in self._removable else 1)
        return [part.double() for part in moved.flatten(1).split(COLUMNS, dim=1)]

    def _combine(self, mixing: Floats) -> dict[str, Tensor]:
        weights = torch.from_numpy(mixing[self._finite])
        directions = {}
        for name, centre in self._centre.items():
            parts = [weights.to(part.device) @ part[self._finite] for part in self._displacements(name)]
            directions[name] = torch.cat(parts).reshape(centre.shape).to(centre.dtype)
        return directions
