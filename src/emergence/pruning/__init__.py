"""Pruning: masks, and one file per method that makes them."""
