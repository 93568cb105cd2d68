"""Masks of all networks of a checkpoint, by a method given by name."""

import logging
from collections.abc import Callable, Sequence

import torch

from emergence.core.plugins import load
from emergence.core.seeds import of_mask
from emergence.core.steps import Step
from emergence.parameters.pruning import Scoring, method_and_step
from emergence.pruning._mask import Mask, check_shapes
from emergence.pruning._scores import Kept, NotNumbers
from emergence.pruning._subject import Samples, Subject, balanced, plain
from emergence.training.batches import Dataset, Split
from emergence.training.checkpoints import Checkpoint

log = logging.getLogger(__name__)

Method = Callable[[Subject, float, torch.Generator], Kept]


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
    checkpoint: Checkpoint,
    dataset: Dataset,
    method: str,
    sparsity: float,
    scoring: Scoring | None = None,
    draw: int = 1,
) -> Mask:
    """Make the masks of all networks of a checkpoint.

    `method` is a file of this package or module:function. Its random numbers are a function of the network's seed and
    of `draw`, which counts the masks of a network from 1, and so are the samples that it sees, which are of that seed's
    split of `dataset`. `scoring` has the settings of methods that look at more than weights. Of a network with weights
    or scores that are not numbers nothing is removed: its seed is among `Mask.diverged`. Raises ValueError for an
    unknown method, a sparsity outside [0, 1), and a mask that does not fit the network.

    >>> from emergence.datasets import SplitDataset
    >>> from emergence.networks import Architecture
    >>> described = Architecture("mlp", (2,), 2, {"widths": [], "activation": "relu"})
    >>> layer = {"output.weight": torch.tensor([[[1.0, -4.0], [2.0, 3.0]]]), "output.bias": torch.zeros(1, 2)}
    >>> data = SplitDataset("none", torch.zeros(1, 2), torch.zeros(1), ("a", "b"), torch.zeros(1), None, None)
    >>> prune(Checkpoint(Step(0), (7,), described, layer), data, "global_magnitude", 0.5).of_seed(7)["output.weight"]
    tensor([[False,  True],
            [False,  True]])
    """
    if not 0 <= sparsity < 1:
        raise ValueError(f"sparsity {sparsity}; allowed: 0 up to, but not including, 1")
    name, _ = method_and_step(method)
    make_mask: Method = load("pruning", name, "make_mask")
    masks, diverged = {}, []
    for seed in checkpoint.seeds:
        generator, settings = torch.Generator().manual_seed(of_mask(seed, draw)), scoring or Scoring()
        # A method that says not to use their number sees as many samples as by default.
        per_class = vars(settings).get("samples_per_class", Scoring().samples_per_class)
        samples = draw_samples(dataset.of_seed(seed), per_class, generator)
        subject = Subject(checkpoint.network(seed), samples, settings)
        if not subject.weights:
            raise ValueError("the network has no weights that can be pruned")
        kept = _made(make_mask, subject, sparsity, generator)
        if kept is None:
            log.warning("seed %d: the network diverged, so that nothing is removed from it", seed)
            diverged.append(seed)
            continue
        _check(kept, subject, sparsity, f"mask by '{method}'")
        masks[seed] = kept
    template = next(iter(masks.values()), subject.weights)
    whole = {name: torch.ones(tensor.shape, dtype=torch.bool) for name, tensor in template.items()}
    stacked = {name: torch.stack([masks.get(seed, whole)[name] for seed in checkpoint.seeds]) for name in whole}
    return Mask(checkpoint.seeds, stacked, tuple(diverged))


def _made(make_mask: Method, subject: Subject, sparsity: float, generator: torch.Generator) -> Kept | None:
    """Return a network's mask; None where its training diverged."""
    if not all(bool(weight.isfinite().all()) for weight in subject.weights.values()):
        return None
    try:
        return make_mask(subject, sparsity, generator)
    except NotNumbers:
        return None


def _check(mask: Kept, subject: Subject, sparsity: float, what: str) -> None:
    """Raise ValueError for a mask that does not fit the network or removes another share of its weights.

    It may differ by one weight per layer, or by any number if it names more than weights, as masks of whole units do.
    """
    check_shapes(mask, dict(plain(subject.network).named_parameters()), what)
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


def draw_samples(split: Split, per_class: int, generator: torch.Generator) -> Samples:
    """Draw training samples, equally many of each class; the probe samples are all there are."""
    inputs, labels = split.part("train")
    drawn = balanced(labels, per_class, generator)
    return Samples(split.normalise(inputs[drawn]), labels[drawn], split.normalise(split.part("probe")[0]))
