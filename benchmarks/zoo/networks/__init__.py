"""Networks of published packages, small and with random weights, in lists by what they are for."""
