"""Measures beside emergence: one file each."""
