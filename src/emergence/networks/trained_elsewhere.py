"""Networks of other programs as the workflow sees them: from normalised inputs to logits (sample, class, ...)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from emergence.foreign import Logits, load_model


class Rescaled(nn.Module):
    """A model behind the scale of inputs that it was trained with.

    Inputs arrive normalised by the training part of a seed's split; ``(inputs - shift) * factor`` (channel, 1, ...),
    set for each seed, is what the model was trained on.
    """

    shift: Tensor
    factor: Tensor

    def __init__(self, model: nn.Module, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.model = model
        shape = (input_shape[0], *[1] * (len(input_shape) - 1)) if len(input_shape) > 1 else ()
        self.register_buffer("shift", torch.zeros(shape))
        self.register_buffer("factor", torch.ones(shape))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (sample, class, ...) of inputs (sample, ...)."""
        logits: Tensor = self.model((inputs - self.shift) * self.factor)
        return logits


def build(
    input_shape: tuple[int, ...], classes: int, model: str, options: Mapping[str, Any], rescaled: bool = False
) -> nn.Module:
    """Build the model of a name, see `emergence.foreign.load_model`, with fresh weights.

    It stays as it is unless its inputs are `rescaled` or its outputs are those of transformers (`Logits`).

    >>> build((4,), 2, "torch.nn:Linear", {"in_features": 4, "out_features": 2})
    Linear(in_features=4, out_features=2, bias=True)
    """
    found = load_model(model, **options)
    network = Logits(found) if model.startswith("transformers:") else found
    return Rescaled(network, input_shape) if rescaled else network


def model_of(network: nn.Module) -> nn.Module:
    """Return the model itself, whose weights another program saved."""
    return model_of(network.model) if isinstance(network, Rescaled | Logits) else network


def set_scale(network: nn.Module, used: tuple[Tensor, Tensor], given: tuple[Tensor, Tensor]) -> None:
    """Let a network that gets inputs of a `given` mean and standard deviation see them with those `used` in training.

    Each is a number, or one per channel as it broadcasts over an input.
    """
    if isinstance(network, Rescaled):
        (mean, std), (given_mean, given_std) = used, given
        network.shift.copy_((mean - given_mean) / given_std)
        network.factor.copy_(given_std / std)
