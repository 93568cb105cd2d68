"""A proxy of the burden that pruning puts on the units that are left: of this library, not of a paper.

Wang et al. (2024, arXiv:2407.16716) name the idea, that units left by pruning carry what the removed ones carried, and
that merging tokens relieves them; their definition is not public. What is measured here is ours.
"""

from emergence.burden.proxy import Burden, activations_of, burden_proxy, mean_burden
from emergence.burden.vision_transformer import VisionTransformer, merge_tokens

__all__ = ["Burden", "VisionTransformer", "activations_of", "burden_proxy", "mean_burden", "merge_tokens"]
