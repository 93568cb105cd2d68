"""Random crops and mirror images: exact, fixed by seed, epoch and place, and drawn evenly."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor
from torch.nn.functional import cross_entropy

from emergence.core.torchvision_import import torchvision
from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training import augmentation
from emergence.training.augmentation import augment, changes_of_batch
from emergence.training.batches import parts_of, sample_order
from emergence.training.block import train_block
from emergence.training.checkpoints import read
from tests.samples import OneSplit

torch.set_num_threads(1)  # as in jobs

CNN = Architecture("cnn", (2, 6, 4), 3, {"channels": [4]})
BOTH = {"crop_padding": 2, "flip": True}


class Pictures(OneSplit):
    """Images at random, as bytes; black is not their mean."""

    mean, std = torch.tensor(128.0), torch.tensor(128.0)

    classes = 3

    def __init__(self, input_shape: tuple[int, ...] = CNN.input_shape) -> None:
        self.input_shape = input_shape

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        return torch.randint(1, 256, (30, *self.input_shape), generator=generator).to(torch.uint8), torch.arange(30) % 3


def settings(**changes: Any) -> Training:
    chosen = {"epochs": 3, "batch_size": 8, "augmentation": BOTH, "checkpoints": {"early_iterations": []}}
    return Training.model_validate({**chosen, **changes})


def changes_of_epoch(training: Training, seed: int, epoch: int, samples: int) -> Tensor:
    batches = [changes_of_batch(training, [seed], epoch, i, samples) for i in range(-(-samples // training.batch_size))]
    return torch.cat([batch for batch in batches if batch is not None])


def by_torchvision(image: Tensor, padding: int, down: int, right: int, mirrored: int) -> Tensor:
    functional = torchvision.transforms.functional
    cut = functional.crop(functional.pad(image, [padding]), padding + down, padding + right, *image.shape[-2:])
    return functional.hflip(cut) if mirrored else cut


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=str)
@pytest.mark.parametrize(("padding", "flip"), [(0, True), (3, False), (4, True)])
def test_images_are_those_of_torchvision_with_the_same_choices(padding: int, flip: bool, dtype: torch.dtype) -> None:
    images = torch.randint(1, 256, (100, 3, 7, 5), generator=torch.Generator().manual_seed(0)).to(dtype)
    training = settings(augmentation={"crop_padding": padding, "flip": flip}, batch_size=100)
    changes = changes_of_batch(training, [0], 0, 0, 100)
    assert changes is not None
    changed = augment(images, changes)
    assert changed.dtype == dtype
    for image, choice, result in zip(images, changes.tolist(), changed, strict=True):
        assert torch.equal(result, by_torchvision(image, padding, *choice))


def test_choices_depend_on_seed_epoch_and_place_alone() -> None:
    first = changes_of_epoch(settings(), 5, 2, 30)
    changes_of_epoch(settings(), 6, 0, 30)
    augmentation._changes_of_epoch.cache_clear()
    assert torch.equal(first, changes_of_epoch(settings(batch_size=7), 5, 2, 30))
    drawn = {tuple(changes_of_epoch(settings(), *when, 30).flatten().tolist()) for when in np.ndindex(4, 4)}
    assert len(drawn) == 16


def test_the_same_images_are_mirrored_with_and_without_crops() -> None:
    with_crops, without = (
        changes_of_epoch(settings(augmentation={"crop_padding": padding, "flip": True}), 0, 0, 30) for padding in (3, 0)
    )
    assert torch.equal(with_crops[:, 2], without[:, 2])
    assert with_crops[:, :2].any() and not without[:, :2].any()


def test_all_choices_are_equally_frequent() -> None:
    samples, padding = 50_000, 4
    chosen = changes_of_epoch(settings(augmentation={"crop_padding": padding, "flip": True}), 0, 0, samples).long()
    cells = ((chosen[:, 0] + padding) * 9 + chosen[:, 1] + padding) * 2 + chosen[:, 2]
    observed = np.bincount(cells.numpy(), minlength=162)
    assert len(observed) == 162
    assert chisquare(observed).pvalue > 0.01
    following = chosen[1:, 2] * 2 + chosen[:-1, 2]  # one image's choice says nothing about the next one's
    assert chisquare(np.bincount(following.numpy(), minlength=4)).pvalue > 0.01


def test_training_sees_changed_images_and_evaluation_the_images_as_they_are(tmp_path: Path) -> None:
    trained = train_block(Pictures(), CNN, [4], settings(), tmp_path)
    network = read(next(iter(trained.checkpoints))).network(4)
    inputs, labels = Pictures().part("train")
    index, choices = sample_order(4, 0, 30)[:8], changes_of_epoch(settings(), 4, 0, 30)[:8]
    seen = [by_torchvision(inputs[i], 2, *choice) for i, choice in zip(index, choices.tolist(), strict=True)]
    loss = cross_entropy(network(Pictures().normalise(torch.stack(seen))), labels[index]).item()
    start = trained.metrics.sel(seed=4)
    assert start["batch_loss"].values[0] == pytest.approx(loss, rel=1e-5)
    plain = cross_entropy(network(Pictures().normalise(inputs)), labels).item()
    assert start["train_loss"].sel(step="ep0").item() == pytest.approx(plain, rel=1e-5)


def test_padding_is_black_also_after_normalisation() -> None:
    (part,) = parts_of(Pictures(), ["train"], [0], torch.device("cpu"), images_last=True)
    shifted, _ = part.batch(torch.arange(3)[None], torch.tensor([[1, 0, 0]]).expand(3, 3))
    assert (shifted[..., -1, :] == -1).all()
    assert (shifted[..., :-1, :] > -1).all()


@pytest.mark.parametrize(
    ("changes", "shape", "message"),
    [
        ({"flip": True}, (40,), r"training.augmentation.flip changes images, .* shape \(40,\); set it to false"),
        ({"crop_padding": 2, "flip": True}, (40,), r"crop_padding changes images, .* shape \(40,\); set it to 0"),
        ({"crop_padding": 4}, (1, 6, 4), "crop_padding = 4 must be less than the sides of the images, 6 x 4"),
    ],
)
def test_what_cannot_be_changed_is_refused_before_training(
    changes: dict[str, Any], shape: tuple[int, ...], message: str, tmp_path: Path
) -> None:
    network = Architecture("mlp", shape, 3, {"widths": [4]})
    with pytest.raises(ValueError, match=message):
        train_block(Pictures(shape), network, [0], settings(augmentation=changes), tmp_path)
    assert not list(tmp_path.iterdir())
