"""Non-linearities by name."""

from torch import nn

from emergence.plugins import unknown

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


def activation(name: str) -> nn.Module:
    """Return a new module of the named non-linearity; ValueError names the known ones.

    >>> activation("tanh")
    Tanh()
    """
    if name not in ACTIVATIONS:
        raise ValueError(unknown(name, list(ACTIVATIONS), "activation"))
    return ACTIVATIONS[name]()
