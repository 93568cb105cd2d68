"""Running a network without leaving a trace in it, with its own or with other weights."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from emergence.core.plugins import unknown
from emergence.graph.preserving import unchanged, untouched

Result = TypeVar("Result")
State = Mapping[str, Tensor]


def run_in(model: nn.Module, weights: State | None, action: Callable[[], Result]) -> Result:
    """Run an action on a network in evaluation mode, without gradients, with `weights` in place of its own if given.

    The network and the weights are afterwards what they were. Raises ValueError for weights of unknown name or wrong
    shape, and for a network that cannot be run as Python code.
    """
    check_model(model)
    replaced = _with_ties(model, weights or {})
    with torch.no_grad(), untouched(model), unchanged(replaced.values()), parametrize.cached():
        for module in model.modules():
            module.training = False
        for name, tensor in replaced.items():
            path, _, own = name.rpartition(".")
            owner = model.get_submodule(path)
            (owner._parameters if own in owner._parameters else owner._buffers)[own] = tensor  # type: ignore[assignment]
        with uncompiled(model):
            return action()


def check_model(model: nn.Module) -> None:
    """Raise ValueError for a network whose operations cannot be seen, or that has no values."""
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise ValueError(
                f"module '{name}' ({type(model).__name__}) is compiled by torch.jit, so that its operations cannot be "
                "seen; use the module that it was made from"
            )
    for name, tensor in _tensors(model).items():
        if is_lazy(tensor):
            raise ValueError(f"'{name}' has no shape yet: run the network once on a batch")
        if tensor.is_meta:
            raise ValueError(f"'{name}' is on the device 'meta' and has no values")


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
def uncompiled(model: nn.Module) -> Iterator[None]:
    """Run what `torch.compile` has wrapped as plain Python."""
    if not any(type(module).__name__ == "OptimizedModule" or module._compiled_call_impl for module in model.modules()):
        yield
        return
    with torch.compiler.set_stance("force_eager"):
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
