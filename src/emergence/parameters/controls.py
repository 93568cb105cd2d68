"""Section ``controls``: what the emergence of trained networks is compared with."""

from emergence.parameters.base import Distinct, Factor, Section
from emergence.parameters.landscape import LAST, SavedStep


class Controls(Section):
    """Copies of the dense networks with noisy, shuffled or fresh weights, or with shuffled activity."""

    steps: Distinct[SavedStep] = ["ep0", LAST]
    """Checkpoints whose networks are copied: ep0, ep0it4, ep12, last."""

    noise: Distinct[Factor] = [0.1, 0.3, 1.0]
    """Gaussian noise on the weights, in standard deviations of each layer's own."""
