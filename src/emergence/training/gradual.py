"""Masks that grow while networks are trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from pydantic import Field
from torch import Tensor

from emergence.core.plugins import load
from emergence.core.seeds import joint
from emergence.parameters.base import Section
from emergence.training.group import Group

PRUNING_STEPS = 100
"""Number of times that weights are removed."""


class Gradual(Section):
    """Removal of ever more weights during training (Zhu and Gupta 2017, arXiv:1710.01878)."""

    method: str
    """File of `emergence.pruning`, or module:function; it may look at nothing but weights."""

    sparsity: float = Field(gt=0, lt=1)
    """Share of the prunable weights that are removed in the end."""

    until: float = Field(gt=0, le=1)
    """Share of all updates after which it is reached."""

    def sparsities(self, updates: int) -> dict[int, float]:
        """Return the sparsity that begins after so many updates, for training of a length of `updates`.

        From 0 at the start to the final s at update T it is s (1 - (1 - t / T)^3) after update t (equation 1), for
        PRUNING_STEPS values of t at equal distances, or as many as there are updates.

        >>> Gradual(method="global_magnitude", sparsity=0.5, until=0.5).sparsities(updates=8)
        {1: 0.2890625, 2: 0.4375, 3: 0.4921875, 4: 0.5}
        """
        last = max(1, round(self.until * updates))
        number = min(PRUNING_STEPS, last)
        chosen = [round(step * last / number) for step in range(1, number + 1)]
        return {t: self.sparsity * (1 - (1 - t / last) ** 3) for t in chosen}


@dataclass(frozen=True)
class WeightsAlone:
    """As much of what a pruning method scores as there is during training: the weights that are left, listed."""

    weights: Mapping[str, Tensor]


def remove_more(group: Group, names: Sequence[str], method: str, sparsity: float, updates: int) -> None:
    """Remove the share `sparsity` of the named weights of each network of a group, as `grow` does.

    Random numbers of the method are a function of the network's seed and the number of `updates` made.
    """
    weights, masks = group.weights(), group.masks()
    before = {name: masks.get(name, torch.ones_like(weights[name], dtype=torch.bool)) for name in names}
    after = []
    for position, seed in enumerate(group.seeds):
        generator = torch.Generator().manual_seed(joint(seed, updates))
        own, kept = ({name: tensors[name][position] for name in names} for tensors in (weights, before))
        after.append(grow(method, sparsity, own, kept, generator))
    group.remove({**masks, **{name: torch.stack([kept[name] for kept in after]) for name in names}})


def grow(
    method: str,
    sparsity: float,
    weights: Mapping[str, Tensor],
    kept: Mapping[str, Tensor],
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Return a mask that removes the share `sparsity` of weights; among them are all that the mask `kept` leaves out.

    The method sees only weights that are left, as a list for each parameter. Those that are not numbers, as after a
    training that diverged, count as the largest. Raises ValueError for a method that needs more than weights.

    >>> weights, kept = {"weight": torch.tensor([[0.0, 3.0], [-2.0, 1.0]])}, {"weight": torch.ones(2, 2).bool()}
    >>> grow("global_magnitude", 0.5, weights, kept, torch.Generator())
    {'weight': tensor([[False,  True],
            [ True, False]])}
    """
    left = {name: weight[kept[name] != 0] for name, weight in weights.items()}
    size, remaining = (sum(tensor.numel() for tensor in tensors.values()) for tensors in (weights, left))
    more = remaining - (size - round(sparsity * size))
    if more <= 0:
        return {name: mask != 0 for name, mask in kept.items()}
    subject = WeightsAlone({name: weight.where(~weight.isnan(), torch.inf) for name, weight in left.items()})
    try:
        chosen = load("pruning", method, "make_mask")(subject, more / remaining, generator)
    except AttributeError as error:
        if error.obj is not subject:
            raise
        raise ValueError(
            f"pruning method '{method}' looks at the {error.name} of its subject; those that remove weights during "
            "training look at nothing but weights, as gradual_magnitude does"
        ) from error
    return {name: (mask != 0).masked_scatter(mask != 0, chosen[name]) for name, mask in kept.items()}
