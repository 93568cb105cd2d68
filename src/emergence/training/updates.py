"""The updates of a group of seeds: the same for one network and for several."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from emergence.parameters.training import Training
from emergence.training.augmentation import changes_of_batch
from emergence.training.batches import Part, noise_seed, sample_order
from emergence.training.gradients import Gradients
from emergence.training.optimizers import make_optimizer
from emergence.training.schedule import learning_rate


class Updates:
    """Draws batches, computes gradients, keeps removed weights at zero and changes the parameters.

    `removed` tells by the position of a trained parameter what of it is removed; `penalised` holds the positions of
    those whose absolute values training keeps small.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        training: Training,
        device: torch.device,
        gradients: Gradients,
        removed: Mapping[int, Tensor],
        penalised: Sequence[int],
    ) -> None:
        self._seeds, self._training, self._device = tuple(seeds), training, device
        self._gradients, self._removed = gradients, removed
        self._penalised = penalised if training.l1_penalty else []
        self.optimizer = make_optimizer(gradients.parameters, training.optimizer)
        self._noise = (
            torch.cuda.default_generators[device.index or 0] if device.type == "cuda" else torch.default_generator
        )

    def advance(self, part: Part, epoch: int, start: int, stop: int) -> Tensor:
        """Make the updates `start` to `stop` (exclusive) of an epoch; return BATCH_QUANTITIES (quantity, seed, update).

        Random layers, which only groups of one seed have, draw numbers that depend on seed and update alone.
        """
        size, samples = self._training.batch_size, len(part)
        orders = torch.stack([sample_order(seed, epoch, samples)[start * size : stop * size] for seed in self._seeds])
        places = part.places.gather(1, orders.to(self._device))
        per_epoch, noise = -(-samples // size), noise_seed(self._seeds[0], epoch)
        outcomes, norms = [], []
        for iteration, index in enumerate(places.split(size, dim=1), start=start):
            self._noise.manual_seed(noise + iteration)
            changes = changes_of_batch(self._training, self._seeds, epoch, iteration, samples)
            outcomes.append(self._gradients.of_batch(*part.batch(index, changes)))
            for position, removed in self._removed.items():
                self._gradients.gradients[position].masked_fill_(removed, 0)
            norms.append(self._gradients.norm())
            self._add_penalty()
            rate = learning_rate(self._training, epoch * per_epoch + iteration, per_epoch)
            self.optimizer.update(self._gradients.gradients, rate)
        return torch.cat([self._gradients.summary(outcomes), torch.stack(norms, dim=-1)[None]])

    def remove(self, removed: Mapping[int, Tensor]) -> None:
        """Keep other weights at zero from now on, and forget what the optimiser knows of them."""
        self._removed = removed
        for tensors in self.optimizer.state.values():
            for position, gone in removed.items():
                if tensors[position].ndim:  # a count of updates is of all weights
                    tensors[position].masked_fill_(gone, 0)

    def _add_penalty(self) -> None:
        """Add the gradient of the sum of absolute values, which is the sign of each weight and 0 for a weight of 0."""
        for position in self._penalised:
            signs = self._gradients.parameters[position].detach().sign()
            self._gradients.gradients[position].add_(signs, alpha=self._training.l1_penalty)
