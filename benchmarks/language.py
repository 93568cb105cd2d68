"""When a transformer comes to know grammar and types of the formal language, and how that depends on its size.

For each number of properties |K| networks are trained on fresh sentences, and for each order parameter the number of
steps until it first is at a level, linear between measurements, is printed as a mean over seeds with Student's t
interval. Below are the slope of log steps over log |K| over all runs with its interval, and by what factor the
slowest size is slower than the fastest before and after steps are divided by the root of |K|, as the theory of
percolation says of what is inferred. With `--tasks` sentences stand behind prompts, by which they are also unscrambled
and written to given words. The last line is one JSON object with all numbers.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from benchmarks.systems.language_learning import Learner, learn
from emergence.statistics.estimate import mean_interval
from emergence.testbeds.language import Language, Mixture
from emergence.testbeds.percolation import Concepts
from emergence.testbeds.sparse_parity import emergence_times

LEVELS = {"grammaticality": 0.5, "relative": 0.5, "descriptive": 0.5, "valid_probability": 0.15}
LEVELS_OF_TASKS = {
    "placed_relative": 0.4,
    "placed_descriptive": 0.4,
    "conditions_relative": 0.5,
    "conditions_descriptive": 0.5,
}
"""Words that unscrambling puts in their place, and given words that a sentence holds."""

GRAMMATICAL = 0.15
"""Types are checked in grammatical sentences; where fewer of all are that, too few are checked."""

CONFIDENCE = 0.95
Floats = NDArray[np.float64]


def courses(properties: int, options: argparse.Namespace) -> xr.Dataset:
    """Order parameters over (seed, step) of one size of the language."""
    concepts = Concepts(options.entities, properties, options.classes)
    language = Language.sample(concepts, options.density, np.random.default_rng(0), prompts=options.tasks)
    at = sorted({int(step) for step in np.geomspace(20, options.steps, options.measured)})
    length = 33 if options.tasks else 16  # for sentences of up to 15 words, which a prompt may repeat
    learner = Learner(length, width=options.width, learning_rate=3e-3, mixture=Mixture(*options.mixture))
    return learn(language, at, range(options.seeds), learner)


def times(found: xr.Dataset, levels: dict[str, float]) -> dict[str, Floats]:
    """Steps until each order parameter is at its level, (seed,)."""
    types = found[["relative", "descriptive"]].where(found["grammaticality"] > GRAMMATICAL)
    checked, reached = found.assign(types), {}
    for name, level in levels.items():
        known = checked[name].dropna("step")
        reached[name] = emergence_times(known["step"].values, known.transpose("step", "seed").values, level)
    return reached


def slope(sizes: list[int], reached: list[Floats]) -> tuple[float, float, float]:
    """Slope of log steps over log |K| over all runs, and the ends of its interval."""
    x = np.log(np.repeat(sizes, [len(of_size) for of_size in reached]))
    y = np.log(np.concatenate(reached))
    fit = stats.linregress(x[np.isfinite(y)], y[np.isfinite(y)])
    half = stats.t.ppf((1 + CONFIDENCE) / 2, np.isfinite(y).sum() - 2) * fit.stderr
    return float(fit.slope), float(fit.slope - half), float(fit.slope + half)


def spread(means: Floats) -> float:
    return float(means.max() / means.min())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--properties", type=int, nargs="+", default=[500, 1000, 2000, 4000], help="sizes |K|")
    parser.add_argument("--entities", type=int, default=100)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--density", type=float, default=0.15, help="share of pairs of a class that are joined")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--measured", type=int, default=18, help="how often, at geometric distances")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--tasks", action="store_true", help="let sentences stand behind prompts that set a task")
    parser.add_argument(
        "--mixture", type=float, nargs=2, default=[0.4, 0.4], help="shares unscrambled, with conditions"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    found, levels = {}, LEVELS | (LEVELS_OF_TASKS if options.tasks else {})
    for properties in options.properties:
        found[properties] = times(courses(properties, options), levels)
        print(f"|K| = {properties}")
        for name, of_seeds in found[properties].items():
            mean, low, high = mean_interval(of_seeds, CONFIDENCE)
            print(f"  {name:22} at {levels[name]:4}: step {mean:5.0f} ({low:.0f} to {high:.0f})", flush=True)
    table = {}
    for name in levels:
        reached = [found[properties][name] for properties in options.properties]
        means = np.array([of_size.mean() for of_size in reached])
        fit, scaled = slope(options.properties, reached), means / np.sqrt(options.properties)
        text = f"slope {fit[0]:5.2f} ({fit[1]:.2f} to {fit[2]:.2f})"
        print(f"{name:22} {text}; slowest over fastest {spread(means):.2f}, over the root {spread(scaled):.2f}")
        table[name] = {"steps": [list(of_size) for of_size in reached], "slope": fit}
    print(json.dumps(table))


if __name__ == "__main__":
    main()
