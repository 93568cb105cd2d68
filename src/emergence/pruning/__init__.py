"""Pruning: masks, one file per method that makes them, and what masks leave.

Every file here without a leading underscore is a method of that name. It defines
``make_mask(subject, sparsity, generator) -> kept``: from a `Subject` (a network and samples), the share of its weights
to remove and a `torch.Generator`, it returns name -> bool tensor of the parameter's shape, true where it is kept. All
of ``subject.weights`` are named; whole units may name their biases and norms too. ``SCORED_AT`` says which weights it
scores: ``"ep0"`` the initial ones, ``"last"`` the trained ones (the default). ``SCORED_RUN`` says of which training:

- ``"dense"`` (the default): of dense networks,
- ``"previous_round"``: of networks under the mask of the round before, in the first round of dense ones,
- ``"l1_penalised"``: of dense networks whose loss had an L1 penalty,
- ``"itself"``: of the networks that are pruned, and at every step of a schedule; ``subject`` then has nothing but
  ``weights``, a list for each parameter of those that are left.

``SCORED_WITH`` names the keys of the section `pruning.scoring` that it uses (all by default), such as
``("samples_per_class",)`` for one that looks at training samples; changes of other keys leave its masks as they are.

``DRAWS = True`` says that the generator decides which weights are kept, not the scores alone: of such a method a study
makes `pruning.masks` masks per network.
"""

from emergence.core.modules import prunable
from emergence.pruning._channels import Channels, inputs_of, removable
from emergence.pruning._cost import multiply_adds
from emergence.pruning._effective import effective
from emergence.pruning._mask import Mask, masked, masked_network
from emergence.pruning._prune import prune, scored_step
from emergence.pruning._remaining import effective_sparsity, remaining
from emergence.pruning._report import report
from emergence.pruning._scores import Ranking
from emergence.pruning._start import starting_weights
from emergence.pruning._subject import Samples, Subject

__all__ = [
    "Channels",
    "Mask",
    "Ranking",
    "Samples",
    "Subject",
    "effective",
    "effective_sparsity",
    "inputs_of",
    "masked",
    "masked_network",
    "multiply_adds",
    "prunable",
    "prune",
    "remaining",
    "removable",
    "report",
    "scored_step",
    "starting_weights",
]
