"""Section ``figures``: how results are drawn; changes redraw, nothing else."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from emergence.parameters.base import Distinct, Section, without_repeats

FontFamily = Literal["DejaVu Sans", "DejaVu Serif", "STIXGeneral"]
"""Families that come with Matplotlib, so that figures are the same everywhere."""

COLOUR = "^#[0-9a-fA-F]{6}$"

Colour = Annotated[str, Field(pattern=COLOUR)]

OwnFigure = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+:draw$")]


class Figures(Section):
    """Look of all figures."""

    font_family: FontFamily = "DejaVu Sans"
    """Typeface of text and formulas; STIXGeneral is a Times."""

    font_size: float = Field(default=9, ge=4, le=24)
    """Size of the text in points."""

    panel_width: float = Field(default=3.4, ge=1, le=10)
    """Width of one panel in inches."""

    panel_height: float = Field(default=2.6, ge=1, le=10)
    """Height of one panel in inches."""

    dpi: int = Field(default=150, ge=50, le=600)
    """Resolution of the PNG files."""

    colours: Distinct[Colour] = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#000000"]
    """Colours of categories, in order; the default palette is safe for colour-blind readers (Okabe and Ito 2008)."""

    colour_map: str = "viridis"
    """Matplotlib colour map of continuous quantities."""

    own: Annotated[list[OwnFigure], AfterValidator(without_repeats)] = []
    """Figures of your own, each a file such as extensions/mine.py, named "extensions.mine:draw" (docs/figures.md)."""
