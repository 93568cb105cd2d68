"""Finding the layers of a network whose inputs do not depend on any weight."""

from collections import Counter
from collections.abc import Container
from typing import Any

import torch
from torch import Tensor, nn

from emergence.core.modules import private_copy

LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Layers whose output is linear in weight and bias together."""


def first_layers(network: nn.Module, varying: Container[str], inputs: Tensor) -> dict[str, int]:
    """Return the linear layers that read only what the weights named in `varying` cannot change.

    The result maps each layer's name to the bytes of its output per sample. A layer counts if it is called once per
    pass and all its own parameters vary. Dependence is read from the graph that torch records for gradients, on the
    first of `inputs`.

    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> first_layers(network, dict(network.named_parameters()), torch.ones(5, 2, 2))
    {'1': 12}
    """
    copied = private_copy(network)
    for name, parameter in copied.named_parameters():
        parameter.requires_grad_(name in varying)
    candidates = {
        name: layer
        for name, layer in copied.named_modules()
        if type(layer) in LINEAR and all(f"{name}.{own}".lstrip(".") in varying for own, _ in layer.named_parameters())
    }
    sizes: dict[str, int] = {}
    calls: Counter[str] = Counter()

    def note(name: str, arguments: tuple[Any, ...], output: Tensor) -> None:
        calls[name] += 1
        if not arguments[0].requires_grad:
            sizes[name] = output.nbytes

    for name, layer in candidates.items():
        layer.register_forward_hook(lambda _, arguments, output, name=name: note(name, arguments, output))
    with torch.inference_mode(False):
        copied(inputs[:1].detach().clone())
    return {name: size for name, size in sizes.items() if calls[name] == 1}
