"""Tools to draw figures: their inputs, axes, panels, bands, and one style."""
