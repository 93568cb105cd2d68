"""Masks of all networks of a checkpoint, by a method given by name."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from emergence.parameters.pruning import Scoring, method_and_step
from emergence.plugins import load
from emergence.pruning._mask import Mask, check_shapes
from emergence.pruning._scores import Kept
from emergence.pruning._subject import Samples, Subject, balanced
from emergence.training.checkpoints import Checkpoint
from emergence.training.step import Step

Method = Callable[[Subject, float, torch.Generator], Kept]


class Dataset(Protocol):
    """What is needed of a data set: inputs and labels of a part, and the scale of the inputs."""

    def part(self, name: str) -> tuple[Tensor, Tensor]: ...

    def normalise(self, inputs: Tensor) -> Tensor: ...


def scored_step(method: str, steps: Sequence[Step]) -> Step:
    """Return the step whose weights a method scores: the one after its @, or else the one its module names.

    `steps` are those with checkpoints, in order. Raises ValueError where the step is not among them.

    >>> steps = [Step(0), Step(1), Step(8)]
    >>> str(scored_step("global_magnitude", steps)), str(scored_step("global_magnitude@ep1", steps))
    ('ep8', 'ep1')
    """
    name, wanted = method_and_step(method)
    wanted = wanted or load("pruning", name, "make_mask").__globals__.get("SCORED_AT", "last")
    if wanted == "last":
        return steps[-1]
    if Step.parse(wanted) not in steps:
        raise ValueError(
            f"pruning method '{method}' scores the network at {wanted}, which has no checkpoint; "
            f"there are {', '.join(map(str, steps))}"
        )
    return Step.parse(wanted)


def prune(
    checkpoint: Checkpoint, dataset: Dataset, method: str, sparsity: float, scoring: Scoring | None = None
) -> Mask:
    """Make the masks of all networks of a checkpoint.

    `method` is a file of this package or module:function. Its random numbers, and which training samples it sees, are a
    function of the network's seed. Raises ValueError for an unknown method, a sparsity outside [0, 1), and a mask that
    does not fit the network.
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity {sparsity}; allowed: 0 up to, but not including, 1")
    name, _ = method_and_step(method)
    make_mask: Method = load("pruning", name, "make_mask")
    masks = []
    for seed in checkpoint.seeds:
        generator, settings = torch.Generator().manual_seed(seed), scoring or Scoring()
        samples = draw_samples(dataset, settings.samples_per_class, generator)
        subject = Subject(checkpoint.network(seed), samples, settings)
        if not subject.weights:
            raise ValueError("the network has no weights that can be pruned")
        masks.append(make_mask(subject, sparsity, generator))
        _check(masks[-1], subject, sparsity, f"mask by '{method}'")
    return Mask(checkpoint.seeds, {name: torch.stack([mask[name] for mask in masks]) for name in masks[0]})


def _check(mask: Kept, subject: Subject, sparsity: float, what: str) -> None:
    """Raise ValueError for a mask that does not fit the network or removes another share of its weights.

    It may differ by one weight per layer, or by any number if it names more than weights, as masks of whole units do.
    """
    check_shapes(mask, dict(subject.network.named_parameters()), what)
    missing = sorted(subject.weights.keys() - mask.keys())
    if missing:
        raise ValueError(f"{what}: no entries for {', '.join(missing)}")
    size = sum(weight.numel() for weight in subject.weights.values())
    removed = size - sum(int(mask[name].sum()) for name in subject.weights)
    if sparsity and not round(sparsity * size):
        least = f"{1 / size:.2g}"
        raise ValueError(f"{what}: sparsity {sparsity:g} removes none of {size} weights; allowed: {least} or more")
    if len(mask) == len(subject.weights) and abs(removed - sparsity * size) > len(subject.weights):
        raise ValueError(f"{what}: removed {removed} of {size} weights for sparsity {sparsity}")


def draw_samples(dataset: Dataset, per_class: int, generator: torch.Generator) -> Samples:
    """Draw training samples, equally many of each class; the probe samples are all there are."""
    inputs, labels = dataset.part("train")
    drawn = balanced(labels, per_class, generator)
    return Samples(dataset.normalise(inputs[drawn]), labels[drawn], dataset.normalise(dataset.part("probe")[0]))
