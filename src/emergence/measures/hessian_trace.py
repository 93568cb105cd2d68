"""Curvature of the loss, summed over all directions."""

from torch import Tensor, nn

from emergence.core.seeds import of_probes
from emergence.curvature.hessian import Hessian

PROBES = 100


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Trace of the Hessian of the mean cross-entropy over the probe samples, estimated with 100 random vectors.

    Mean of v . H v over vectors of random signs (Hutchinson 1990), unbiased, with a variance of 2 / 100 of the sum of
    the squared elements off the diagonal. The signs are the same for all networks with as many parameters. Parameters
    as in `loss_gradient_norm`; 0 where there are none.

    >>> import torch
    >>> network = nn.Linear(1, 2, bias=False)
    >>> _ = network.load_state_dict({"weight": torch.tensor([[1.0], [1.0]])})
    >>> abs(measure(network, torch.tensor([[2.0]]), torch.tensor([0])) - 2) < 1  # 2^2 p (1 - p) [[1, -1], [-1, 1]]
    True
    """
    hessian = Hessian(network, inputs, labels)
    if hessian.length == 0:
        return 0.0
    vectors = (hessian.random_signs(seed) for seed in of_probes(PROBES))
    return sum(float((vector * hessian.times(vector)).sum()) for vector in vectors) / PROBES
