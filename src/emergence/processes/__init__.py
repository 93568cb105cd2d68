"""Processes that start with everything imported: a server forks one for each script."""
