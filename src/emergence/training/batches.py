"""Samples held in memory, their order, and batches of them ready for a network."""

from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor, nn

from emergence.core.seeds import Stream, of_epoch
from emergence.training.augmentation import augment
from emergence.training.tensor_files import digest


class Dataset(Protocol):
    """A data set as training needs it; `emergence.datasets.read_processed` returns one."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input."""

    @property
    def classes(self) -> int:
        """Number of classes."""

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        """Inputs (sample, *input_shape) as stored and labels (sample, ...) of a part."""

    def normalise(self, inputs: Tensor) -> Tensor:
        """Stored inputs as float32 of mean 0 and standard deviation 1 over the training part, or tokens as int64."""


class Part:
    """A part of a data set on the device, as compact as it is stored; batches are normalised when drawn."""

    def __init__(
        self,
        data: Dataset,
        name: str,
        device: torch.device,
        images_last: bool = False,
        number_type: torch.dtype = torch.float32,
    ) -> None:
        inputs, labels = data.part(name)
        if not len(labels):
            raise ValueError(f"the {name} part of the data set is empty")
        self.inputs, self.labels = inputs.to(device), labels.to(device)
        self._data, self.number_type = data, number_type
        self._images_last = images_last and len(data.input_shape) == 3

    def __len__(self) -> int:
        return len(self.labels)

    def digest(self) -> str:
        """Return the SHA-256 of all samples as stored, with one as the network sees it."""
        return digest({"inputs": self.inputs, "labels": self.labels, "example": self.batch(slice(1))[0]})

    def batch(self, index: Tensor | slice, changes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return normalised inputs and labels of the chosen samples, images changed as `augment` does."""
        if isinstance(index, slice):
            inputs, labels = self.inputs[index], self.labels[index]
        else:  # copies whole samples, several times faster than indexing
            inputs, labels = self.inputs.index_select(0, index), self.labels.index_select(0, index)
        if changes is not None:
            inputs = augment(inputs, changes)
        inputs = self._data.normalise(inputs)
        if inputs.is_floating_point():
            inputs = inputs.to(self.number_type)
        return (channels_last(inputs) if self._images_last else inputs), labels


@lru_cache(maxsize=64)
def sample_order(seed: int, epoch: int, samples: int) -> Tensor:
    """Return the order in which an epoch visits the training samples: a function of seed and epoch alone.

    >>> sample_order(0, 3, 5).sort().values
    tensor([0, 1, 2, 3, 4])
    """
    return torch.from_numpy(of_epoch(seed, epoch, Stream.ORDER).permutation(samples))


def noise_seed(seed: int, epoch: int) -> int:
    """Return the base from which an epoch's random layers (dropout) are seeded, batch by batch."""
    return int(of_epoch(seed, epoch, Stream.NOISE).integers(2**62))


def check_logits(network: nn.Module, part: Part, classes: int) -> None:
    """Raise ValueError unless the network maps each sample to one logit per class, of each label it has."""
    inputs, labels = part.batch(slice(2))
    with torch.inference_mode():
        shape = tuple(network.eval()(inputs).shape)
    wanted = (len(labels), classes, *labels.shape[1:])
    if shape != wanted:
        raise ValueError(
            f"the network gives logits of shape {shape} for {len(inputs)} samples and {classes} classes, "
            f"which should have shape {wanted}"
        )


def prefers_channels_last(network: nn.Module, device: torch.device) -> bool:
    """Tell whether a network computes faster on images whose channels lie next to each other in memory."""
    return device.type == "cpu" and any(isinstance(module, nn.Conv2d) for module in network.modules())


def channels_last(images: Tensor) -> Tensor:
    """Return images (sample, channel, height, width) with the channels innermost in memory.

    The strides are set explicitly because torch leaves images of a single channel as they are.

    >>> channels_last(torch.zeros(2, 1, 4, 4)).stride()
    (16, 1, 4, 1)
    """
    _, channels, height, width = images.shape
    strides = (channels * height * width, 1, width * channels, channels)
    return images.contiguous(memory_format=torch.channels_last).as_strided(images.shape, strides)
