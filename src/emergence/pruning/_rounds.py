"""Removal in rounds: weights are scored again after each removal."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from emergence.core.modules import plain_copy, train_all
from emergence.graph.unit_graph import UnitGraph
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Subject

Score = Callable[[UnitGraph], Mapping[str, Tensor]]
Keep = Callable[[Mapping[str, Tensor], float], Kept]


def schedule(sparsity: float, rounds: int) -> list[float]:
    """Sparsities after each round, the density falling by the same factor in each (Tanaka et al. 2020, algorithm 1).

    >>> [round(share, 3) for share in schedule(0.75, 2)]
    [0.5, 0.75]
    """
    return [1 - (1 - sparsity) ** (number / rounds) for number in range(1, rounds)] + [sparsity]


def graph_of_copy(subject: Subject, include_input: bool) -> UnitGraph:
    """Trace a copy of the network, which rounds may change, in float64."""
    network = train_all(plain_copy(subject.network)).eval().double()
    return UnitGraph(network, in_float64(subject.samples.probe[:1]), include_input=include_input)


def in_float64(inputs: Tensor) -> Tensor:
    """Inputs for a network in float64; indices, such as tokens, stay as they are."""
    return inputs.double() if inputs.is_floating_point() else inputs


def prune_in_rounds(
    graph: UnitGraph, names: Iterable[str], sparsity: float, rounds: int, score: Score, keep: Keep
) -> Kept:
    """Score named weights, set those of smallest score to zero, score again, and so on; what is removed stays so."""
    weights = {name: graph.model.get_parameter(name).detach() for name in names}
    kept = {name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in weights.items()}
    for share in schedule(sparsity, rounds):
        scores = score(graph)
        kept = keep({name: scores[name].cpu().masked_fill(~on, -torch.inf) for name, on in kept.items()}, share)
        for name, on in kept.items():
            weights[name].mul_(on.to(weights[name].device))
    return kept
