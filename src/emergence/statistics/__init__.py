"""Estimates with intervals, tests, and the verdicts on the claims."""
