"""Random crops and mirror images of the training images, drawn anew in every epoch.

How an image is changed is a function of the seed, the epoch and its place in the epoch alone. It is changed on the
device, as stored: the zeros around an image are black, and normalisation follows, as in the usual recipe for CIFAR.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from emergence.core.seeds import Stream, of_epoch
from emergence.parameters.training import Augmentation, Training


def check_images(settings: Augmentation, input_shape: tuple[int, ...]) -> None:
    """Raise ValueError where inputs of that shape cannot be changed so.

    >>> check_images(Augmentation(flip=True), (40,))
    Traceback (most recent call last):
    ValueError: training.augmentation.flip changes images, but the inputs have shape (40,); set it to false
    """
    key, unset = ("crop_padding", 0) if settings.crop_padding else ("flip", "false")
    if settings.changes_images and len(input_shape) != 3:
        raise ValueError(
            f"training.augmentation.{key} changes images, but the inputs have shape {input_shape}; set it to {unset}"
        )
    if settings.crop_padding and settings.crop_padding >= min(input_shape[1:]):
        raise ValueError(
            f"training.augmentation.crop_padding = {settings.crop_padding} must be less than the sides of the images, "
            f"{input_shape[1]} x {input_shape[2]}"
        )


def changes_of_batch(
    training: Training, seeds: Sequence[int], epoch: int, iteration: int, samples: int
) -> Tensor | None:
    """Return the changes of a batch of each seed, one seed's after the other's, or None where images stay as they are.

    `samples` is the number of training samples. A change (see `augment`) is drawn with equal probability from all.

    >>> training = Training(batch_size=2, augmentation={"crop_padding": 1, "flip": True})
    >>> changes_of_batch(training, [0, 7], epoch=3, iteration=1, samples=4).tolist()
    [[-1, 0, 1], [-1, 1, 1], [0, -1, 1], [1, -1, 1]]
    """
    settings, size = training.augmentation, training.batch_size
    if not settings.changes_images:
        return None
    batch = slice(iteration * size, (iteration + 1) * size)
    return torch.cat([_changes_of_epoch(settings, seed, epoch, samples)[batch] for seed in seeds])


@lru_cache(maxsize=256)
def _changes_of_epoch(settings: Augmentation, seed: int, epoch: int, samples: int) -> Tensor:
    """Return the changes (sample, 3) of an epoch; whether there are crops does not matter to what is mirrored."""
    random = of_epoch(seed, epoch, Stream.CHANGES)
    mirrored = random.integers(0, 2, samples, dtype=np.int16) * settings.flip
    shift = random.integers(-settings.crop_padding, settings.crop_padding + 1, (samples, 2), dtype=np.int16)
    return torch.from_numpy(np.column_stack([shift, mirrored]))


def augment(images: Tensor, changes: Tensor) -> Tensor:
    """Return changed images; `images` are (..., channel, height, width) and `changes` (..., 3).

    A change is (down, right, mirrored): the part that lies so many pixels further down and to the right is cut out of
    the image, zeros where it reaches beyond, and then mirrored left to right where `mirrored` is 1. So a crop from an
    image padded with p pixels is a shift by -p to p.

    >>> image = torch.tensor([[[1, 2], [3, 4]]])
    >>> augment(image, torch.tensor([0, 1, 0])).tolist(), augment(image, torch.tensor([0, 1, 1])).tolist()
    ([[[2, 0], [4, 0]]], [[[0, 2], [0, 4]]])
    """
    height, width = images.shape[-2:]
    down, right, mirrored = changes.to(images.device, torch.int64).unsqueeze(-1).unbind(-2)
    rows, columns = (torch.arange(size, device=images.device) for size in (height, width))
    rows, columns = rows + down, columns + right + mirrored * (width - 1 - 2 * columns)
    source = width * rows.clamp(0, height - 1)[..., :, None] + columns.clamp(0, width - 1)[..., None, :]
    flat = images.flatten(-2)
    found = flat.gather(-1, source.flatten(-2).unsqueeze(-2).expand_as(flat)).view_as(images)
    beyond = ((rows < 0) | (rows >= height))[..., :, None] | ((columns < 0) | (columns >= width))[..., None, :]
    return found.masked_fill(beyond.unsqueeze(-3), 0)
