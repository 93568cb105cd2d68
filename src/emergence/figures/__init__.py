"""Figures: one file each, one style.

The file `emergence/figures/NAME.py` is the figure NAME. Its `draw(inputs, style)` returns a Matplotlib figure. Plain
constants give its TITLE, its place among the figures (POSITION), the files it NEEDS, the SECTIONS of the report that it
belongs to (it stands in the first), its CAPTION and its ALTERNATIVE text. A figure with `animate(inputs, style)`, which
yields frames, has a GIF file too where there are more than two.

Figures of the user's own are the same in a file of `extensions/`, see docs/figures.md.
"""

from emergence.drawing.catalogue import SECTIONS, Entry, catalogue

__all__ = ["SECTIONS", "Entry", "catalogue"]
