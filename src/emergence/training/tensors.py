"""Operations on tensors that groups of one network and of several share."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from emergence.core.plugins import unknown


def remove_weights(parameters: Mapping[str, Tensor], mask: Mapping[str, Tensor]) -> dict[int, Tensor]:
    """Set weights to zero where the mask is; return what is removed, by the position among the trained parameters.

    Raises ValueError for names and shapes that are not those of the parameters.

    >>> weight = torch.ones(2)
    >>> remove_weights({"weight": weight}, {"weight": torch.tensor([1, 0])}), weight
    ({}, tensor([1., 0.]))
    """
    trained = _trained(parameters)
    of_trained = {}
    for name, kept in mask.items():
        if name not in parameters:
            raise ValueError(unknown(name, list(parameters), "parameter in the mask"))
        parameter = parameters[name]
        if kept.shape != parameter.shape:
            raise ValueError(f"mask of '{name}' has shape {tuple(kept.shape)}, the network {tuple(parameter.shape)}")
        removed = torch.empty_like(parameter, dtype=torch.bool, requires_grad=False).copy_(kept == 0)
        with torch.no_grad():
            parameter.masked_fill_(removed, 0)
        if name in trained:
            of_trained[trained.index(name)] = removed
    return of_trained


def positions_of(names: Iterable[str], parameters: Mapping[str, Tensor]) -> list[int]:
    """Return the positions of parameters among the trained ones; those that are not trained have none.

    >>> parameters = {"kernel": torch.ones(2), "scale": torch.ones(2).requires_grad_()}
    >>> positions_of(["kernel", "scale"], parameters)
    [0]
    """
    trained = _trained(parameters)
    return [trained.index(name) for name in names if name in trained]


def _trained(parameters: Mapping[str, Tensor]) -> list[str]:
    return [name for name, parameter in parameters.items() if parameter.requires_grad]


def named_state(state: Mapping[str, Sequence[Tensor]]) -> dict[str, Tensor]:
    """Return a copy of an optimiser's tensors on the CPU, named ``<name>.<index of the parameter>``."""
    return {f"{name}.{index}": copy_to_cpu(t) for name, tensors in state.items() for index, t in enumerate(tensors)}


def restore_state(state: Mapping[str, Sequence[Tensor]], saved: Mapping[str, Tensor]) -> None:
    """Set an optimiser's tensors to what `named_state` returned."""
    for name, tensors in state.items():
        for index, tensor in enumerate(tensors):
            tensor.copy_(saved[f"{name}.{index}"])


def copy_to_cpu(tensor: Tensor) -> Tensor:
    """Return a copy that later changes do not reach, without gaps in memory."""
    return tensor.detach().to("cpu", copy=True).contiguous()


def rows(stacked: Mapping[str, Tensor], chosen: slice | int) -> dict[str, Tensor]:
    """Return rows of stacked tensors (seed, ...), or one of them."""
    return {name: tensor[chosen] for name, tensor in stacked.items()}


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
