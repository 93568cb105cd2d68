"""Networks of other programs as the workflow sees them: from normalised inputs to logits (sample, class, ...)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from emergence.foreign import load_model


class Adapted(nn.Module):
    """A model behind the scale of inputs that it was trained with, and before its logits.

    Inputs arrive normalised by the training part of a seed's split; ``(inputs - shift) * factor`` (channel, 1, ...),
    set for each seed, is what the model was trained on. Of outputs of transformers the logits are taken, with classes
    before positions.
    """

    shift: Tensor
    factor: Tensor

    def __init__(self, model: nn.Module, input_shape: tuple[int, ...], rescaled: bool) -> None:
        super().__init__()
        self.model, self.rescaled = model, rescaled
        if rescaled:
            shape = (input_shape[0], *[1] * (len(input_shape) - 1)) if len(input_shape) > 1 else ()
            self.register_buffer("shift", torch.zeros(shape))
            self.register_buffer("factor", torch.ones(shape))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (sample, class, ...) of inputs (sample, ...)."""
        outputs = self.model((inputs - self.shift) * self.factor if self.rescaled else inputs)
        if isinstance(outputs, Tensor):
            return outputs
        logits: Tensor = outputs.logits
        return logits.movedim(-1, 1)


def build(
    input_shape: tuple[int, ...], classes: int, model: str, options: Mapping[str, Any], rescaled: bool = False
) -> nn.Module:
    """Build the model of a name, see `emergence.foreign.load_model`, with fresh weights.

    It stays as it is unless its inputs are `rescaled` or its outputs are those of transformers.

    >>> build((4,), 2, "torch.nn:Linear", {"in_features": 4, "out_features": 2})
    Linear(in_features=4, out_features=2, bias=True)
    """
    found = load_model(model, **options)
    return Adapted(found, input_shape, rescaled) if rescaled or model.startswith("transformers:") else found


def model_of(network: nn.Module) -> nn.Module:
    """Return the model itself, whose weights another program saved."""
    return network.model if isinstance(network, Adapted) else network


def set_scale(network: nn.Module, used: tuple[Tensor, Tensor], given: tuple[Tensor, Tensor]) -> None:
    """Let a network that gets inputs of a `given` mean and standard deviation see them with those `used` in training.

    Each is a number, or one per channel as it broadcasts over an input.
    """
    if isinstance(network, Adapted) and network.rescaled:
        (mean, std), (given_mean, given_std) = used, given
        network.shift.copy_((mean - given_mean) / given_std)
        network.factor.copy_(given_std / std)
