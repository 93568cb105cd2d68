"""The network inside what a training loop wraps around it, as a function from inputs to logits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from emergence.core.modules import outputs
from emergence.foreign import Logits
from emergence.graph.preserving import untouched
from emergence.graph.scope import uncompiled

WRAPPERS = {
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "OptimizedModule": "_orig_mod",
    "_FabricModule": "module",
}
"""Classes that wrap a network, each with the attribute that holds it; by name, as importing some takes seconds."""


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the network inside wrappers: of several processes or devices, `torch.compile`, or Lightning Fabric.

    Raises ValueError for one whose parameters are spread over processes.

    >>> layer = nn.Linear(2, 1)
    >>> unwrapped(nn.DataParallel(layer)) is layer
    True
    """
    while type(model).__name__ in WRAPPERS:
        model = getattr(model, WRAPPERS[type(model).__name__])
    for name, parameter in model.named_parameters():
        if type(parameter).__name__ in ("DTensor", "FlatParameter"):
            raise ValueError(f"'{name}' is spread over processes; recording needs a network that one process holds")
    return model


def as_function(network: nn.Module, inputs: Tensor) -> nn.Module:
    """Return a network that maps inputs (sample, ...) to one tensor: itself, or a model of Hugging Face's `Logits`.

    Raises ValueError for one that fails on the inputs or returns anything else.
    """
    try:
        with alone(network):
            found: Any = outputs(network, inputs[:1])
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise ValueError(f"{type(network).__name__} cannot be run on a probe sample: {error}") from error
    if isinstance(found, Tensor):
        return network
    if isinstance(getattr(found, "logits", None), Tensor):
        return Logits(network)
    raise ValueError(
        f"{type(network).__name__} returns a {type(found).__name__}; allowed: a tensor (sample, class, ...), or an "
        "object with such `logits`; wrap the model in a module that returns one"
    )


@contextmanager
def alone(network: nn.Module) -> Iterator[None]:
    """See a network without what its training loop adds: compilation, automatic precision, and a trainer of Lightning.

    Afterwards network and random numbers are as they were.

    Copies of a network that has a trainer would copy that too, with all its data.
    """
    trainers = [(module, vars(module)["_trainer"]) for module in network.modules() if "_trainer" in vars(module)]
    for module, _ in trainers:
        vars(module)["_trainer"] = None
    device = next((parameter.device.type for parameter in network.parameters()), "cpu")
    try:
        with untouched(network), uncompiled(network), torch.autocast(device, enabled=False):
            yield
    finally:
        for module, trainer in trainers:
            vars(module)["_trainer"] = trainer
