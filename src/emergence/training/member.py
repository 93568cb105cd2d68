"""One network in training: its weights, its optimiser, and the seed that fixes all that is random."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from emergence.networks import Architecture, build
from emergence.parameters.training import Training
from emergence.plugins import unknown
from emergence.training.augmentation import changes_of_batch
from emergence.training.batches import Part, noise_seed, prefers_channels_last, sample_order
from emergence.training.optimizers import make_optimizer
from emergence.training.schedule import learning_rate

BATCH_QUANTITIES = ("batch_loss", "batch_accuracy", "gradient_norm")
EVALUATION_BATCH = {"cpu": 128, "cuda": 4096}
"""Samples per pass; on a CPU few enough that activations stay in its cache."""


class Member:
    """A network trained from one seed.

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
        self.seed, self._training, self._device = seed, training, device
        self.network = initial_network(architecture, seed).to(device)
        if initial is not None:
            self.network.load_state_dict(initial)
        if prefers_channels_last(self.network, device):
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._parameters = [p for p in self.network.parameters() if p.requires_grad]
        self._removed = _removed(self.network, mask or {})
        with torch.no_grad():
            for parameter, removed in self._removed:
                parameter.masked_fill_(removed, 0)
        self._optimizer = make_optimizer(self._parameters, training.optimizer)
        self._noise = (
            torch.cuda.default_generators[device.index or 0] if device.type == "cuda" else torch.default_generator
        )

    def check_logits(self, part: Part, classes: int) -> None:
        """Raise ValueError unless the network maps each sample to one logit per class."""
        inputs, _ = part.batch(slice(2))
        with torch.inference_mode():
            shape = tuple(self.network.eval()(inputs).shape)
        if shape != (len(inputs), classes):
            raise ValueError(
                f"the network gives logits of shape {shape} for {len(inputs)} samples and {classes} classes"
            )

    def advance(self, part: Part, epoch: int, start: int, stop: int) -> Tensor:
        """Make the updates `start` to `stop` (exclusive) of an epoch; return BATCH_QUANTITIES (quantity, update)."""
        size = self._training.batch_size
        order = sample_order(self.seed, epoch, len(part))[start * size : stop * size].to(self._device)
        per_epoch, noise = -(-len(part) // size), noise_seed(self.seed, epoch)
        self.network.train()
        history = []
        for iteration, index in enumerate(order.split(size), start=start):
            self._noise.manual_seed(noise + iteration)
            rate = learning_rate(self._training, epoch * per_epoch + iteration, per_epoch)
            changes = changes_of_batch(self._training, [self.seed], epoch, iteration, len(part))
            history.append(self._update(*part.batch(index, changes), rate))
        return torch.stack(history, dim=1)

    def _update(self, inputs: Tensor, labels: Tensor, rate: float) -> Tensor:
        logits = self.network(inputs)
        loss = cross_entropy(logits, labels, label_smoothing=self._training.label_smoothing)
        loss.backward()
        for parameter, removed in self._removed:
            if parameter.grad is not None:
                parameter.grad.masked_fill_(removed, 0)
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self._parameters]
        with torch.no_grad():
            record = torch.stack([loss.detach(), accuracy(logits, labels), nn.utils.get_total_norm(gradients)])
        self._optimizer.update(gradients, rate)
        for parameter in self._parameters:
            parameter.grad = None
        return record

    def evaluate(self, part: Part) -> tuple[float, float]:
        """Return mean loss and accuracy over a whole part, in evaluation mode."""
        self.network.eval()
        size = EVALUATION_BATCH[self._device.type]
        total = torch.zeros(2, dtype=torch.float64, device=self._device)
        with torch.inference_mode():
            for start in range(0, len(part), size):
                inputs, labels = part.batch(slice(start, start + size))
                logits = self.network(inputs)
                total += len(labels) * torch.stack([cross_entropy(logits, labels), accuracy(logits, labels)])
        loss, share = (total / len(part)).tolist()
        return loss, share

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of parameters and buffers on the CPU."""
        return {name: _copy(tensor) for name, tensor in self.network.state_dict().items()}

    def optimizer_state(self) -> dict[str, Tensor]:
        """Return a copy of the optimiser's tensors on the CPU, named ``<name>.<index of the parameter>``."""
        state = self._optimizer.state
        return {f"{name}.{index}": _copy(t) for name, tensors in state.items() for index, t in enumerate(tensors)}

    def restore(self, weights: Mapping[str, Tensor], optimizer_state: Mapping[str, Tensor]) -> None:
        """Continue from what `weights` and `optimizer_state` returned."""
        self.network.load_state_dict(weights)
        for name, tensors in self._optimizer.state.items():
            for index, tensor in enumerate(tensors):
                tensor.copy_(optimizer_state[f"{name}.{index}"])


def initial_network(architecture: Architecture, seed: int) -> nn.Module:
    """Build a network whose weights are a function of the seed alone; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(architecture)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the share of samples whose largest logit is that of the label.

    >>> accuracy(torch.eye(3), torch.tensor([0, 1, 0]))
    tensor(0.6667)
    """
    return (logits.argmax(1) == labels).float().mean()


def _removed(network: nn.Module, mask: Mapping[str, Tensor]) -> list[tuple[nn.Parameter, Tensor]]:
    """Pair the masked parameters with what is removed of them; names and shapes must be the network's."""
    parameters = dict(network.named_parameters())
    pairs = []
    for name, kept in mask.items():
        if name not in parameters:
            raise ValueError(unknown(name, list(parameters), "parameter in the mask"))
        parameter = parameters[name]
        if kept.shape != parameter.shape:
            raise ValueError(f"mask of '{name}' has shape {tuple(kept.shape)}, the network {tuple(parameter.shape)}")
        removed = torch.empty_like(parameter, dtype=torch.bool).copy_(kept == 0)
        pairs.append((parameter, removed))
    return pairs


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous()
