"""Random studies whose truth is known: per claim an effect that is there, none, and what only looks like one.

Each function takes a random generator and returns a study as runs are joined: 10 seeds, 20 epochs and two networks
unless it says otherwise. Numbers that say how strong something is may differ between the networks: then they are a
pair, for `NETWORKS` in their order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from emergence.core.runs import Variation
from emergence.parameters.statistics import Statistics
from emergence.statistics.claims import CLAIMS
from emergence.statistics.judge import judge_claim_samples
from emergence.statistics.rules import read_rules
from emergence.statistics.verdict import Verdict
from tests.study_data import RETRAINING, at_reference, joined

Floats = NDArray[np.float64]
Random = np.random.Generator
Runs = dict[tuple[Any, ...], dict[str, ArrayLike]]
Pair = float | tuple[float, float]

SEEDS, EPOCHS = 10, 21
SHAPE = (SEEDS, EPOCHS)
EPOCH = np.arange(EPOCHS)
SHARE = EPOCH / EPOCH[-1]
NETWORKS = ("mlp", "cnn")
ALPHAS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
SPARSITIES = (0.3, 0.8)
TEST_SAMPLES = 359

MASKS = {
    ("most_emergence", 1): -1.5,
    ("least_emergence", 1): 1.5,
    ("random_weights", 1): 0.0,
    ("random_weights", 2): 0.0,
    ("random_weights", 3): 0.0,
}
"""What emergence is varied by on purpose at a sparsity, by method and number of the mask: the first removes the weights
that carry most of it."""

OTHER_METHODS = {"snip": -2.0, "synflow": 1.0, "global_magnitude": 2.0}
"""Methods that differ by design, each with what it changes where methods confound."""


def _of_networks(*strengths: Pair) -> Iterator[tuple[str, *tuple[float, ...]]]:
    """Each network with its strengths."""
    return zip(NETWORKS, *(np.broadcast_to(strength, 2).tolist() for strength in strengths), strict=True)


def progress(rng: Random, effect: Pair = 0.0, decline: float = 0.0, ceiling: bool = False) -> xr.Dataset:
    """C1: gains of accuracy that grow with emergence by `effect`; both shrink over epochs by `decline`.

    What chance adds to emergence goes on from epoch to epoch. With a `ceiling` both follow what is left to be learned.
    """
    runs: Runs = {}
    for network, strength in _of_networks(effect):
        chance = rng.normal(size=SHAPE)
        for epoch in range(1, EPOCHS):
            chance[:, epoch] += 0.8 * chance[:, epoch - 1]
        chance *= 0.6
        gains = strength * chance + rng.normal(size=SHAPE) - decline * EPOCH
        course = -decline * EPOCH
        if ceiling:
            left = np.exp(-rng.uniform(0.1, 0.3, (SEEDS, 1)) * EPOCH)
            gains, course = left * (5 + gains), 3 * np.log10(left)
        accuracy = np.cumsum(gains, axis=1) - gains
        runs["digits", network, "dense", 0.0] = {
            "log10_emergence": 6 + chance + course,
            "train_accuracy": accuracy / 1000,
            "active_fraction": rng.uniform(size=SHAPE),
        }
    return joined(runs)


def initialisations(
    rng: Random, performance: Pair = 0.0, trainability: Pair = 0.0, errors: float = 0.05, spread: float = 0.01
) -> xr.Dataset:
    """C2: six initialisations of each seed, which learn faster and to more with emergence at the start.

    Accuracies have the error of counting on `TEST_SAMPLES`; apart from it they differ by about `spread` below
    `errors` less than 1.
    """
    runs: Runs = {}
    for network, more, faster in _of_networks(performance, trainability):
        for alpha in ALPHAS:
            emergence = np.log(alpha) + rng.normal(0, 0.3, (SEEDS, 1))
            rate = 0.25 * np.exp(0.5 * faster * emergence + rng.normal(0, 0.2, (SEEDS, 1)))
            wrong = errors - spread * (more * emergence + rng.normal(0, 0.7, (SEEDS, 1)))
            final = 1 - rng.binomial(TEST_SAMPLES, np.clip(wrong, 0, 1)) / TEST_SAMPLES
            run = _learning(rng, rate) | {"log10_emergence": 6 + emergence * np.ones(SHAPE)}
            run["test_accuracy"] = final * np.ones(SHAPE)
            runs["digits", network, "dense", 0.0, Variation(alpha=alpha)] = run
    return joined(runs).assign(test_samples=TEST_SAMPLES)


def sizes(rng: Random, slope: Pair = 0.0, end: Pair | None = None) -> xr.Dataset:
    """C7: networks of five widths and two depths whose emergence grows with parameters to the power `slope`.

    After training the power is `end`.
    """
    runs: Runs = {}
    for network, first, last in _of_networks(slope, slope if end is None else end):
        for variation in (*(Variation(width=width) for width in (0.5, 0.7, 1.0, 1.4, 2.0)), *map(_deeper, (-1, 1))):
            parameters = 1000 * variation.width**1.5 * 1.3**variation.depth * np.ones(SHAPE)
            growth = (first + (last - first) * SHARE) * np.log10(parameters / 1000)
            runs["digits", network, "dense", 0.0, variation] = {
                "log10_emergence": 6 + growth + rng.normal(0, 0.1, (SEEDS, 1)) * np.ones(SHAPE),
                "nonzero_parameters": parameters,
            }
    return joined(runs)


def _deeper(layers: int) -> Variation:
    return Variation(depth=layers)


def convergence_of_pruned(
    rng: Random, effect: Pair = 0.0, by_sparsity: float = 0.0, by_method: float = 0.0, ceiling: bool = False
) -> xr.Dataset:
    """C3: pruned runs that learn faster by `effect` with relative emergence, which masks vary at each sparsity.

    Sparsity and the method of pruning change relative emergence and the rate as well, by `by_sparsity` and `by_method`.
    With a `ceiling` the sparsest runs, of least emergence, never get as accurate as convergence asks.
    """
    runs: Runs = {}
    for network, strength in _of_networks(effect):
        runs["digits", network, "dense", 0.0] = _learning(rng, np.full((SEEDS, 1), 0.4))
        for sparsity, method, mask, design, other in _pruned(by_method):
            chance = design + rng.normal(size=(SEEDS, 1))
            rate = np.exp(
                strength * chance + by_sparsity * 2 * (sparsity - 0.5) + other + rng.normal(0, 0.2, (SEEDS, 1))
            )
            run = _learning(rng, 0.25 * rate, best=0.9 if ceiling and sparsity > 0.5 else 1.0)
            parameters = np.full(SHAPE, round(1000 * (1 - sparsity)))
            shift = -4 * sparsity if ceiling else 4 * by_sparsity * sparsity
            log10 = (chance + shift + 2 * other) * np.ones(SHAPE)
            runs["digits", network, method, sparsity, RETRAINING, mask] = {
                **run,
                "relative_emergence": 10**log10,
                "log10_emergence": log10 + np.log10(parameters),
                "nonzero_parameters": parameters,
            }
    return joined(runs)


def _pruned(by_method: float) -> Iterator[tuple[float, str, int, float, float]]:
    """Sparsity, method, mask, what varies emergence on purpose, and what method changes, of all pruned runs."""
    for sparsity in SPARSITIES:
        for (method, mask), design in MASKS.items():
            yield sparsity, method, mask, design, 0.0
        for method, other in OTHER_METHODS.items():
            yield sparsity, method, 1, 0.0, by_method * other


def savings(rng: Random, faster: Pair = 1.0) -> xr.Dataset:
    """C4: runs pruned to four sparsities that need the epochs of the dense one of their seed divided by `faster`."""
    runs: Runs = {}
    for network, factor in _of_networks(faster):
        usual = 0.3 * np.exp(rng.normal(0, 0.1, (SEEDS, 1)))
        for sparsity in (0.0, 0.3, 0.5, 0.7, 0.9):
            rate = usual * np.exp(rng.normal(0, 0.1, (SEEDS, 1))) * (factor if sparsity else 1.0)
            runs["digits", network, "global_magnitude" if sparsity else "dense", sparsity] = _learning(rng, rate)
    return joined(runs)


def decline(rng: Random, left: Pair = 1.0, dip: float = 0.0) -> xr.Dataset:
    """C5: emergence that falls evenly to a share `left` of its start, with chance that goes on.

    A `dip` of so many orders of magnitude comes and goes on the way.
    """
    runs: Runs = {}
    for network, share in _of_networks(left):
        chance = np.cumsum(rng.normal(0, 0.05, SHAPE), axis=1)
        log10 = 6 + np.log10(share) * SHARE - dip * np.sin(np.pi * SHARE) + chance - chance[:, :1]
        runs["digits", network, "dense", 0.0] = {"log10_emergence": log10}
    return joined(runs)


def landscapes(
    rng: Random,
    ruggedness: Pair = 0.0,
    concentration: Pair = 0.0,
    by_sparsity: float = 0.0,
    by_time: float = 0.0,
    by_method: float = 0.0,
) -> xr.Dataset:
    """C6: networks around which the loss is rugged, with many minima, by so much times emergence.

    Masks vary emergence at each sparsity. Sparsity, time and the method of pruning change both sides too, by
    `by_sparsity`, `by_time` and `by_method`. Three steps.
    """
    runs: Runs = {}
    shape = (SEEDS, 3)
    for network, rugged, many in _of_networks(ruggedness, concentration):
        for sparsity, method, mask, design, other in ((0.0, "dense", 1, 0.0, 0.0), *_pruned(by_method)):
            common = 10 * by_sparsity * sparsity + by_time * np.arange(shape[1]) + 2 * other
            chance = design + rng.normal(size=shape)
            parameters = np.full(shape, 1000 * (1 - sparsity) + 50)
            log10 = 20 + chance + common
            minima = ndtr((many * chance + rng.normal(size=shape)) / np.hypot(1, many)) + common / 4
            roughness, persistence = (np.exp(s * chance + common + rng.normal(size=shape)) for s in (rugged, many))
            key = (
                ("digits", network, method, sparsity, RETRAINING, mask)
                if sparsity
                else ("digits", network, method, 0.0)
            )
            runs[key] = {
                "log10_emergence": log10,
                "relative_emergence": 10**log10 / parameters,
                "nonzero_parameters": parameters,
                "slice_relative_roughness": roughness,
                "slice_total_persistence": persistence,
                "slice_persistent_minima": np.round(20 * minima),
                "minima": np.round(4 * minima),
            }
    return joined(runs)


def complexities(rng: Random, height: Pair = 0.0, until: float = 0.1, late: Pair = 0.0) -> xr.Dataset:
    """C8: effective complexity that changes evenly by `height` until a share of training, and by `late` after it."""
    runs: Runs = {}
    for network, early, later in _of_networks(height, late):
        course = early * np.minimum(SHARE / until, 1) + later * np.clip((SHARE - until) / max(1 - until, 1e-9), 0, 1)
        runs["digits", network, "dense", 0.0] = {
            "log10_emergence": np.zeros(SHAPE),
            "effective_complexity": 0.4 + course + rng.normal(0, 0.03, (SEEDS, 1)) + rng.normal(0, 0.02, SHAPE),
        }
    return joined(runs)


def _learning(rng: Random, rate: Floats, best: float = 1.0) -> dict[str, ArrayLike]:
    """Accuracies that rise as 1 - exp(-rate epoch) to the `best`."""
    accuracy = np.clip(best * (1 - np.exp(-rate * EPOCH)) + rng.normal(0, 0.005, SHAPE), 0, 1)
    counts = {"log10_emergence": np.full(SHAPE, 6.0), "relative_emergence": np.full(SHAPE, 1000.0)}
    parameters = {"nonzero_parameters": np.full(SHAPE, 1000.0)}
    return {**counts, **parameters, "validation_accuracy": accuracy, "test_accuracy": accuracy}


@dataclass(frozen=True)
class Scenario:
    """A random study, the verdict that is right for it, and another quantity of the claim to look at.

    An effect that is there is `clear` where it is well beyond the smallest that counts.
    """

    claim: str
    truth: str
    right: Verdict
    study: Callable[[Random], xr.Dataset]
    beside: str | None = None
    clear: bool = True

    def judge(self, rng: Random) -> dict[str, Any]:
        """Draw a study and judge the claim, by the quantities that decide it and the one beside them."""
        rules, settings = read_rules(), Statistics()
        claim = rules.claims[self.claim]
        wanted = {
            name: rule for name, rule in claim.quantities.items() if rule.role == "decides" or name == self.beside
        }
        samples = CLAIMS[self.claim](at_reference(self.study(rng)))
        return judge_claim_samples(claim.model_copy(update={"quantities": wanted}), rules.general, samples, settings)


def _scenarios(claim: str, study: Callable[..., xr.Dataset], *rows: tuple[Any, ...]) -> list[Scenario]:
    """Rows of truth, right verdict, strengths, and what further describes a scenario."""
    return [
        Scenario(claim, truth, right, partial(study, **how), **(further[0] if further else {}))
        for truth, right, how, *further in rows
    ]


SMALLEST = {"clear": False}
PLAIN = {"beside": "plain"}
OPPOSITE = "effects of opposite sign in the networks"

SCENARIOS = (
    *_scenarios(
        "C1",
        progress,
        ("no effect", "contradicted", {}),
        ("effect", "supported", {"effect": 1.5}),
        ("effect of the smallest size", "supported", {"effect": 0.5}, SMALLEST),
        ("confounded by time", "contradicted", {"decline": 0.3}, {"beside": "correlation"}),
        ("confounded by a ceiling", "contradicted", {"ceiling": True}, {"beside": "correlation"}),
        (OPPOSITE, "mixed", {"effect": (1.5, -1.5)}),
    ),
    *_scenarios(
        "C2",
        initialisations,
        ("no effect", "contradicted", {}),
        ("effect", "supported", {"performance": 1.5, "trainability": 1.0}),
        ("effect of the smallest size", "supported", {"performance": 0.35, "trainability": 0.2}, SMALLEST),
        ("effect near the ceiling", "supported", {"performance": 0.7, "trainability": 0.5, "errors": 0.02}, SMALLEST),
        ("a ceiling that all reach", "contradicted", {"trainability": 1.0, "errors": 0.005, "spread": 0.0}),
        (OPPOSITE, "mixed", {"performance": (1.5, -1.5), "trainability": (1.0, -1.0)}),
        ("one effect of two", "mixed", {"trainability": 1.0}),
    ),
    *_scenarios(
        "C3",
        convergence_of_pruned,
        ("no effect", "contradicted", {}),
        ("effect", "supported", {"effect": 0.2}),
        ("effect of the smallest size", "supported", {"effect": 0.06}, SMALLEST),
        ("confounded by sparsity", "contradicted", {"by_sparsity": 1.0}, PLAIN),
        ("confounded by method", "contradicted", {"by_method": 0.5}, PLAIN),
        ("confounded by a ceiling", "contradicted", {"ceiling": True}, PLAIN),
        (OPPOSITE, "mixed", {"effect": (0.2, -0.2)}),
    ),
    *_scenarios(
        "C4",
        savings,
        ("no effect", "contradicted", {}),
        ("effect", "supported", {"faster": 1.4}),
        ("effect of the smallest size", "supported", {"faster": 1.12}, SMALLEST),
        ("effect of the other sign", "contradicted", {"faster": 0.8}),
        (OPPOSITE, "mixed", {"faster": (1.4, 0.8)}),
    ),
    *_scenarios(
        "C5",
        decline,
        ("no effect", "contradicted", {}),
        ("effect", "supported", {"left": 0.05}),
        ("effect of the smallest size", "supported", {"left": 0.09}, SMALLEST),
        ("a fall that time undoes", "contradicted", {"dip": 2.0}, {"beside": "trend"}),
        (OPPOSITE, "mixed", {"left": (0.05, 20.0)}),
        ("half of it", "mixed", {"left": 0.5}),
    ),
    *_scenarios(
        "C6",
        landscapes,
        ("no effect", "contradicted", {}),
        ("effect", "supported", {"ruggedness": 1.0, "concentration": 1.0}, PLAIN),
        ("effect of the smallest size", "supported", {"ruggedness": 0.29, "concentration": 0.28}, SMALLEST),
        ("confounded by sparsity", "contradicted", {"by_sparsity": 1.0}, PLAIN),
        ("confounded by time", "contradicted", {"by_time": 3.0}, PLAIN),
        ("confounded by method", "contradicted", {"by_method": 1.0}, PLAIN),
        (OPPOSITE, "mixed", {"ruggedness": (1.0, -1.0), "concentration": (1.0, -1.0)}),
        ("one effect of two", "mixed", {"ruggedness": 1.0}),
    ),
    *_scenarios(
        "C7",
        sizes,
        ("no effect", "contradicted", {}),
        ("effect", "supported", {"slope": 0.5}),
        ("effect of the smallest size", "supported", {"slope": 0.14}, SMALLEST),
        (OPPOSITE, "mixed", {"slope": (0.5, -0.5)}),
        ("one effect of two", "mixed", {"slope": 0.5, "end": -0.2}),
    ),
    *_scenarios(
        "C8",
        complexities,
        ("no effect", "contradicted", {}, {"beside": "settling"}),
        ("effect", "supported", {"height": 0.1}),
        ("effect of the smallest size", "supported", {"height": 0.05}, SMALLEST),
        ("an even rise", "contradicted", {"height": 0.3, "until": 1.0}, {"beside": "settling"}),
        ("a fall first, then hardly a change", "contradicted", {"height": -0.1, "late": 0.04}, {"beside": "settling"}),
        (OPPOSITE, "mixed", {"height": (0.1, -0.1)}),
        ("one effect of two", "mixed", {"height": 0.1, "late": 0.3}),
    ),
)
