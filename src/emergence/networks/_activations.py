"""Non-linearities by name."""

from torch import nn

from emergence.core.modules import NON_LINEARITIES
from emergence.core.plugins import unknown

ACTIVATIONS: dict[str, type[nn.Module]] = {kind.__name__.lower(): kind for kind in NON_LINEARITIES}


def activation(name: str) -> nn.Module:
    """Return a new module of the named non-linearity; ValueError names the known ones.

    >>> activation("tanh")
    Tanh()
    """
    if name not in ACTIVATIONS:
        raise ValueError(unknown(name, list(ACTIVATIONS), "activation"))
    return ACTIVATIONS[name]()
