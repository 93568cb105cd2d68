"""One network in training: its weights, its optimiser, and the seed that fixes all that is random."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emergence.core.modules import prunable
from emergence.networks import Architecture, build
from emergence.parameters.training import Training
from emergence.training.batches import Part, prefers_channels_last
from emergence.training.dense import Dense, is_dense
from emergence.training.evaluation import evaluate
from emergence.training.gradients import Autograd, Gradients
from emergence.training.inhibition import Inhibition
from emergence.training.pooling import pool_first
from emergence.training.precision import number_type
from emergence.training.tensors import copy_to_cpu, named_state, positions_of, remove_weights, restore_state
from emergence.training.updates import Updates


class Member:
    """A network trained from one seed: a `Group` of one.

    Its initial weights are a function of `seed` alone unless `initial` (a state_dict) gives them; weights where `mask`
    (names of parameters -> tensors, zero at removed weights) is zero are zero and stay so.
    """

    def __init__(
        self,
        architecture: Architecture,
        seed: int,
        training: Training,
        device: torch.device,
        mask: Mapping[str, Tensor] | None = None,
        initial: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.seeds, self._training, self._device = (seed,), training, device
        self.network = initial_network(architecture, seed).to(device, number_type(training))
        if initial is not None:
            self.network.load_state_dict(initial)
        self._inhibition = Inhibition.of(self.network, training)
        if self._inhibition is None:
            pool_first(self.network)
        if prefers_channels_last(self.network, device):
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mask, named = dict(mask or {}), dict(self.network.named_parameters())
        removed, penalised = remove_weights(named, self._mask), positions_of(prunable(self.network), named)
        self._updates = Updates(self.seeds, training, device, self._choose_gradients(architecture), removed, penalised)

    def _choose_gradients(self, architecture: Architecture) -> Gradients:
        if self._inhibition or self._training.precision == "bfloat16" or not is_dense(self.network):
            return Autograd(self.network, self._training, self._device, self._inhibition)
        parameters = [parameter[None] for parameter in self.network.parameters()]
        return Dense(parameters, self._training, architecture.classes)

    def advance(self, part: Part, epoch: int, start: int, stop: int) -> Tensor:
        self.network.train()
        return self._updates.advance(part, epoch, start, stop)

    def evaluate(self, part: Part) -> Tensor:
        """Return mean loss and accuracy over a whole part, in evaluation mode: (quantity, 1), float64."""
        return evaluate(self.network, part, self._device)

    def weights(self) -> dict[str, Tensor]:
        return {name: copy_to_cpu(tensor)[None] for name, tensor in self.network.state_dict().items()}

    def optimizer_state(self) -> dict[str, Tensor]:
        inhibition = self._inhibition.state() if self._inhibition else {}
        kept = {name: copy_to_cpu(tensor) for name, tensor in inhibition.items()}
        return {**named_state(self._updates.optimizer.state), **kept}

    def masks(self) -> dict[str, Tensor]:
        return {name: mask[None] for name, mask in self._mask.items()}

    def remove(self, masks: Mapping[str, Tensor]) -> None:
        self._mask = {name: mask[0] for name, mask in masks.items()}
        self._updates.remove(remove_weights(dict(self.network.named_parameters()), self._mask))

    def restore(
        self, weights: Mapping[str, Tensor], optimizer_state: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> None:
        self.network.load_state_dict({name: tensor[0] for name, tensor in weights.items()})
        self.remove(masks)
        restore_state(self._updates.optimizer.state, optimizer_state)
        if self._inhibition:
            self._inhibition.restore(optimizer_state, self._device)


def initial_network(architecture: Architecture, seed: int) -> nn.Module:
    """Build a network whose weights are a function of the seed alone; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(architecture)
