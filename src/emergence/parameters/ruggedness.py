"""Section ``ruggedness``: what is read from the sampled landscapes."""

from pydantic import Field

from emergence.parameters.base import LARGEST, Section


class Ruggedness(Section):
    """Ruggedness of the loss on the sampled planes and slices."""

    noise_floor: float = Field(default=1e-4, ge=0, le=LARGEST)
    """Depth of a minimum, or height above neighbours, below which it does not count (nat)."""
