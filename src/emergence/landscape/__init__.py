"""Loss landscapes: a function of a network's weights, sampled on planes and lines through weight space."""

from emergence.landscape.cross_entropy import CrossEntropy
from emergence.landscape.directions import random_directions
from emergence.landscape.network import sample_network
from emergence.landscape.sampling import centred_grid, sample_line, sample_plane

__all__ = ["CrossEntropy", "centred_grid", "random_directions", "sample_line", "sample_network", "sample_plane"]
