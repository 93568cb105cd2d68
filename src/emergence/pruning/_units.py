"""Removal of whole units: neurons of linear layers, channels of convolutions."""

from bisect import bisect_left
from collections.abc import Callable

import torch
from torch import Tensor, nn

from emergence.pruning._channels import Channels, removable
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Subject, plain


def prune_units(subject: Subject, sparsity: float, score: Callable[[Channels], Tensor]) -> Kept:
    """Remove the hidden units with the smallest scores, the same share of each layer, and at most all but one.

    With a unit go its incoming weights, bias and batch normalisation, and its outgoing weights. Units that layers share
    by an addition go from all of them. As many are removed as bring the share of removed weights nearest to `sparsity`.
    `score` gives one number per unit. Raises ValueError where a layer would have to vanish, and for a network that has
    no hidden units which can be removed.
    """
    network = plain(subject.network)
    groups = removable(network, subject.samples.probe)
    if not groups:
        raise ValueError("the network has no hidden units that can be removed as a whole")
    order = _removal_order([score(group) for group in groups])
    total = sum(weight.numel() for weight in subject.weights.values())

    def mask(count: int) -> Kept:
        return {**_all_kept(subject.weights), **_without(network, groups, order[:count])}

    def removed(count: int) -> int:
        kept = mask(count)
        return sum(int((~kept[name]).sum()) for name in subject.weights)

    if removed(len(order)) < sparsity * total:
        most = removed(len(order)) / total
        raise ValueError(
            f"sparsity {sparsity}: a layer would vanish; with one unit left in each, {most:.4g} is removed"
        )
    above = bisect_left(range(len(order) + 1), sparsity * total, key=removed)
    return mask(min((max(above - 1, 0), above), key=lambda count: abs(removed(count) - sparsity * total)))


def _removal_order(scores: list[Tensor]) -> list[tuple[int, int]]:
    """Order units (group, unit) so that every group loses the same share; the best unit of each is not among them."""
    ranked = [
        ((position + 1) / len(group), index, unit)
        for index, group in enumerate(scores)
        for position, unit in enumerate(group.argsort(stable=True).tolist()[:-1])
    ]
    return [(index, unit) for _, index, unit in sorted(ranked)]


def _all_kept(tensors: dict[str, Tensor]) -> Kept:
    return {name: torch.ones(tensor.shape, dtype=torch.bool) for name, tensor in tensors.items()}


def _without(network: nn.Module, groups: list[Channels], removed: list[tuple[int, int]]) -> Kept:
    """Return the masks of the parameters that belong to units, false where they belong to a removed one."""
    kept = _all_kept(
        {
            f"{name}.{parameter}": tensor
            for group in groups
            for name in (*group.producers, *group.norms, *group.consumers)
            for parameter, tensor in network.get_submodule(name).named_parameters()
            if name not in group.consumers or parameter == "weight"
        }
    )
    for index, group in enumerate(groups):
        units = torch.zeros(group.size, dtype=torch.bool)
        units[[unit for owner, unit in removed if owner == index]] = True
        for name in (*group.producers, *group.norms):
            for parameter, _ in network.get_submodule(name).named_parameters():
                kept[f"{name}.{parameter}"][units] = False
        for name, columns in group.consumers.items():
            kept[f"{name}.weight"][:, units.repeat_interleave(columns)] = False
    return kept
