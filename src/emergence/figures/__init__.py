"""Figures: one file each, one style.

The file `emergence/figures/NAME.py` is the figure NAME. It defines `draw(inputs, style)`, which returns a Matplotlib
figure, and states as plain constants its TITLE, its place in the report (POSITION), the files it NEEDS, its CAPTION
and its ALTERNATIVE text.
"""

from emergence.figures._catalogue import NEEDS, Entry, catalogue

__all__ = ["NEEDS", "Entry", "catalogue"]
