"""Networks of several seeds that are trained together: what the loop over steps asks of them."""

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor

from emergence.training.batches import Part

BATCH_QUANTITIES = ("batch_loss", "batch_accuracy", "gradient_norm")


class Group(Protocol):
    """One network (`Member`) or several (`Stack`), each trained from a seed of its own as if it were alone.

    Parts of the data that it gets are those of its seeds. All tensors given and returned have the seeds as their first
    dimension unless said otherwise.
    """

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in the order of all results."""

    def advance(self, part: Part, epoch: int, start: int, stop: int) -> Tensor:
        """Make the updates `start` to `stop` (exclusive) of an epoch; return BATCH_QUANTITIES.

        Their dimensions are (quantity, seed, update).
        """

    def evaluate(self, part: Part) -> Tensor:
        """Return mean loss and accuracy over a whole part, in evaluation mode: (quantity, seed), float64."""

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of parameters and buffers on the CPU, named as in a state_dict."""

    def optimizer_state(self) -> dict[str, Tensor]:
        """Return a copy of the optimiser's tensors on the CPU, named ``<name>.<index of the parameter>``.

        They are shaped as this kind of group keeps them. What inhibition knows of earlier batches is among them.
        """

    def masks(self) -> dict[str, Tensor]:
        """Return the masks that hold, on the CPU: names of parameters -> zero where a weight is removed."""

    def remove(self, masks: Mapping[str, Tensor]) -> None:
        """Let these masks hold from now on: what they leave out is zero, and zero in the optimiser's tensors too."""

    def restore(
        self, weights: Mapping[str, Tensor], optimizer_state: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> None:
        """Continue from what `weights`, `optimizer_state` and `masks` returned."""
