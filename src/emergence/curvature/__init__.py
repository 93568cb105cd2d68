"""Curvature of the loss around the weights of a network: eigenvalues and eigenvectors of its Hessian.

The Hessian is never stored: all is found from its products with vectors. Weights that are zero count as removed by
pruning, and have no part in it.
"""

from emergence.curvature.eigenvectors import top_eigenvectors

__all__ = ["top_eigenvectors"]
