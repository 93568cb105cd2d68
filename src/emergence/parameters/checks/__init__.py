"""Checks of parameters beyond the type and range of each: names, sizes, what fits together."""
