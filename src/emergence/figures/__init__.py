"""Figures: one file each, one style.

The file `emergence/figures/NAME.py` is the figure NAME. It defines `draw(inputs, style)`, which returns a Matplotlib
figure, and states as plain constants its TITLE, its place among the figures (POSITION), the files it NEEDS, the
SECTIONS of the report that it belongs to (it stands in the first), its CAPTION and its ALTERNATIVE text. If it also
defines `animate(inputs, style)`, which yields the frames of an animation, there is a GIF file of that.
"""

from emergence.drawing.catalogue import SECTIONS, Entry, catalogue

__all__ = ["SECTIONS", "Entry", "catalogue"]
