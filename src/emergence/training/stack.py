"""Networks of several seeds in training as one, their tensors stacked."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import stack_module_state

from emergence.core.losses import loss_of
from emergence.core.modules import prunable
from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.batches import Part
from emergence.training.dense import Dense, is_dense
from emergence.training.evaluation import EVALUATION_BATCH
from emergence.training.gradients import Gradients
from emergence.training.member import initial_network
from emergence.training.pooling import pool_first
from emergence.training.precision import number_type
from emergence.training.tensors import copy_to_cpu, named_state, positions_of, remove_weights, restore_state
from emergence.training.updates import Updates
from emergence.training.vmapped import Vmapped, accuracies, losses

RANDOM = (nn.modules.dropout._DropoutNd, nn.RReLU)
"""Layers whose numbers would come from one generator for all seeds."""

CLOSE = 1e-3
"""Largest difference in logits, relative and absolute, that rounding explains."""


class NotStackable(ValueError):
    """Networks cannot be trained as one; the message says why."""


class Stack:
    """Networks trained from several seeds: a `Group` whose parameters and buffers are tensors (seed, ...).

    One operation computes on all networks, which saves launches. Every seed keeps its initial weights, its split of the
    data, its order of samples and its gradients, so it is trained as alone, up to rounding. `mask` and `initial` are
    stacked likewise. Raises NotStackable for networks that show that they cannot be stacked; `check` finds the others.
    """

    def __init__(
        self,
        architecture: Architecture,
        seeds: Sequence[int],
        training: Training,
        device: torch.device,
        mask: Mapping[str, Tensor] | None = None,
        initial: Mapping[str, Tensor] | None = None,
    ) -> None:
        if training.inhibition.way != "none":
            raise NotStackable("inhibition compares each network's units with what they did before")
        self.seeds, self._training, self._device = tuple(seeds), training, device
        networks = [initial_network(architecture, seed).to(device, number_type(training)) for seed in seeds]
        _refuse(networks)
        if initial is not None:
            for position, network in enumerate(networks):
                network.load_state_dict({name: tensor[position] for name, tensor in initial.items()})
        self._network = networks[0]
        pool_first(self._network)
        self._parameters, self._buffers = stack_module_state(networks)
        self._masks = dict(mask or {})
        removed = remove_weights(self._parameters, self._masks)
        penalised = positions_of(prunable(self._network), self._parameters)
        self._vmapped = Vmapped(self._network, self._parameters, self._buffers, training, device)
        self._updates = Updates(seeds, training, device, self._choose_gradients(architecture), removed, penalised)

    def _choose_gradients(self, architecture: Architecture) -> Gradients:
        if self._training.precision == "bfloat16" or not is_dense(self._network):
            return self._vmapped
        return Dense(list(self._parameters.values()), self._training, architecture.classes)

    def check(self, part: Part) -> None:
        """Raise NotStackable unless untrained networks compute, with gradients, what the first computes alone."""
        inputs = torch.stack([part.first(2)[0]] * len(self.seeds))
        before = {name: buffer.clone() for name, buffer in self._buffers.items()}
        try:
            logits = self._vmapped.logits(inputs)
            torch.autograd.grad(logits.sum(), self._vmapped.parameters, allow_unused=True)
            for name, buffer in self._buffers.items():
                buffer.copy_(before[name])
            self._network.eval()
            with torch.no_grad():
                stacked, alone = self._vmapped.logits(inputs)[0], self._network(inputs[0])
        except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
            raise NotStackable(str(error).partition("\n")[0]) from error
        if not torch.allclose(stacked, alone, rtol=CLOSE, atol=CLOSE):
            raise NotStackable("the network computes something else when stacked")

    def advance(self, part: Part, epoch: int, start: int, stop: int) -> Tensor:
        self._network.train()
        return self._updates.advance(part, epoch, start, stop)

    def evaluate(self, part: Part) -> Tensor:
        """Return mean loss and accuracy over a whole part, in evaluation mode: (quantity, seed), float64."""
        self._network.eval()
        size = max(1, EVALUATION_BATCH[self._device.type] // len(self.seeds))
        total, loss = torch.zeros(2, len(self.seeds), dtype=torch.float64, device=self._device), loss_of(self._network)
        with torch.no_grad():
            for places in part.places.split(size, dim=1):
                inputs, labels = part.batch(places)
                logits = self._vmapped.logits(inputs)
                total += places.shape[1] * torch.stack([losses(logits, labels, loss=loss), accuracies(logits, labels)])
        return (total / len(part)).cpu()

    def weights(self) -> dict[str, Tensor]:
        return {name: copy_to_cpu(tensor) for name, tensor in self._stored().items()}

    def _stored(self) -> dict[str, Tensor]:
        """The tensors of a state_dict."""
        tensors = {**self._parameters, **self._buffers}
        return {name: tensors[name] for name in self._network.state_dict()}

    def optimizer_state(self) -> dict[str, Tensor]:
        return named_state(self._updates.optimizer.state)

    def masks(self) -> dict[str, Tensor]:
        return dict(self._masks)

    def remove(self, masks: Mapping[str, Tensor]) -> None:
        self._masks = dict(masks)
        self._updates.remove(remove_weights(self._parameters, masks))

    @torch.no_grad()
    def restore(
        self, weights: Mapping[str, Tensor], optimizer_state: Mapping[str, Tensor], masks: Mapping[str, Tensor]
    ) -> None:
        for name, tensor in self._stored().items():
            tensor.copy_(weights[name])
        self.remove(masks)
        restore_state(self._updates.optimizer.state, optimizer_state)


def _refuse(networks: Sequence[nn.Module]) -> None:
    random = next((m for m in networks[0].modules() if isinstance(m, RANDOM) and getattr(m, "p", 1.0) > 0), None)
    if random is not None:
        raise NotStackable(f"{random} draws at random, which seeds do independently")
    if len(list(networks[0].parameters())) < len(list(networks[0].named_parameters(remove_duplicate=False))):
        raise NotStackable("layers of the network share weights")
    if any(_structure(network) != _structure(networks[0]) for network in networks[1:]):
        raise NotStackable("the network is built differently from each seed")


def _structure(network: nn.Module) -> tuple[str, list[tuple[str, torch.Size]]]:
    return str(network), [(name, tensor.shape) for name, tensor in network.state_dict().items()]
