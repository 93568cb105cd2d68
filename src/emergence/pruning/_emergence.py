"""Removal of weights by how many paths from inactive to active units run through them."""

from torch import Generator, Tensor

from emergence.graph.counting import make_flow
from emergence.graph.unit_graph import UnitGraph
from emergence.graph.weight_paths import paths_by_weight
from emergence.pruning._rounds import graph_of_copy, in_float64, prune_in_rounds
from emergence.pruning._scores import Kept, keep_per_layer
from emergence.pruning._subject import Subject

ROUNDS = 10


def prune_by_emergence(subject: Subject, sparsity: float, generator: Generator, sign: int) -> Kept:
    """Remove, in each layer, the weights with the smallest `sign` x (change of E by their removal), in 10 rounds.

    Emergence E is linear in the 0/1 entry of each weight, so its derivative by the entry is, while activity stays as
    it is, exactly what E loses with the weight: the paths through it. After each round they are counted anew; which
    units are active is read once, from the probe samples and the network as it was. Every layer loses the same share,
    because paths start at the first non-linearity: compared over all layers, those before it would lose all. Among
    weights with equally many paths the generator draws.
    """
    graph = graph_of_copy(subject, include_input=False)
    probe, scoring = in_float64(subject.samples.probe), subject.scoring
    flow = make_flow(graph.active(probe, threshold=scoring.threshold, criterion=scoring.criterion))

    def score(graph: UnitGraph) -> dict[str, Tensor]:
        return {name: sign * paths for name, paths in paths_by_weight(graph, flow).items()}

    return prune_in_rounds(
        graph, subject.weights, sparsity, ROUNDS, score, lambda scores, to: keep_per_layer(scores, to, generator)
    )
