"""Section ``pruning``: which weights are removed."""

from typing import Annotated

from pydantic import Field

from emergence.parameters.base import Distinct, Section

Sparsity = Annotated[float, Field(gt=0, lt=1)]


class Pruning(Section):
    """Trained networks are pruned, then trained again from their original initialisation under the mask."""

    methods: Distinct[str] = ["global_magnitude"]
    """Criteria by which weights are removed: a file of `emergence.pruning`, or module:function of your own."""

    sparsities: Distinct[Sparsity] = [0.3, 0.5, 0.7, 0.9]
    """Shares of the prunable weights that are removed; the dense network is always studied too."""
