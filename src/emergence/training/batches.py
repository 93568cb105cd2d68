"""Samples held in memory, their order, and batches of them ready for a network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor, nn

from emergence.core.seeds import Stream, of_epoch
from emergence.training.augmentation import augment
from emergence.training.tensor_files import digest


class Split(Protocol):
    """A data set in the split of a seed."""

    @property
    def mean(self) -> Tensor | None:
        """Mean of the training part, which broadcasts over one input; None of tokens."""

    @property
    def std(self) -> Tensor | None:
        """Standard deviation of the training part likewise."""

    def places(self, name: str) -> Tensor:
        """Which samples are in a part."""

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        """Inputs (sample, *input_shape) as stored and labels (sample, ...) of a part."""

    def normalise(self, inputs: Tensor) -> Tensor:
        """Stored inputs as float32 of mean 0 and standard deviation 1 over the training part, or tokens as int64."""


class Dataset(Protocol):
    """A data set as training needs it; `emergence.datasets.read_processed` returns one."""

    @property
    def inputs(self) -> Tensor:
        """All inputs as stored: (sample, *input_shape)."""

    @property
    def labels(self) -> Tensor:
        """Their labels: (sample, ...)."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input."""

    @property
    def classes(self) -> int:
        """Number of classes."""

    def of_seed(self, seed: int) -> Split:
        """The data set in the split of a seed."""


@dataclass(frozen=True)
class Part:
    """A part of a data set, in the split of each of several seeds.

    All samples lie on the device once, as compact as they are stored: `inputs` and `labels`. `places` (seed, sample)
    says which are in the part of each seed. Batches are normalised when drawn, with `mean` and `std` (seed, 1, ...) of
    each seed's training part; tokens have none.
    """

    inputs: Tensor
    labels: Tensor
    places: Tensor
    mean: Tensor | None
    std: Tensor | None
    number_type: torch.dtype
    images_last: bool

    def __len__(self) -> int:
        """Return the number of samples of each seed."""
        return self.places.shape[1]

    def of(self, chosen: slice | list[int]) -> "Part":
        """Return the part of some of the seeds, by their positions; the samples are not copied."""
        mean, std = (None if scale is None else scale[chosen] for scale in (self.mean, self.std))
        return replace(self, places=self.places[chosen], mean=mean, std=std)

    def batch(self, places: Tensor, changes: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return normalised inputs (seed, sample, ...) and labels (seed, sample, ...) of samples (seed, sample).

        Images are changed as `augment` does; `changes` are those of one seed after the other's.
        """
        index = places.flatten()  # whole samples are copied several times faster than by indexing
        inputs, labels = self.inputs.index_select(0, index), self.labels.index_select(0, index)
        if changes is not None:
            inputs = augment(inputs, changes)
        inputs = self._normalised(inputs, places.shape)
        if self.images_last:
            inputs = channels_last(inputs)
        return inputs.unflatten(0, places.shape), labels.unflatten(0, places.shape)

    def first(self, samples: int | None = None) -> tuple[Tensor, Tensor]:
        """Return normalised inputs and labels of so many samples of the first seed, or of all."""
        inputs, labels = self.of(slice(1)).batch(self.places[:1, :samples])
        return inputs[0], labels[0]

    def _normalised(self, inputs: Tensor, shape: torch.Size) -> Tensor:
        if self.mean is None or self.std is None:
            return inputs.to(torch.int64)
        numbers = inputs.to(torch.float32)
        numbers.unflatten(0, shape).sub_(self.mean).div_(self.std)  # in place, to stay in the processor's cache
        return numbers.to(self.number_type)


def parts_of(
    data: Dataset,
    names: Sequence[str],
    seeds: Sequence[int],
    device: torch.device,
    images_last: bool = False,
    number_type: torch.dtype = torch.float32,
) -> list[Part]:
    """Return parts of a data set on a device, which share its samples.

    Raises ValueError for an empty part, and for one of which the seeds have different numbers of samples.
    """
    splits = [data.of_seed(seed) for seed in seeds]
    samples = data.inputs.to(device), data.labels.to(device)
    scale = [_stacked([split.mean for split in splits], data), _stacked([split.std for split in splits], data)]
    mean, std = (None if of_seeds is None else of_seeds.to(device) for of_seeds in scale)
    last = images_last and len(data.input_shape) == 3
    parts = []
    for name in names:
        places = [split.places(name) for split in splits]
        sizes = {seed: len(of_seed) for seed, of_seed in zip(seeds, places, strict=True)}
        if not all(sizes.values()):
            raise ValueError(f"the {name} part of the data set is empty")
        if len(set(sizes.values())) > 1:
            raise ValueError(f"the {name} part has a size of its own for each seed, but seeds train together: {sizes}")
        parts.append(Part(*samples, torch.stack(places).to(device), mean, std, number_type, last))
    return parts


def digest_of(parts: Sequence[Part]) -> str:
    """Return the SHA-256 of the samples that parts share, of which are in each, and of their scale."""
    first = parts[0]
    scale = {} if first.mean is None or first.std is None else {"mean": first.mean, "std": first.std}
    places = {str(number): part.places for number, part in enumerate(parts)}
    return digest({"inputs": first.inputs, "labels": first.labels, **scale, **places})


def _stacked(values: Sequence[Tensor | None], data: Dataset) -> Tensor | None:
    """Stack means or deviations of seeds so that they broadcast over inputs (seed, sample, ...)."""
    given = [value for value in values if value is not None]
    if not given:
        return None
    shape = given[0].shape or [1] * len(data.input_shape)
    return torch.stack(given).reshape(len(given), 1, *shape)


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
    inputs, labels = part.first(2)
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
