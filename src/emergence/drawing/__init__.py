"""What figures are drawn with: the results that they show, axes, panels, bands, and one style."""
