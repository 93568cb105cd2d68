"""Size of a network's weights along its paths."""

import torch
from torch import Tensor, nn

from emergence.graph.unit_graph import UnitGraph


def measure(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Sum over all paths from an input to an output unit of the product of the absolute weights along the path.

    The path norm of Neyshabur et al. (2015, arXiv:1503.00036, section 3, with exponent 1), by one pass of ones through
    the unit graph (as `weighted_paths` between other units). Biases are no edges; pooling, wires, embeddings and
    normalisation weigh one, so that with batch normalisation it is a norm of the weights and not of the function. The
    largest float where it exceeds the floats.

    >>> network = nn.Sequential(nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 1))
    >>> _ = network[0].load_state_dict({"weight": torch.tensor([[2.0, -1.0]]), "bias": torch.zeros(1)})
    >>> _ = network[2].load_state_dict({"weight": torch.tensor([[-0.5]]), "bias": torch.ones(1)})
    >>> measure(network, torch.zeros(1, 2), torch.zeros(1))
    1.5
    """
    graph = UnitGraph(network, inputs[:1], include_input=True)
    # Paths start at inactive units: only those of the input, the first site, are.
    sites = [torch.full((1, int(size)), site > 0, device=inputs.device) for site, size in enumerate(graph.size)]
    arrived = graph.counting(None, lambda counter: counter.arriving(sites), Tensor.abs)
    return float(arrived.to_float()[0, -1])
