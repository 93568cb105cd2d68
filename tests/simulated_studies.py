"""Random studies whose truth is known: per claim an effect that is there, none, and what only looks like one.

Each function takes a random generator and returns a study as runs are joined. Unless it says otherwise it has 8 seeds,
20 epochs and two networks.
"""

from collections.abc import Callable
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
from tests.study_data import at_reference, joined

Floats = NDArray[np.float64]
Random = np.random.Generator
Runs = dict[tuple[Any, ...], dict[str, ArrayLike]]

SEEDS, EPOCHS = 8, 21
SHAPE = (SEEDS, EPOCHS)
EPOCH = np.arange(EPOCHS)
NETWORKS = ("mlp", "cnn")


def progress(rng: Random, effect: float = 0.0, decline: float = 0.0, sluggishness: float = 0.8) -> xr.Dataset:
    """C1: gains of accuracy that grow with emergence by `effect`; both shrink over epochs by `decline`.

    What chance adds to emergence goes on from epoch to epoch.
    """
    runs: Runs = {}
    for network in NETWORKS:
        chance = rng.normal(size=SHAPE)
        for epoch in range(1, EPOCHS):
            chance[:, epoch] += sluggishness * chance[:, epoch - 1]
        chance *= np.sqrt(1 - sluggishness**2)
        gains = effect * chance + rng.normal(size=SHAPE) - decline * EPOCH
        accuracy = np.cumsum(gains, axis=1) - gains
        runs["digits", network, "dense", 0.0] = {
            "log10_emergence": 6 + chance - decline * EPOCH,
            "train_accuracy": accuracy / 1000,
            "active_fraction": rng.uniform(size=SHAPE),
        }
    return joined(runs)


def initialisations(rng: Random, effect: float = 0.0) -> xr.Dataset:
    """C2: six initialisations of each seed, which learn faster and to more by `effect` with emergence at the start."""
    runs: Runs = {}
    for network in NETWORKS:
        for alpha in (0.5, 0.7, 1.0, 1.4, 2.0, 2.8):
            emergence = np.log(alpha) + rng.normal(0, 0.3, (SEEDS, 1))
            rate = 0.25 * np.exp(0.5 * effect * emergence + rng.normal(0, 0.2, (SEEDS, 1)))
            run = _learning(rng, rate)
            final = 0.9 + 0.01 * (effect * emergence + rng.normal(0, 0.7, (SEEDS, 1)))
            run |= {"log10_emergence": 6 + emergence * np.ones(SHAPE), "test_accuracy": final * np.ones(SHAPE)}
            runs["digits", network, "dense", 0.0, Variation(alpha=alpha)] = run
    return joined(runs)


def sizes(rng: Random, slope: float = 0.0) -> xr.Dataset:
    """C7: networks of five widths and two depths whose emergence grows with parameters to the power `slope`."""
    runs: Runs = {}
    for network in NETWORKS:
        for variation in (*(Variation(width=width) for width in (0.5, 0.7, 1.0, 1.4, 2.0)), *map(_deeper, (-1, 1))):
            parameters = 1000 * variation.width**1.5 * 1.3**variation.depth * np.ones(SHAPE)
            log10 = 6 + slope * np.log10(parameters / 1000) + rng.normal(0, 0.1, (SEEDS, 1)) * np.ones(SHAPE)
            runs["digits", network, "dense", 0.0, variation] = {
                "log10_emergence": log10,
                "nonzero_parameters": parameters,
            }
    return joined(runs)


def _deeper(layers: int) -> Variation:
    return Variation(depth=layers)


def convergence_of_pruned(
    rng: Random, effect: float = 0.0, confounding: float = 0.0, methods: int = 4, abrupt: bool = False
) -> xr.Dataset:
    """C3: pruned runs that learn faster by `effect` with relative emergence.

    With `confounding` relative emergence rises with sparsity and so does the rate, evenly or, if `abrupt`, as a step
    that leaves the slower half unable to converge in time. One network; as many sparsities as leave 16 pruned runs.
    """
    runs: Runs = {("digits", "mlp", "dense", 0.0): _learning(rng, np.full((SEEDS, 1), 0.4))}
    for sparsity in np.linspace(0.1, 0.9, 16 // methods):
        for method in range(methods):
            chance = rng.normal(size=(SEEDS, 1))
            shift = 4 * (sparsity > 0.5) - 2.5 if abrupt else 2 * sparsity
            run = _learning(rng, 0.25 * np.exp(effect * chance + confounding * shift + rng.normal(0, 0.2, (SEEDS, 1))))
            parameters = np.full(SHAPE, round(1000 * (1 - sparsity)))
            relative = 10 ** (chance + confounding * 4 * sparsity) * np.ones(SHAPE)
            runs["digits", "mlp", f"method{method}", round(float(sparsity), 3), "rewind"] = {
                **run,
                "relative_emergence": relative,
                "log10_emergence": np.log10(relative * parameters),
                "nonzero_parameters": parameters,
            }
    return joined(runs)


def savings(rng: Random, faster: float = 1.0) -> xr.Dataset:
    """C4: runs pruned to four sparsities that need the epochs of the dense one of their seed divided by `faster`."""
    runs: Runs = {}
    for network in NETWORKS:
        usual = 0.3 * np.exp(rng.normal(0, 0.1, (SEEDS, 1)))
        for sparsity in (0.0, 0.3, 0.5, 0.7, 0.9):
            rate = usual * np.exp(rng.normal(0, 0.1, (SEEDS, 1))) * (faster if sparsity else 1.0)
            runs["digits", network, "global_magnitude" if sparsity else "dense", sparsity] = _learning(rng, rate)
    return joined(runs)


def decline(rng: Random, left: float = 1.0) -> xr.Dataset:
    """C5: emergence that falls evenly to a share `left` of its start, with chance that goes on."""
    runs: Runs = {}
    for network in NETWORKS:
        chance = np.cumsum(rng.normal(0, 0.05, SHAPE), axis=1)
        log10 = 6 + np.log10(left) * EPOCH / EPOCH[-1] + chance - chance[:, :1]
        runs["digits", network, "dense", 0.0] = {"log10_emergence": log10}
    return joined(runs)


def landscapes(rng: Random, effect: float = 0.0, confounding: float = 0.0, decline: float = 0.0) -> xr.Dataset:
    """C6: networks around which the loss is rugged, with many minima, by `effect` times emergence.

    All of these change with sparsity by `confounding` too, and with the step by `decline`. Six seeds, four steps.
    """
    runs: Runs = {}
    shape = (6, 4)
    for network in NETWORKS:
        for sparsity in (0.0, 0.3, 0.5, 0.7, 0.9):
            common = 10 * confounding * sparsity + decline * np.arange(shape[1])
            chance = rng.normal(size=shape)
            parameters = np.full(shape, 1000 * (1 - sparsity) + 50)
            log10 = 20 + chance + common
            minima = ndtr((effect * chance + rng.normal(size=shape)) / np.hypot(1, effect)) + common / 4
            runs["digits", network, "global_magnitude" if sparsity else "dense", sparsity] = {
                "log10_emergence": log10,
                "relative_emergence": 10**log10 / parameters,
                "nonzero_parameters": parameters,
                "slice_relative_roughness": np.exp(effect * chance + common + rng.normal(size=shape)),
                "minima": np.round(4 * minima),
            }
    return joined(runs)


def complexities(rng: Random, height: float = 0.0, until: float = 0.1) -> xr.Dataset:
    """C8: effective complexity that rises evenly by `height` until a share of training, and then stays."""
    course = height * np.minimum(EPOCH / EPOCH[-1] / until, 1)
    return joined(
        {
            ("digits", network, "dense", 0.0): {
                "log10_emergence": np.zeros(SHAPE),
                "effective_complexity": 0.4 + course + rng.normal(0, 0.03, (SEEDS, 1)) + rng.normal(0, 0.02, SHAPE),
            }
            for network in NETWORKS
        }
    )


def _learning(rng: Random, rate: Floats) -> dict[str, ArrayLike]:
    """Accuracies that rise as 1 - exp(-rate epoch)."""
    accuracy = np.clip(1 - np.exp(-rate * EPOCH) + rng.normal(0, 0.005, SHAPE), 0, 1)
    counts = {"log10_emergence": np.full(SHAPE, 6.0), "relative_emergence": np.full(SHAPE, 1000.0)}
    parameters = {"nonzero_parameters": np.full(SHAPE, 1000.0)}
    return {**counts, **parameters, "validation_accuracy": accuracy, "test_accuracy": accuracy}


@dataclass(frozen=True)
class Scenario:
    """A random study, the verdict that is right for it, and another quantity of the claim to look at."""

    claim: str
    truth: str
    right: Verdict
    study: Callable[[Random], xr.Dataset]
    beside: str | None = None

    def judge(self, rng: Random) -> dict[str, Any]:
        """Draw a study and judge the claim, by the quantities that decide it and the one beside them."""
        rules, settings = read_rules(), Statistics()
        claim = rules.claims[self.claim]
        wanted = {
            name: rule for name, rule in claim.quantities.items() if rule.role == "decides" or name == self.beside
        }
        samples = CLAIMS[self.claim](at_reference(self.study(rng)))
        return judge_claim_samples(claim.model_copy(update={"quantities": wanted}), rules.general, samples, settings)


SCENARIOS = (
    Scenario("C1", "no effect", "contradicted", progress),
    Scenario("C1", "effect", "supported", partial(progress, effect=0.8)),
    Scenario("C1", "both decline with time", "supported", partial(progress, decline=0.3), "given_epoch"),
    Scenario("C3", "no effect", "contradicted", convergence_of_pruned),
    Scenario("C3", "effect", "supported", partial(convergence_of_pruned, effect=0.2), "plain"),
    Scenario("C3", "confounded by sparsity", "contradicted", partial(convergence_of_pruned, confounding=1.0), "plain"),
    Scenario(
        "C3",
        "confounded by sparsity, one method",
        "contradicted",
        partial(convergence_of_pruned, confounding=1.0, methods=1),
        "plain",
    ),
    Scenario(
        "C3",
        "confounded by sparsity, as a step",
        "contradicted",
        partial(convergence_of_pruned, confounding=1.0, abrupt=True),
        "plain",
    ),
    Scenario("C4", "no effect", "contradicted", savings),
    Scenario("C4", "effect", "supported", partial(savings, faster=1.4)),
    Scenario("C4", "effect of the other sign", "contradicted", partial(savings, faster=0.8)),
    Scenario("C5", "no effect", "contradicted", decline),
    Scenario("C5", "effect", "supported", partial(decline, left=0.05)),
    Scenario("C5", "half of it", "contradicted", partial(decline, left=0.5)),
    Scenario("C6", "no effect", "contradicted", landscapes),
    Scenario("C6", "effect", "supported", partial(landscapes, effect=1.0), "plain"),
    Scenario("C6", "confounded by sparsity", "contradicted", partial(landscapes, confounding=1.0), "plain"),
    Scenario("C6", "confounded by time", "contradicted", partial(landscapes, decline=3.0), "plain"),
    Scenario("C8", "no effect", "contradicted", complexities),
    Scenario("C8", "effect", "supported", partial(complexities, height=0.1)),
    Scenario("C8", "an even rise", "contradicted", partial(complexities, height=0.3, until=1.0)),
    Scenario("C2", "no effect", "contradicted", initialisations),
    Scenario("C2", "effect", "supported", partial(initialisations, effect=1.0)),
    Scenario("C7", "no effect", "contradicted", sizes),
    Scenario("C7", "effect", "supported", partial(sizes, slope=0.5)),
)
