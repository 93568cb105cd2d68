"""Published networks, counted by the library and by a count of its own kind; see `python -m benchmarks.zoo --help`."""
