"""Section ``data``: how each data set is split."""

from typing import Annotated

from pydantic import Field

from emergence.parameters.base import Section

Fraction = Annotated[float, Field(gt=0, lt=1)]


class Text(Section):
    """A text file, cut into sequences of characters."""

    file: str
    """The file, in UTF-8: its path below data/raw or $EMERGENCE_DATA, or a whole path."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Checksum of the file (sha256sum FILE)."""

    length: int = Field(default=64, ge=2)
    """Characters per sequence, each of which is predicted from those before it in the sequence."""


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

    texts: dict[str, Text] = {}
    """Data sets made of text files of your own: name -> file, its checksum, length of the sequences (see README)."""

    custom: dict[str, str] = {}
    """Data sets of your own: name -> module:function (see README)."""
