"""When the network is saved, and how large the learning rate is."""

from math import cos, pi

from emergence.core.steps import Step
from emergence.parameters.training import Training


def checkpoint_steps(training: Training, iterations_per_epoch: int) -> list[Step]:
    """Return the steps at which weights are saved and measured, in order.

    These are the start, early iterations of the first epoch, every so many epochs, and the end.

    >>> settings = Training(epochs=5, checkpoints={"early_iterations": [1, 2, 99], "every_epochs": 2})
    >>> [str(step) for step in checkpoint_steps(settings, iterations_per_epoch=18)]
    ['ep0', 'ep0it1', 'ep0it2', 'ep2', 'ep4', 'ep5']
    """
    chosen = training.checkpoints
    early = {Step(0, iteration) for iteration in chosen.early_iterations if iteration < iterations_per_epoch}
    epochs = {Step(epoch) for epoch in range(0, training.epochs, chosen.every_epochs)}
    return sorted(early | epochs | {Step(training.epochs)})


def learning_rate(training: Training, updates: int, iterations_per_epoch: int) -> float:
    """Return the learning rate of the update that follows `updates` earlier ones.

    The W updates of the warm-up (rounded to whole ones) have 1/W, 2/W, ..., 1 of the full rate (Goyal et al. 2017,
    section 2.2). Then the schedule begins: `constant` keeps the full rate; `step` multiplies it by `factor` after every
    `every` epochs; `cosine` lets it fall to zero at the end of training (Loshchilov and Hutter 2017, equation 5,
    without restarts).

    >>> halved = Training(optimizer={"learning_rate": 0.4}, schedule={"name": "step", "every": 2, "factor": 0.5})
    >>> [learning_rate(halved, epoch * 10, 10) for epoch in range(5)]
    [0.4, 0.4, 0.2, 0.2, 0.1]
    >>> warmed = Training(optimizer={"learning_rate": 0.4}, schedule={"warmup_epochs": 0.4})
    >>> [learning_rate(warmed, update, 10) for update in range(6)]
    [0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4]
    """
    schedule, full = training.schedule, training.optimizer.learning_rate
    warmup = round(schedule.warmup_epochs * iterations_per_epoch)
    if updates < warmup:
        return full * ((updates + 1) / warmup)
    since, length = updates - warmup, training.epochs * iterations_per_epoch - warmup
    if schedule.name == "step":
        return full * schedule.factor ** (since // iterations_per_epoch // schedule.every)
    if schedule.name == "cosine":
        return full * (1 + cos(pi * since / length)) / 2
    return full
