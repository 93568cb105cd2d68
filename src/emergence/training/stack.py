"""Networks of several seeds in training as one, their tensors stacked."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.functional import cross_entropy

from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.augmentation import changes_of_batch
from emergence.training.batches import Part, sample_order
from emergence.training.gradients import full_precision
from emergence.training.member import EVALUATION_BATCH, initial_network
from emergence.training.optimizers import make_optimizer
from emergence.training.pooling import pool_first
from emergence.training.precision import mixed_precision, number_type
from emergence.training.schedule import learning_rate
from emergence.training.tensors import copy_to_cpu, named_state, removed_weights, restore_state

RANDOM = (nn.modules.dropout._DropoutNd, nn.RReLU)
"""Layers whose numbers would come from one generator for all seeds."""

CLOSE = 1e-3
"""Largest difference in logits, relative and absolute, that rounding explains."""


class NotStackable(ValueError):
    """Networks cannot be trained as one; the message says why."""


class Stack:
    """Networks trained from several seeds: a `Group` whose parameters and buffers are tensors (seed, ...).

    One operation computes on all networks, which saves launches. Every seed keeps its initial weights, its order of
    samples and its gradients, so it is trained as alone, up to rounding. `mask` and `initial` are stacked likewise.
    Raises NotStackable for networks that show that they cannot be stacked; `check` finds the others.
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
        self.seeds, self._training, self._device = tuple(seeds), training, device
        networks = [initial_network(architecture, seed).to(device, number_type(training)) for seed in seeds]
        _refuse(networks)
        if initial is not None:
            for position, network in enumerate(networks):
                network.load_state_dict({name: tensor[position] for name, tensor in initial.items()})
        self._network = networks[0]
        pool_first(self._network)
        self._parameters, self._buffers = stack_module_state(networks)
        self._removed = removed_weights(self._parameters, mask or {})
        self._trained = [p for p in self._parameters.values() if p.requires_grad]
        self._optimizer = make_optimizer(self._trained, training.optimizer)

    def check(self, part: Part) -> None:
        """Raise NotStackable unless untrained networks compute, with gradients, what the first computes alone."""
        inputs, _ = part.batch(slice(2))
        before = {name: buffer.clone() for name, buffer in self._buffers.items()}
        try:
            logits = self._logits(torch.stack([inputs] * len(self.seeds)), in_dims=0)
            torch.autograd.grad(logits.sum(), self._trained, allow_unused=True)
            for name, buffer in self._buffers.items():
                buffer.copy_(before[name])
            self._network.eval()
            with torch.no_grad():
                stacked, alone = self._logits(inputs, in_dims=None)[0], self._network(inputs)
        except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
            raise NotStackable(str(error).partition("\n")[0]) from error
        if not torch.allclose(stacked, alone, rtol=CLOSE, atol=CLOSE):
            raise NotStackable("the network computes something else when stacked")

    def advance(self, part: Part, epoch: int, start: int, stop: int) -> Tensor:
        """Make the updates `start` to `stop` (exclusive) of an epoch; return (quantity, seed, update)."""
        size, samples = self._training.batch_size, len(part)
        orders = torch.stack([sample_order(seed, epoch, samples) for seed in self.seeds])
        orders = orders[:, start * size : stop * size].to(self._device)
        per_epoch = -(-samples // size)
        self._network.train()
        history = []
        for iteration, index in enumerate(orders.split(size, dim=1), start=start):
            rate = learning_rate(self._training, epoch * per_epoch + iteration, per_epoch)
            changes = changes_of_batch(self._training, self.seeds, epoch, iteration, samples)
            inputs, labels = part.batch(index.flatten(), changes)
            history.append(self._update(inputs.unflatten(0, index.shape), labels.unflatten(0, index.shape), rate))
        return torch.stack(history, dim=2)

    def _update(self, inputs: Tensor, labels: Tensor, rate: float) -> Tensor:
        with mixed_precision(self._training, self._device):
            logits = self._logits(inputs, in_dims=0)
        loss, share = _loss(logits, labels, self._training.label_smoothing), _accuracy(logits, labels)
        gradients = list(torch.autograd.grad(loss.sum(), self._trained, allow_unused=True, materialize_grads=True))
        for position, removed in self._removed:
            gradients[position] = gradients[position].masked_fill(removed, 0)
        norms = torch.stack([torch.linalg.vector_norm(g.flatten(1), dim=1) for g in gradients])
        record = torch.stack([loss.detach(), share, torch.linalg.vector_norm(norms, dim=0)])
        self._optimizer.update([gradient.contiguous() for gradient in gradients], rate)
        return record

    def _logits(self, inputs: Tensor, in_dims: int | None) -> Tensor:
        """Return the logits (seed, ...) for inputs of each seed (`in_dims` 0) or shared by all (None)."""

        def of_one(parameters: dict[str, Tensor], buffers: dict[str, Tensor], inputs: Tensor) -> Tensor:
            logits: Tensor = functional_call(self._network, (parameters, buffers), (inputs,))
            return logits

        logits: Tensor = vmap(of_one, (0, 0, in_dims))(self._parameters, self._buffers, inputs)
        return logits

    def evaluate(self, part: Part) -> Tensor:
        """Return mean loss and accuracy over a whole part, in evaluation mode: (quantity, seed), float64."""
        self._network.eval()
        size = max(1, EVALUATION_BATCH[self._device.type] // len(self.seeds))
        total = torch.zeros(2, len(self.seeds), dtype=torch.float64, device=self._device)
        with torch.no_grad():
            for start in range(0, len(part), size):
                inputs, labels = part.batch(slice(start, start + size))
                logits = self._logits(inputs, in_dims=None)
                of_each = labels.expand(len(self.seeds), *labels.shape)
                total += len(labels) * torch.stack([_loss(logits, of_each), _accuracy(logits, of_each)])
        return (total / len(part)).cpu()

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of parameters and buffers on the CPU, as (seed, ...)."""
        return {name: copy_to_cpu(tensor) for name, tensor in self._stored().items()}

    def _stored(self) -> dict[str, Tensor]:
        """The tensors of a state_dict."""
        tensors = {**self._parameters, **self._buffers}
        return {name: tensors[name] for name in self._network.state_dict()}

    def optimizer_state(self) -> dict[str, Tensor]:
        """Return a copy of the optimiser's tensors on the CPU, named ``<name>.<index of the parameter>``."""
        return named_state(self._optimizer.state)

    @torch.no_grad()
    def restore(self, weights: Mapping[str, Tensor], optimizer_state: Mapping[str, Tensor]) -> None:
        """Continue from what `weights` and `optimizer_state` returned."""
        for name, tensor in self._stored().items():
            tensor.copy_(weights[name])
        restore_state(self._optimizer.state, optimizer_state)


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


def _loss(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the mean loss (seed) of logits (seed, sample, class, ...)."""
    flat = full_precision(logits.flatten(0, 1)), labels.flatten(0, 1)
    losses: Tensor = cross_entropy(*flat, reduction="none", label_smoothing=smoothing)
    of_seeds: Tensor = losses.unflatten(0, labels.shape[:2])
    return of_seeds.flatten(1).mean(1)


def _accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share (seed) of labels (seed, sample, ...) that have the largest logit."""
    hits: Tensor = logits.argmax(2) == labels
    return hits.flatten(1).float().mean(1)
