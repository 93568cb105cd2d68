"""The smallest weights are removed of networks whose training made many small, by an L1 penalty (Han et al. 2015,
arXiv:1506.02626, section 3.1, compare it with L2).

The penalty, `pruning.l1_penalty` as `training.l1_penalty`, is in the loss of the networks that are scored, not in that
of those trained again under the mask.
"""

from emergence.pruning.global_magnitude import make_mask

__all__ = ["make_mask"]

SCORED_RUN = "l1_penalised"
SCORED_WITH = ()
