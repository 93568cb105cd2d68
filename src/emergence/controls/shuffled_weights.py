"""A network with shuffled weights."""

import torch
from torch import Tensor, nn

from emergence.core.modules import plain_copy, prunable


def shuffled_weights(network: nn.Module, seed: int, inputs: Tensor | None = None) -> nn.Module:
    """Return a copy whose weights change places at random within each layer.

    Weights that are zero count as pruned: they stay where they are, and with them all paths. Every layer keeps its
    values, and so its norm and histogram. Biases, the parameters of normalisations and running statistics stay. The
    seed alone decides the places. `inputs` help to find the weights, see `emergence.core.modules.prunable`.

    >>> layer = nn.Linear(3, 1)
    >>> _ = layer.load_state_dict({"weight": torch.tensor([[0.0, 1.0, 3.0]]), "bias": torch.zeros(1)})
    >>> shuffled_weights(layer, seed=1).weight.tolist()
    [[0.0, 3.0, 1.0]]
    """
    shuffled, generator = plain_copy(network), torch.Generator().manual_seed(seed)
    for weight in prunable(shuffled, inputs).values():
        kept = weight != 0
        values = weight[kept]
        weight[kept] = values[torch.randperm(len(values), generator=generator).to(values.device)]
    return shuffled
