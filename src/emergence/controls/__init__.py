"""Controls for comparison: networks and activity patterns that lack one property and keep others."""
