"""The curvature of the loss at the weights of one network, as labelled numbers."""

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.core.losses import in_units_of, loss_of
from emergence.core.modules import outputs
from emergence.curvature.density import negative_share, spectrum, trace
from emergence.curvature.eigenvectors import largest
from emergence.curvature.hessian import Hessian
from emergence.curvature.sharpness import sharpness
from emergence.parameters.curvature import Curvature
from emergence.training.gradients import class_indices

VARIABLES = {
    "eigenvalue": (("rank",), "nat", "largest eigenvalues of the Hessian"),
    "spectrum": (("probe", "point"), "nat", "estimated eigenvalues of the Hessian"),
    "spectrum_weight": (("probe", "point"), "1", "share of all eigenvalues that an estimated one stands for"),
    "top_curvature": ((), "nat", "largest eigenvalue of the Hessian"),
    "curvature_trace": ((), "nat", "trace of the Hessian"),
    "negative_eigenvalue_share": ((), "1", "share of the absolute eigenvalues that is negative"),
    "sharpness": ((), "nat", "rise of the loss near by"),
}


def network_curvature(network: nn.Module, inputs: Tensor, labels: Tensor, settings: Curvature) -> xr.Dataset:
    """Return eigenvalues, spectrum and trace of the loss's Hessian, and the sharpness.

    The loss is what the network is trained on, in the mean over inputs (sample, ...) and labels (sample); weights that
    are zero count as removed. All is NaN for a network whose logits are not finite. Raises ValueError where fewer
    weights are left than eigenvalues are wanted.

    >>> settings = Curvature(eigenvalues=2, probes=3, lanczos_steps=4)
    >>> found = network_curvature(nn.Linear(2, 2), torch.eye(2), torch.tensor([0, 1]), settings)
    >>> dict(found.sizes)
    {'rank': 2, 'probe': 3, 'point': 4}
    """
    class_indices(inputs, labels)  # which checks them
    finite = bool(torch.isfinite(outputs(network, inputs)).all())
    values = _values(network, inputs, labels, settings) if finite else {}
    sizes = {"rank": settings.eigenvalues, "probe": settings.probes, "point": settings.lanczos_steps}
    described = {
        name: (
            dims,
            values.get(name, np.full([sizes[dim] for dim in dims], np.nan)),
            {"units": units, "long_name": meaning},
        )
        for name, (dims, units, meaning) in VARIABLES.items()
    }
    found = xr.Dataset(described, {"rank": np.arange(1, settings.eigenvalues + 1)})
    return in_units_of(loss_of(network), found)


def _values(network: nn.Module, inputs: Tensor, labels: Tensor, settings: Curvature) -> dict[str, Floats | float]:
    hessian = Hessian(network, inputs, labels)
    eigenvalues, _ = largest(hessian, settings.eigenvalues)
    points, weights = spectrum(hessian, settings.probes, settings.lanczos_steps)
    return {
        "eigenvalue": eigenvalues,
        "spectrum": points,
        "spectrum_weight": weights,
        "top_curvature": float(eigenvalues[0]),
        "curvature_trace": trace(hessian, points, weights),
        "negative_eigenvalue_share": negative_share(points, weights),
        "sharpness": sharpness(network, inputs, labels, settings.radius),
    }
