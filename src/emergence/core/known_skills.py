"""Skills that a data set is known to teach, and their examination in a network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xarray as xr
from torch import nn

Variables = dict[str, tuple[Any, Any, str]]
"""Name of a variable -> dimensions, values, title."""


@dataclass(frozen=True)
class KnownSkills:
    """The examination of networks, and the facts known beforehand.

    `examine` maps a network, on its device, to what it knows: variables without dimension or over `skill`. `known` maps
    any network of the run to what no training changes, such as frequencies of skills and the size of the network.

    Skills that enter the scoreboard each by itself, with a name or a number, are ``skill_strength`` (skill) from 0 to 1
    in `examine`, and ``skill_frequency`` (skill), the share of samples that ask for each, in `known`.
    """

    examine: Callable[[nn.Module], xr.Dataset]
    known: Callable[[nn.Module], xr.Dataset]


def labelled(variables: Variables, units: str = "1", **coordinates: Any) -> xr.Dataset:
    """Return variables with their titles and units.

    >>> labelled({"skill_strength": ("skill", [0.5, 0.1], "how well it is known")}, skill=[1, 2]).skill_strength.units
    '1'
    """
    named = {
        name: (dims, values, {"units": units, "long_name": title}) for name, (dims, values, title) in variables.items()
    }
    return xr.Dataset(named, coordinates)
