"""Curvature of the loss around the weights of a network: eigenvalues and eigenvectors of its Hessian, and sharpness.

The Hessian is never stored: all is found from its products with vectors. Weights that are zero count as removed by
pruning, and have no part in it.
"""

from emergence.curvature.eigenvectors import top_eigenvectors
from emergence.curvature.network import network_curvature
from emergence.curvature.sharpness import sharpness

__all__ = ["network_curvature", "sharpness", "top_eigenvectors"]
