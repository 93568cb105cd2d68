"""One network in training: its weights, its optimiser, and the seed that fixes all that is random."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emergence.networks import Architecture, build
from emergence.parameters.training import Training
from emergence.training.augmentation import changes_of_batch
from emergence.training.batches import Part, noise_seed, prefers_channels_last, sample_order
from emergence.training.dense import Dense, is_dense
from emergence.training.gradients import Autograd, accuracy, mean_loss
from emergence.training.optimizers import make_optimizer
from emergence.training.pooling import pool_first
from emergence.training.precision import number_type
from emergence.training.schedule import learning_rate
from emergence.training.tensors import copy_to_cpu, named_state, removed_weights, restore_state

EVALUATION_BATCH = {"cpu": 128, "cuda": 4096}
"""Samples per pass; on a CPU few enough that activations stay in its cache."""


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
        pool_first(self.network)
        if prefers_channels_last(self.network, device):
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._removed = removed_weights(dict(self.network.named_parameters()), mask or {})
        parameters = [p for p in self.network.parameters() if p.requires_grad]
        self._optimizer = make_optimizer(parameters, training.optimizer)
        written_out = device.type == "cpu" and training.precision != "bfloat16" and is_dense(self.network)
        self._gradients = (
            Dense(self.network, training, architecture.classes)
            if written_out
            else Autograd(self.network, training, device)
        )
        self._noise = (
            torch.cuda.default_generators[device.index or 0] if device.type == "cuda" else torch.default_generator
        )

    def advance(self, part: Part, epoch: int, start: int, stop: int) -> Tensor:
        """Make the updates `start` to `stop` (exclusive) of an epoch; return (quantity, 1, update)."""
        (seed,), size = self.seeds, self._training.batch_size
        order = sample_order(seed, epoch, len(part))[start * size : stop * size].to(self._device)
        per_epoch, noise = -(-len(part) // size), noise_seed(seed, epoch)
        self.network.train()
        history = []
        for iteration, index in enumerate(order.split(size), start=start):
            self._noise.manual_seed(noise + iteration)
            rate = learning_rate(self._training, epoch * per_epoch + iteration, per_epoch)
            changes = changes_of_batch(self._training, self.seeds, epoch, iteration, len(part))
            history.append(self._update(*part.batch(index, changes), rate))
        return torch.stack(history, dim=1)[:, None]

    def _update(self, inputs: Tensor, labels: Tensor, rate: float) -> Tensor:
        loss, share = self._gradients.of_batch(inputs, labels)
        gradients = self._gradients.gradients
        for position, removed in self._removed:
            gradients[position].masked_fill_(removed, 0)
        record = torch.stack([loss, share, self._gradients.norm()])
        self._optimizer.update(gradients, rate)
        return record

    def evaluate(self, part: Part) -> Tensor:
        """Return mean loss and accuracy over a whole part, in evaluation mode: (quantity, 1), float64."""
        self.network.eval()
        size = EVALUATION_BATCH[self._device.type]
        total = torch.zeros(2, dtype=torch.float64, device=self._device)
        with torch.inference_mode():
            for start in range(0, len(part), size):
                inputs, labels = part.batch(slice(start, start + size))
                logits = self.network(inputs)
                total += len(labels) * torch.stack([mean_loss(logits, labels), accuracy(logits, labels)])
        return (total / len(part))[:, None].cpu()

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of parameters and buffers on the CPU, as (1, ...)."""
        return {name: copy_to_cpu(tensor)[None] for name, tensor in self.network.state_dict().items()}

    def optimizer_state(self) -> dict[str, Tensor]:
        """Return a copy of the optimiser's tensors on the CPU, named ``<name>.<index of the parameter>``."""
        return named_state(self._optimizer.state)

    def restore(self, weights: Mapping[str, Tensor], optimizer_state: Mapping[str, Tensor]) -> None:
        """Continue from what `weights` and `optimizer_state` returned."""
        self.network.load_state_dict({name: tensor[0] for name, tensor in weights.items()})
        restore_state(self._optimizer.state, optimizer_state)


def initial_network(architecture: Architecture, seed: int) -> nn.Module:
    """Build a network whose weights are a function of the seed alone; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(architecture)
