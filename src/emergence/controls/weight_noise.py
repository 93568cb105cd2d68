"""A network with noise on its weights."""

import torch
from torch import Tensor, nn

from emergence.core.modules import plain_copy, prunable


def weight_noise(network: nn.Module, scale: float, seed: int, inputs: Tensor | None = None) -> nn.Module:
    """Return a copy with independent Gaussian noise on the weights, `scale` standard deviations of each layer's own.

    Weights that are zero count as pruned: they stay zero and are left out of the standard deviation. Biases, the
    parameters of normalisations and running statistics stay. The seed alone decides the noise. `inputs` help to find
    the weights, see `emergence.core.modules.prunable`. Raises ValueError for a negative scale.

    >>> layer = nn.Linear(3, 1)
    >>> _ = layer.load_state_dict({"weight": torch.tensor([[0.0, 1.0, 3.0]]), "bias": torch.zeros(1)})
    >>> noisy = weight_noise(layer, scale=0.1, seed=0)
    >>> noisy.weight[0, 0].item(), bool((noisy.weight - layer.weight).abs().max() < 0.5)
    (0.0, True)
    """
    if not scale >= 0:
        raise ValueError(f"scale {scale} must be at least 0")
    noisy, generator = plain_copy(network), torch.Generator().manual_seed(seed)
    for weight in prunable(noisy, inputs).values():
        kept = weight != 0
        if kept.any():
            noise = torch.randn(weight.shape, generator=generator, dtype=torch.float64).to(weight)
            weight += scale * weight[kept].std(correction=0) * noise * kept
    return noisy
