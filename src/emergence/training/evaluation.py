"""Loss and accuracy of a network on a part of a data set."""

import torch
from torch import Tensor, nn

from emergence.core.losses import loss_of
from emergence.training.batches import Part
from emergence.training.gradients import accuracy, mean_loss

EVALUATION_BATCH = {"cpu": 128, "cuda": 4096}
"""Samples per pass; on a CPU few enough that activations stay in its cache."""


def evaluate(network: nn.Module, part: Part, device: torch.device) -> Tensor:
    """Return mean loss and accuracy over a part of one seed's split, in evaluation mode: (quantity, 1), float64."""
    network.eval()
    total, loss = torch.zeros(2, dtype=torch.float64, device=device), loss_of(network)
    with torch.inference_mode():
        for places in part.places.split(EVALUATION_BATCH[device.type], dim=1):
            inputs, labels = (tensor[0] for tensor in part.batch(places))
            logits = network(inputs)
            total += len(labels) * torch.stack([mean_loss(logits, labels, loss=loss), accuracy(logits, labels)])
    return (total / len(part))[:, None].cpu()
