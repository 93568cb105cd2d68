"""Sharpness of the loss."""

import math

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn

from emergence.measures._hessian import Hessian

TOLERANCE = 1e-5


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Largest (most positive) eigenvalue of the Hessian of the mean cross-entropy over the probe samples.

    By the implicitly restarted Lanczos method (Lehoucq, Sorensen, Yang 1998, ARPACK) from a fixed starting vector, to a
    relative residual of 1e-5. Parameters as in `loss_gradient_norm`; NaN where there are none, 0 where the
    loss is flat.

    >>> import torch
    >>> network = nn.Linear(1, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[1.0], [1.0]])})
    >>> round(measure(network, torch.tensor([[2.0]]), torch.tensor([0])), 4)  # 2^2 p (1 - p) [[1, -1], [-1, 1]]
    2.0
    """
    hessian = Hessian(network, inputs, labels)
    if hessian.length < 3:  # too few for Lanczos
        columns = [hessian.times(unit) for unit in np.eye(hessian.length)]
        return float(np.linalg.eigvalsh(columns).max()) if columns else math.nan
    shape = (hessian.length, hessian.length)
    operator = LinearOperator(shape, matvec=hessian.times, dtype=np.float64)
    start = hessian.random_signs(seed=0)
    if not operator.matvec(start).any():  # which Lanczos cannot start from
        return 0.0
    values = eigsh(operator, k=1, which="LA", v0=start, tol=TOLERANCE, return_eigenvectors=False)
    return float(values[0])
