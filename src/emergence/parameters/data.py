"""Section ``data``: how each data set is split."""

from typing import Annotated

from pydantic import Field

from emergence.parameters.base import Section

Fraction = Annotated[float, Field(gt=0, lt=1)]


class Data(Section):
    """Sizes of the parts of a data set; every part is a stratified sample fixed by the split seed."""

    test_fraction: Fraction = 0.2
    """Share of all samples held out for testing where the data set has no published test part."""

    validation_fraction: Fraction = 0.1
    """Share of the remaining samples held out for validation."""

    probe_samples: int = Field(default=256, ge=1)
    """Samples, used in no other part, on which activity and loss landscapes are read."""

    split_seed: int = Field(default=0, ge=0)
    """Seed of the split."""

    custom: dict[str, str] = {}
    """Data sets of your own: name -> module:function (see README)."""
