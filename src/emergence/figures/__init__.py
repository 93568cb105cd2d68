"""Figures: one file each, one style."""
