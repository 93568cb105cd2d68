"""Loss landscapes: a function of a network's weights, sampled on planes and lines through weight space."""

from emergence.landscape.cross_entropy import CrossEntropy
from emergence.landscape.directions import random_directions
from emergence.landscape.journal import Journal
from emergence.landscape.metrics import Metrics
from emergence.landscape.sampling import Record, centred_grid, sample, sample_line, sample_plane, sample_slice
from emergence.landscape.trajectory import Trajectory

__all__ = [
    "CrossEntropy",
    "Journal",
    "Metrics",
    "Record",
    "Trajectory",
    "centred_grid",
    "random_directions",
    "sample",
    "sample_line",
    "sample_plane",
    "sample_slice",
]
