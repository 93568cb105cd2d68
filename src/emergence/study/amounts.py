"""How much jobs have to do, read from parameters and runs alone."""

from math import ceil, prod
from typing import TYPE_CHECKING

from emergence.core.runs import Run
from emergence.parameters.checks.sizes import layers, parts, work
from emergence.parameters.data_kind import Size
from emergence.parameters.networks import VGG, ResNet
from emergence.study.rules import Amount, Subject

if TYPE_CHECKING:
    from emergence.study.plan import Plan

UNKNOWN_SIZE = Size(10_000, None, (100,), 10)
"""What is taken for a data set of which only reading it would tell."""

UNKNOWN_LAYERS, UNKNOWN_WORK = 20, (1e5, 1e7)
"""What is taken for a network of which only building it would tell: layers, and values and products for a sample."""

BACKWARD = 3
"""Multiplications of a forward pass and of the backward pass after it, in forward passes."""

CONTROLS = 3
"""Controls of a network beside noisy copies: shuffled weights, fresh ones, shuffled activity."""


def preparing(plan: "Plan", dataset: str) -> Amount:
    """The numbers of all samples are read once, and split for every seed."""
    size = _size(plan, dataset)
    return Amount(plan.parameters.study.seeds, size.samples * prod(size.shape))


def training(plan: "Plan", run: Run) -> Amount:
    """All seeds of a run are trained together."""
    return _trained(plan, run, plan.parameters.training_of(run.dataset).epochs, len(run.seeds))


def tuning(plan: "Plan", run: Run) -> Amount:
    """Networks are trained at every rate."""
    rates, epochs = plan.parameters.tuning.learning_rates, plan.parameters.tuning.epochs
    return _times(len(rates), _trained(plan, run, epochs, len(run.seeds)))


def saved(plan: "Plan", run: Run) -> Amount:
    """Every network is read once."""
    return _passed(plan, run, len(run.seeds), samples=1)


def counting(plan: "Plan", run: Run) -> Amount:
    """Paths are counted at every checkpoint, for all samples, and at every choice."""
    passes = _passed(plan, run, _checkpoints(plan, run) * len(run.seeds))
    return passes._replace(products=passes.products * _choices(plan))


def measuring(plan: "Plan", run: Run) -> Amount:
    """Every measure is taken at every checkpoint."""
    return _passed(plan, run, _checkpoints(plan, run) * len(run.seeds) * len(plan.parameters.measures.names))


def examining(plan: "Plan", run: Run) -> Amount:
    """Networks are examined at every checkpoint on fresh samples."""
    samples = plan.parameters.scoreboard.samples
    return _passed(plan, run, _checkpoints(plan, run) * len(run.seeds), samples)


def controlling(plan: "Plan", run: Run) -> Amount:
    """Paths of copies are counted at some checkpoints."""
    controls = plan.parameters.controls
    return _passed(plan, run, len(controls.steps) * len(run.seeds) * (len(controls.noise) + CONTROLS))


def sampling(plan: "Plan", run: Run) -> Amount:
    """All points of planes, slices and the line are one network each; planes lie around runs of reference alone."""
    where = plan.parameters.landscape
    first, second = where.grid
    planes = len(where.planes) * first * second if run in plan.selection.reference else 0
    points = len(where.steps) * (planes + where.slices * where.slice_points) + where.line_points
    return _passed(plan, run, points * len(plan.selection.sampled_seeds(run)))


def curvature(plan: "Plan", run: Run) -> Amount:
    """Products with the Hessian, each as much as two passes forward and backward."""
    sought, steps = plan.parameters.curvature, len(plan.parameters.landscape.steps)
    hessian = sought.eigenvalues + sought.probes * sought.lanczos_steps
    return _passed(plan, run, 2 * BACKWARD * hessian * steps * len(plan.selection.sampled_seeds(run)))


def minima(plan: "Plan", run: Run) -> Amount:
    """All copies of a network at a step are trained together."""
    sought, steps = plan.parameters.minima, len(plan.parameters.landscape.steps)
    trained = _trained(plan, run, sought.epochs, sought.copies * len(sought.radii))
    return _times(steps * len(plan.selection.sampled_seeds(run)), trained)


def joining(plan: "Plan", subject: Subject) -> Amount:
    """What is made of all runs together."""
    runs = len(plan.runs)
    return Amount(len(plan.parameters.study.pairs), runs, runs * _choices(plan))


def _times(number: float, amount: Amount) -> Amount:
    return Amount(*(number * part for part in amount))


def _size(plan: "Plan", dataset: str) -> Size:
    return plan.sizes.get(dataset, UNKNOWN_SIZE)


def _work(plan: "Plan", run: Run, steps: float, samples: float) -> Amount:
    """So many steps through all layers of a run's network, and so many samples in all of them."""
    network = plan.parameters.networks[run.network].resized(run.variation.width, run.variation.depth)
    size = _size(plan, run.dataset)
    depth = len(layers(network, size.shape, size.classes))
    values, products = work(network, size) if depth or isinstance(network, VGG | ResNet) else UNKNOWN_WORK
    return Amount(steps * (depth or UNKNOWN_LAYERS), samples * values, samples * products)


def _passed(plan: "Plan", run: Run, passes: float, samples: int = 0) -> Amount:
    """So many forward passes of one network over the probe samples, or over as many as are given."""
    return _work(plan, run, passes, passes * (samples or plan.parameters.data.probe_samples))


def _trained(plan: "Plan", run: Run, epochs: int, networks: int) -> Amount:
    """So many networks are trained, their updates done together."""
    data = plan.parameters.data
    samples = max(1, parts(_size(plan, run.dataset), data)[2] - data.probe_samples)
    updates = epochs * ceil(samples / plan.parameters.training_of(run.dataset).batch_size)
    return _work(plan, run, updates, BACKWARD * networks * epochs * samples)


def _checkpoints(plan: "Plan", run: Run) -> int:
    training = plan.parameters.training_of(run.dataset)
    return 1 + len(training.checkpoints.early_iterations) + ceil(training.epochs / training.checkpoints.every_epochs)


def _choices(plan: "Plan") -> int:
    """At how many choices paths are counted at a checkpoint."""
    emergence = plan.parameters.emergence
    thresholds = sum(len(emergence.thresholds_of(criterion)[1]) for criterion in emergence.criteria)
    return thresholds * len(emergence.through) * len(emergence.samples)
