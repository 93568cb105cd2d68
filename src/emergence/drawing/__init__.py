"""Tools to draw figures: their inputs, axes, panels, bands, and one style."""

from emergence.core.extras import require

require("figures", "matplotlib", "pandas")
