"""Two-layer networks that learn multitask sparse parity, and how well they know each skill meanwhile."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from emergence.core.arrays import Floats, Integers
from emergence.testbeds.sparse_parity.closed_form import SkillLearner
from emergence.testbeds.sparse_parity.task import Samples, SparseParity


def two_layer_network(task: SparseParity, width: int, weight_deviation: float, seed: int) -> nn.Sequential:
    """Return a network of one hidden layer of ReLU units, all weights and biases Gaussian around 0.

    >>> [tuple(weight.shape) for weight in two_layer_network(SparseParity(5, 0.6), 100, 0.01, seed=0).parameters()]
    [(100, 37), (100,), (1, 100), (1,)]
    """
    network = nn.Sequential(nn.Linear(task.skills + task.bits, width), nn.ReLU(), nn.Linear(width, 1))
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=weight_deviation, generator=generator)
    return network


def strengths_over_training(
    network: nn.Module,
    task: SparseParity,
    learning_rate: float,
    steps: int,
    every: int,
    batch: int = 4000,
    samples: int = 20_000,
    seed: int = 0,
) -> tuple[Integers, Floats]:
    """Train by plain gradient descent on fresh batches; return steps (checkpoints,) and R_k (checkpoints, skills).

    The loss is the mean squared error. Strengths are measured before the first step and each `every` steps, on
    `samples` inputs per skill. The seed decides batches and these inputs. (Nam et al. 2024, arXiv:2404.17563,
    appendix K, take the defaults, 50 steps between checkpoints, and a network of width 1000.)

    >>> task = SparseParity(skills=2, alpha=0.6, bits=4, relevant_bits=2)
    >>> network = two_layer_network(task, width=20, weight_deviation=0.3, seed=0)
    >>> at, strengths = strengths_over_training(network, task, learning_rate=0.1, steps=20, every=10, batch=50)
    >>> at.tolist(), strengths.shape
    ([0, 10, 20], (3, 2))
    """
    training, measuring = np.random.default_rng(seed).spawn(2)
    optimizer = torch.optim.SGD(network.parameters(), learning_rate)
    at = np.arange(0, steps + 1, every)
    strengths = np.empty((len(at), task.skills))
    for checkpoint in range(len(at)):
        for _ in range(every if checkpoint else 0):
            _step(network, optimizer, task, task.sample(batch, training))
        strengths[checkpoint] = skill_strengths(_on_arrays(network), task, samples, measuring)
    return at, strengths


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, task: SparseParity, drawn: Samples) -> None:
    outputs = network(torch.from_numpy(task.inputs(drawn))).squeeze(1)
    optimizer.zero_grad()
    nn.functional.mse_loss(outputs, torch.from_numpy(task.targets(drawn)).float()).backward()
    optimizer.step()


def _on_arrays(network: nn.Module) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    @torch.no_grad()
    def outputs(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(network(torch.from_numpy(inputs)))

    return outputs


def network_learner(learning_rate: float, weight_deviation: float, scale: float) -> SkillLearner:
    """Return the learner that describes the two-layer ReLU networks of Nam et al. 2024 (appendix K).

    They start from Gaussian weights of standard deviation `weight_deviation` and follow the gradient of the mean
    squared error without a factor 1/2, which doubles the learning rate. The constants 1/22, 1/3.6, 800 and 4 come from
    the authors' fits to networks that learn a single skill.

    >>> learner = network_learner(learning_rate=0.02, weight_deviation=0.01, scale=5.0)
    >>> [round(float(time)) for time in learner.emergence_time([0.5927, 0.1955], threshold=0.05)]
    [850, 2576]
    """
    return SkillLearner(
        learning_rate=2 * learning_rate,
        initial_strength=weight_deviation**2 / 3.6,
        scale=scale,
        speed=1 / 22,
        samples_per_skill=800,
        parameters_per_skill=4,
    )


def skill_strengths(
    model: Callable[[NDArray[np.float32]], ArrayLike], task: SparseParity, samples: int, rng: np.random.Generator
) -> Floats:
    """Return R_k = E[g_k f] of each skill, (skills,), as the mean over `samples` inputs that ask for it.

    `model` turns inputs (samples, skills + bits) into one output each: (samples,) or (samples, 1). Nam et al. 2024
    (arXiv:2404.17563) take 20,000; the standard error is the standard deviation of the outputs over the root of
    their number.

    >>> task = SparseParity(skills=2, alpha=0.6, bits=2, relevant_bits=1)
    >>> def knows_the_first(inputs: NDArray[np.float32]) -> ArrayLike:
    ...     return inputs[:, 0] * (3 - 6 * inputs[:, 2])
    >>> skill_strengths(knows_the_first, task, samples=1000, rng=np.random.default_rng(0)).tolist()
    [3.0, 0.0]
    """
    strengths = np.empty(task.skills)
    for skill in range(task.skills):
        asked = task.sample_skill(skill, samples, rng)
        outputs = np.asarray(model(task.inputs(asked)), dtype=np.float64)
        strengths[skill] = task.parities(asked) @ outputs.reshape(samples) / samples
    return strengths
