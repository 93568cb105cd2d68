"""How much more the units that are left do in a pruned network than in its dense twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Burden:
    """The proxy of a layer of a pruned network beside the same layer of its dense twin.

    `survivors` is the share of units whose activations vary. `activity` is the mean absolute activation of a survivor
    over that of the same unit in the twin, as geometric mean over survivors: 1 where units do what they did, above 1
    where they are driven harder. `rank` is the effective rank of all activations per survivor over the same of the
    twin: above 1 where each unit left carries more independent directions. NaN without survivors.
    """

    survivors: float
    activity: float
    rank: float


def activations_of(network: nn.Module, layers: Mapping[str, nn.Module], inputs: Tensor) -> dict[str, Tensor]:
    """Return the outputs of layers by name, (rows, units): the last dimension has units, all before it count as rows.

    >>> network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> activations_of(network, {"relu": network[1]}, torch.ones(5, 3))["relu"].shape
    torch.Size([5, 4])
    """
    seen: dict[str, Tensor] = {}
    hooks = [
        layer.register_forward_hook(lambda _, __, output, name=name: seen.update({name: output.flatten(0, -2)}))
        for name, layer in layers.items()
    ]
    try:
        with torch.no_grad():
            network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def burden_proxy(pruned: Tensor, dense: Tensor) -> Burden:
    """Compare activations (rows, units) of a layer in a pruned network with those in its dense twin.

    Numbers of rows may differ, as with merged tokens; units are the same. Units that are silent in either have no part
    in `activity`. Raises ValueError for other units.

    >>> dense = torch.tensor([[1.0, 1.0], [2.0, 0.0], [0.0, 1.0]])
    >>> found = burden_proxy(3 * dense * torch.tensor([1.0, 0.0]), dense)
    >>> found.survivors, round(found.activity, 3)
    (0.5, 3.0)
    """
    if pruned.shape[1:] != dense.shape[1:]:
        raise ValueError(f"the pruned layer has {pruned.shape[1]} units, its dense twin {dense.shape[1]}")
    left, before = _varying(pruned), _varying(dense)
    ratios = (_activity(pruned) / _activity(dense))[left & (_activity(dense) > 0)]
    per_unit = [_effective_rank(rows) / units.sum() for rows, units in ((pruned, left), (dense, before))]
    return Burden(
        survivors=float(left.double().mean()),
        activity=float(ratios.log().mean().exp()),
        rank=float(per_unit[0] / per_unit[1]),
    )


def mean_burden(pruned: Mapping[str, Tensor], dense: Mapping[str, Tensor]) -> Burden:
    """The mean of `burden_proxy` over layers, by name; layers without survivors have no part in it."""
    layers: Sequence[Burden] = [burden_proxy(rows, dense[name]) for name, rows in pruned.items()]
    table = torch.tensor([[layer.survivors, layer.activity, layer.rank] for layer in layers], dtype=torch.float64)
    return Burden(*table.nanmean(0).tolist())


def _activity(rows: Tensor) -> Tensor:
    return rows.double().abs().mean(0)


def _varying(rows: Tensor) -> Tensor:
    return rows.amax(0) > rows.amin(0)


def _effective_rank(rows: Tensor) -> Tensor:
    """Exp of the entropy of the shares of singular values (Roy and Vetterli 2007) of centred activations."""
    values = torch.linalg.svdvals((rows - rows.mean(0)).double())
    entropy: Tensor = torch.special.entr(values / values.sum()).sum()
    return entropy.exp()
