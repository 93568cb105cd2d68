"""The loss of the multilinear model over training time, data and parameters: exact, and as a power law.

Power laws are those of Nam et al. 2024 (arXiv:2404.17563), for infinitely many skills and one bottleneck at a
time. The loss is that of the task, E[(target - f)^2] / 2.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.special import expit, gamma, zeta

from emergence.core.arrays import Floats
from emergence.testbeds.sparse_parity.closed_form import SkillLearner
from emergence.testbeds.sparse_parity.task import SparseParity

Bottleneck = Literal["time", "data", "parameters", "compute"]


def exponent(bottleneck: Bottleneck, alpha: float) -> float:
    """Return the power with which the loss falls; compute is parameters times steps, in the best proportion.

    >>> round(exponent("time", 0.6), 4), round(exponent("compute", 0.6), 4)
    (-0.375, -0.2308)
    """
    match bottleneck:
        case "time" | "data":
            return -alpha / (alpha + 1)
        case "parameters":
            return -alpha
        case "compute":
            return -alpha / (alpha + 2)


def loss(task: SparseParity, relative_strengths: ArrayLike) -> Floats:
    """Return the loss of a multilinear model with the given R_k / S: (..., skills) to (...).

    >>> float(loss(SparseParity(skills=3, alpha=0.6, scale=2.0), [0.5, 0.5, 0.5]))
    0.5
    """
    return np.asarray(task.scale**2 / 2 * (1 - np.asarray(relative_strengths)) ** 2 @ task.frequencies)


def loss_over_time(task: SparseParity, learner: SkillLearner, time: ArrayLike, parameters: int | None = None) -> Floats:
    """Return the loss with unlimited data after each time; with `parameters`, only so many skills are learnt.

    >>> task, learner = SparseParity(skills=2, alpha=1.0), SkillLearner(learning_rate=1.0, initial_strength=0.01)
    >>> loss_over_time(task, learner, [0, 1000], parameters=1).round(4).tolist()
    [0.492, 0.1]
    """
    strengths = learner.over_time(np.expand_dims(np.asarray(time), -1), task.frequencies)
    if parameters is not None:
        strengths = strengths * learner.over_parameters(parameters, np.arange(1, task.skills + 1))
    return loss(task, strengths)


def loss_over_data(task: SparseParity, samples: ArrayLike) -> Floats:
    """Return the mean loss over training sets of each size, after all training: S^2 / 2 sum of P(k) (1 - P(k))^D.

    >>> loss_over_data(SparseParity(skills=1, alpha=1.0), [0, 1]).tolist()
    [0.5, 0.0]
    """
    never_seen = (1 - task.frequencies) ** np.expand_dims(np.asarray(samples), -1)
    return np.asarray(task.scale**2 / 2 * never_seen @ task.frequencies)


def loss_over_parameters(task: SparseParity, parameters: ArrayLike) -> Floats:
    """Return the loss of models of each size after all training with unlimited data: S^2 / 2 sum of P(k) over k > N.

    >>> loss_over_parameters(SparseParity(skills=2, alpha=1.0), [0, 1, 2]).round(4).tolist()
    [0.5, 0.1, 0.0]
    """
    never_learnt = np.arange(1, task.skills + 1) > np.expand_dims(np.asarray(parameters), -1)
    return np.asarray(task.scale**2 / 2 * never_learnt @ task.frequencies)


def law_over_time(learner: SkillLearner, alpha: float, time: ArrayLike) -> Floats:
    """Return the power law A_T T^(-alpha / (alpha + 1)) of the loss of multilinear models with unlimited data and size.

    A_T is S^2 / 2 zeta(alpha + 1)^(-1 / (alpha + 1)) / ((alpha + 1) (eta S)^(alpha / (alpha + 1))) times the integral
    over u > 0 of u^(-1 / (alpha + 1)) / (1 + exp(2 u) / (S / R(0) - 1))^2.

    >>> task = SparseParity(skills=10**5, alpha=0.6)
    >>> learner = SkillLearner(learning_rate=1.0, initial_strength=0.01)
    >>> float((loss_over_time(task, learner, 1000) / law_over_time(learner, 0.6, 1000)).round(3))
    0.993
    """
    power, odds = alpha / (alpha + 1), np.log(learner.scale / learner.initial_strength - 1)
    # with u = v^(1 / power) the integrand has no pole; it is below 1e-34 beyond the upper end
    upper = ((odds + 40) / 2) ** power
    integral = quad(lambda v: expit(odds - 2 * v ** (1 / power)) ** 2, 0, upper, limit=200)[0] / power
    factor = learner.scale**2 / 2 * zeta(alpha + 1) ** (-1 / (alpha + 1)) / (alpha + 1) * integral
    return np.asarray(factor * (learner.speed * learner.learning_rate * learner.scale * np.asarray(time)) ** -power)


def law_over_data(task: SparseParity, samples: ArrayLike) -> Floats:
    """Return the power law A_D D^(-alpha / (alpha + 1)) of the mean loss after all training.

    A_D is S^2 / 2 zeta(alpha + 1)^(-1 / (alpha + 1)) / (alpha + 1) Gamma(alpha / (alpha + 1)).

    >>> task = SparseParity(skills=10**5, alpha=0.6)
    >>> float((loss_over_data(task, 100) / law_over_data(task, 100)).round(3))
    0.993
    """
    power = task.alpha / (task.alpha + 1)
    factor = task.scale**2 / 2 * zeta(task.alpha + 1) ** (power - 1) / (task.alpha + 1) * gamma(power)
    return np.asarray(factor * np.asarray(samples, dtype=np.float64) ** -power)


def law_over_parameters(task: SparseParity, parameters: ArrayLike) -> Floats:
    """Return the power law S^2 / (2 alpha zeta(alpha + 1)) N^-alpha of the loss after all training.

    >>> task = SparseParity(skills=10**5, alpha=0.6)
    >>> float((loss_over_parameters(task, 100) / law_over_parameters(task, 100)).round(3))
    0.982
    """
    factor = task.scale**2 / (2 * task.alpha * zeta(task.alpha + 1))
    return np.asarray(factor * np.asarray(parameters, dtype=np.float64) ** -task.alpha)
