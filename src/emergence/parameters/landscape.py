"""Section ``landscape``: where the loss is sampled around the final weights."""

from pydantic import Field

from emergence.parameters.base import Section


class Landscape(Section):
    """A plane in two random filter-normalised directions, and the line from the initial to the final weights."""

    seeds: int = Field(default=3, ge=1)
    """How many of the study's seeds are sampled."""

    points: int = Field(default=25, ge=3)
    """Grid points along each direction of the plane."""

    extent: float = Field(default=1.0, gt=0)
    """The plane reaches from -extent to +extent in units of the weights' norm."""

    line_points: int = Field(default=31, ge=2)
    """Points on the line; 0 is the initial, 1 the final network."""

    direction_seed: int = Field(default=0, ge=0)
    """Seed of the random directions."""
