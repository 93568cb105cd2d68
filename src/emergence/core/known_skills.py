"""What is to be learnt from a data set, where that is known, and how a network is examined for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xarray as xr
from torch import nn

Variables = dict[str, tuple[Any, Any, str]]
"""Name of a variable -> dimensions, values, title."""


@dataclass(frozen=True)
class KnownSkills:
    """How networks are examined, and what is known beforehand.

    `examine` tells of a network, on its device, what it knows: variables without dimension or over `skill`. `known`
    tells, of any network of the run, what no training changes: how frequent skills are, how large the network is.

    Skills that enter the scoreboard each by itself, numbered from 1, are ``skill_strength`` (skill) from 0 to 1 in
    `examine`, and ``skill_frequency`` (skill), the share of samples that ask for each, in `known`.
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
