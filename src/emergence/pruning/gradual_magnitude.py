"""The smallest weights are removed bit by bit while the network is trained (Zhu and Gupta 2017, arXiv:1710.01878).

`emergence.training.gradual` says how many when, and asks this method which. It compares all layers, where the authors
remove the same share of each.
"""

from emergence.pruning.global_magnitude import make_mask

__all__ = ["make_mask"]

SCORED_RUN = "itself"
SCORED_WITH = ()
