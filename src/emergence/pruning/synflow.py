"""Iterative conservation of synaptic flow, without data (Tanaka et al. 2020, arXiv:2006.05467, algorithm 1)."""

import torch
from torch import Tensor

from emergence.graph.unit_graph import UnitGraph
from emergence.graph.weight_paths import input_to_output, paths_by_weight
from emergence.pruning._rounds import graph_of_copy, prune_in_rounds
from emergence.pruning._scores import Kept, Ranking
from emergence.pruning._subject import Subject

SCORED_AT = "ep0"
SCORED_WITH = ()
ROUNDS = 100


def make_mask(subject: Subject, sparsity: float, generator: torch.Generator) -> Kept:
    """Keep the weights through which most flows, scored again after each of 100 rounds, compared over all layers.

    Every layer has the same sum of scores, so the weights of a layer gain as it becomes small, and none vanishes while
    that can be avoided (the paper's theorem 3).

    >>> from emergence.pruning import Samples
    >>> network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    >>> for layer, values in ((0, [[1.0, -2.0], [1.0, 1.0]]), (2, [[0.5, 4.0]])):
    ...     _ = network[layer].weight.data.copy_(torch.tensor(values))
    >>> samples = Samples(torch.zeros(0, 2), torch.zeros(0), torch.zeros(1, 2))
    >>> make_mask(Subject(network, samples), 0.5, torch.Generator())  # 8 flow through the second unit, 1.5 by the first
    {'0.weight': tensor([[False, False],
            [ True,  True]]), '2.weight': tensor([[False,  True]])}
    """
    graph = graph_of_copy(subject, include_input=True)
    return prune_in_rounds(
        graph, subject.weights, sparsity, ROUNDS, score, lambda scores, share: Ranking(scores).keep(share)
    )


def score(graph: UnitGraph) -> dict[str, Tensor]:
    """Share |w| dR/d|w| of each weight in R, the sum over paths from input to output of their products of |w|.

    R is the sum of the outputs of the network with absolute weights on an input of ones, all other operations being
    linear: biases are left out, non-linearities and normalisations are the identity, and pooling adds its window.
    """
    flow = paths_by_weight(graph, input_to_output(graph), torch.abs)
    return {name: p.detach() * flow[name] for name, p in graph.model.named_parameters() if name in flow}
