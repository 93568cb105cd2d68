"""Running a network without leaving a trace in it, with its own or with other weights."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune

from emergence.plugins import unknown

Result = TypeVar("Result")
State = Mapping[str, Tensor]


class _Host(nn.Module):
    """Lets functional_call put weights into a network while any action runs."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, action: Callable[[], Any]) -> Any:
        return action()


def run_in(model: nn.Module, weights: State | None, action: Callable[[], Result]) -> Result:
    """Run an action on a network in evaluation mode, without gradients, with `weights` in place of its own if given.

    Mode, weights and hooks are afterwards what they were. Raises ValueError for weights of unknown name or wrong shape.
    """

    def undisturbed() -> Result:
        with _evaluating(model), _current_masks(model), parametrize.cached(), torch.inference_mode():
            return action()

    if weights is None:
        return undisturbed()
    named = {f"model.{name}": tensor for name, tensor in _with_ties(model, weights).items()}
    result: Result = torch.func.functional_call(_Host(model), named, (undisturbed,), tie_weights=False)
    return result


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """Copies of all parameters and buffers by name."""
    return {name: tensor.detach().clone() for name, tensor in _tensors(model).items()}


def nonzero_parameters(model: nn.Module) -> int:
    """Number of parameters that are not zero, a pruned one (`torch.nn.utils.prune`) being its masked value."""
    counts = {}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            plain = name.removesuffix("_orig")
            masked = name.endswith("_orig") and hasattr(module, f"{plain}_mask")
            value = parameter * getattr(module, f"{plain}_mask") if masked else parameter
            counts[id(parameter)] = int(torch.count_nonzero(value))
    return sum(counts.values())


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    for module, _ in modes:
        module.training = False
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def _current_masks(model: nn.Module) -> Iterator[None]:
    """Give pruned modules the weight that their hooks would compute in a forward pass."""
    with ExitStack() as restore:
        for module in model.modules():
            for hook in module._forward_pre_hooks.values():
                if isinstance(hook, prune.BasePruningMethod):
                    name = hook._tensor_name
                    restore.callback(setattr, module, name, getattr(module, name))
                    hook(module, None)
        yield


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return dict([*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)])


def _with_ties(model: nn.Module, weights: State) -> dict[str, Tensor]:
    """Check names and shapes, and give weights that the network shares to all the names it has for them."""
    own = _tensors(model)
    for name, tensor in weights.items():
        if name not in own:
            raise ValueError(unknown(name, sorted(own), f"parameter of {type(model).__name__}"))
        if own[name].shape != tensor.shape:
            raise ValueError(f"'{name}' has shape {list(tensor.shape)}, the network has {list(own[name].shape)}")
    given = {id(own[name]): tensor for name, tensor in weights.items()}
    return {name: given[id(tensor)] for name, tensor in own.items() if id(tensor) in given}
