"""The unit graph of a network and the number of its paths: tracing, rules, activity, counting, result."""
