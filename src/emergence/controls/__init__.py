"""Controls: what a measure is compared with, networks and activity patterns that lack one property and keep others."""
