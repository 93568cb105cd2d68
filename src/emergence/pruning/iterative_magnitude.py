"""The smallest weights are removed in rounds, with training before each (Frankle and Carbin 2019, arXiv:1803.03635).

The study trains the rounds: from the weights of an early step each time, the rewinding of Frankle et al. 2020
(arXiv:1912.05671), under the mask of the round before, whose trained weights are scored here.
"""

from emergence.pruning.global_magnitude import make_mask

__all__ = ["make_mask"]

SCORED_RUN = "previous_round"
SCORED_WITH = ()
