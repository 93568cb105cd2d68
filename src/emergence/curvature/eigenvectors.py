"""Eigenvectors of the largest eigenvalues of the Hessian."""

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.core.seeds import EIGENVECTORS
from emergence.curvature.hessian import Hessian

RESIDUAL = 1e-5
"""Of eigenvectors, relative to their eigenvalues."""

ROUGH_RESIDUAL, ROUGH_VECTORS = 2e-3, 8
"""Residual of the eigenvector where its eigenvalue alone is wanted, and how many vectors the search then keeps."""

DENSE_UP_TO = 64
"""Elements up to which the whole matrix is made: Lanczos needs more elements than vectors."""


def top_eigenvectors(
    network: nn.Module, inputs: Tensor, labels: Tensor, count: int
) -> tuple[Floats, list[dict[str, Tensor]]]:
    """Return the `count` largest (most positive) eigenvalues of the loss's Hessian, in falling order, and eigenvectors.

    The Hessian is that of the mean cross-entropy (nat) of inputs (sample, ...) and labels (sample) by all trainable
    parameters but weights that are zero, which count as removed. An eigenvector has length 1 and is given as tensors
    by the parameters' names, with 0 for removed weights; the first of its largest elements is positive. Raises
    ValueError where there are fewer elements than `count`. See `largest`.

    >>> import torch
    >>> network = nn.Linear(1, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[1.0], [1.0]])})
    >>> values, vectors = top_eigenvectors(network, torch.tensor([[2.0]]), torch.tensor([0]), count=1)
    >>> [round(float(value), 4) for value in values]  # 2^2 p (1 - p) [[1, -1], [-1, 1]]
    [2.0]
    >>> vectors[0]["weight"]
    tensor([[ 0.7071],
            [-0.7071]])
    """
    hessian = Hessian(network, inputs, labels)
    values, vectors = largest(hessian, count)
    return values, [hessian.named(_with_fixed_sign(vector)) for vector in vectors]


def largest(hessian: Hessian, count: int) -> tuple[Floats, Floats]:
    """Return the `count` largest eigenvalues in falling order, and eigenvectors (eigenvalue, element).

    By the implicitly restarted Lanczos method (Lehoucq, Sorensen, Yang 1998, ARPACK) from a fixed starting vector, to a
    relative residual of 1e-5. Raises ValueError where there are fewer elements than `count`.
    """
    if not 1 <= count <= hessian.length:
        raise ValueError(f"{count} eigenvalues wanted of a Hessian of {hessian.length} elements")
    values, vectors = _found(hessian, count, RESIDUAL)
    order = np.argsort(values)[::-1][:count]
    return values[order], vectors.T[order]


def top_eigenvalue(hessian: Hessian) -> float:
    """Return the largest eigenvalue of a Hessian with at least one element.

    As `largest`, but to a relative residual of 0.002. The error of an eigenvalue is at most the square of the residual
    divided by the distance of the next eigenvalue (Parlett 1980, The symmetric eigenvalue problem, theorem 11.7.1):
    a few millionths of the eigenvalue where the next one is not close.
    """
    values, _ = _found(hessian, 1, ROUGH_RESIDUAL, ROUGH_VECTORS)
    return float(values.max())


def _found(hessian: Hessian, count: int, residual: float, kept: int | None = None) -> tuple[Floats, Floats]:
    """Return eigenvalues and eigenvectors (element, eigenvalue) in any order, with others where all are found."""
    if hessian.length <= max(DENSE_UP_TO, 2 * count):
        matrix = np.stack([hessian.times(unit) for unit in np.eye(hessian.length)])
        dense: tuple[Floats, Floats] = np.linalg.eigh((matrix + matrix.T) / 2)
        return dense
    start = hessian.random_signs(EIGENVECTORS)
    if not hessian.times(start).any():  # which Lanczos cannot start from
        return np.zeros(count), np.eye(hessian.length, count)
    operator = LinearOperator((hessian.length, hessian.length), matvec=hessian.times, dtype=np.float64)
    found: tuple[Floats, Floats] = eigsh(operator, k=count, which="LA", v0=start, ncv=kept, tol=residual, rng=0)
    return found


def _with_fixed_sign(vector: Floats) -> Floats:
    size = np.abs(vector)
    leading = int((size >= size.max() * (1 - 1e-6)).argmax())
    return vector if vector[leading] > 0 else -vector
