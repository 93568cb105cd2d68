"""The losses that networks are trained on: their names, their units, and which one a network is trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

Loss = Literal["cross_entropy", "squared_error"]

CROSS_ENTROPY: Loss = "cross_entropy"
SQUARED_ERROR: Loss = "squared_error"


def set_loss(network: nn.Module, loss: Loss) -> None:
    """Note in a network which loss it is trained on, so that all that looks at its loss takes the same one."""
    network.trained_on = loss  # type: ignore[assignment]


def loss_of(network: nn.Module) -> Loss:
    """Return the loss that a network is trained on: cross-entropy unless the network says otherwise.

    >>> from torch import nn
    >>> network = nn.Linear(2, 2)
    >>> set_loss(network, SQUARED_ERROR)
    >>> loss_of(network), loss_of(nn.Linear(2, 2))
    ('squared_error', 'cross_entropy')
    """
    noted: Loss = getattr(network, "trained_on", CROSS_ENTROPY)
    return noted


def in_units_of(loss: Loss, found: xr.Dataset) -> xr.Dataset:
    """Return variables that are described as those of cross-entropies as what they are: squared errors have no unit.

    >>> import xarray as xr
    >>> found = xr.Dataset({"loss": ((), 1.0, {"units": "nat", "long_name": "mean cross-entropy"})})
    >>> in_units_of(SQUARED_ERROR, found)["loss"].attrs
    {'units': '1', 'long_name': 'mean squared error'}
    """
    if loss == CROSS_ENTROPY:
        return found
    found = found.copy()
    for values in found.values():
        if values.attrs["units"] == "nat":
            told = values.attrs["long_name"].replace("cross-entropy", "squared error")
            values.attrs = {**values.attrs, "units": "1", "long_name": told}
    return found
