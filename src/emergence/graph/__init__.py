"""The unit graph of a network and the count of its paths."""
