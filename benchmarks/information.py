"""How far estimates of mutual information are from the truth.

Gaussians of known information, with and without a bend of each column, what a permutation of the samples leaves of it,
and dependences that are known to be hard: without any noise to speak of, without correlation, and with fewer samples.
Each estimate is on samples that its critic was not trained on. The last line is one JSON object with all means over
seeds; the script fails where Gaussians in 20 dimensions of up to 5 nats are off by more than 5 %, or where the
interval of the permutations does not hold 0.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from benchmarks.systems.gaussians import correlated_gaussians, gaussian_information, permutation_null
from emergence.information import mutual_information

TOLERANCE = 0.05
DIMENSIONS = 20
PERMUTATIONS = 10

Samples = tuple[NDArray[np.float64], NDArray[np.float64]]


def signs(dimensions: int, samples: int, rng: np.random.Generator) -> Samples:
    """x, and 0.9 x with a random sign in each dimension, plus noise: no correlation."""
    x, noise = rng.standard_normal((2, samples, dimensions))
    return x, rng.choice([-1, 1], size=x.shape) * 0.9 * x + np.sqrt(1 - 0.9**2) * noise


def information_of_signs() -> float:
    """The information of one dimension of `signs`: entropy of y, minus that of y given x by quadrature."""
    at, spread = np.linspace(-8, 8, 2001), np.sqrt(1 - 0.9**2)
    x = np.linspace(-6, 6, 601)
    density = sum(stats.norm.pdf(at, sign * 0.9 * x[:, None], spread) / 2 for sign in (-1, 1))
    given_x = np.trapezoid(-density * np.log(np.maximum(density, 1e-300)), at, axis=1)
    return float(stats.norm.entropy() - np.trapezoid(stats.norm.pdf(x) * given_x, x))


def cases(samples: int) -> list[tuple[str, float, Callable[[np.random.Generator], Samples]]]:
    """Name, information in nats and sampler of each case."""
    nats = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
    x = [(f"Gaussian {n:g}", n, lambda rng, n=n: correlated_gaussians(n, DIMENSIONS, samples, rng)) for n in nats]
    hard = [
        ("columns bent", 5.0, lambda rng: bent(correlated_gaussians(5.0, DIMENSIONS, samples, rng))),
        ("one dimension", 5.0, lambda rng: correlated_gaussians(5.0, 1, samples, rng)),
        ("a tenth of the samples", 5.0, lambda rng: correlated_gaussians(5.0, DIMENSIONS, samples // 10, rng)),
        ("random signs, 1 dimension", information_of_signs(), lambda rng: signs(1, samples, rng)),
        ("random signs, 4 dimensions", 4 * information_of_signs(), lambda rng: signs(4, samples, rng)),
    ]
    return [*x, *hard]


def bent(drawn: Samples) -> Samples:
    return drawn[0], drawn[1] ** 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=40_000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'case':28}{'nats':>7}{'held out':>10}{'error':>7}{'InfoNCE':>9}{'Gaussian':>10}{'CPU s':>7}")
    table, off = {}, 0.0
    for name, nats, sample in cases(options.samples):
        start, rows = time.process_time(), []
        for seed in range(options.seeds):
            x, y = sample(np.random.default_rng(seed))
            found = mutual_information(x, y, seed=seed)
            rows.append([found.value, found.error, found.info_nce, gaussian_information(x, y)])
        means = np.mean(rows, axis=0)
        seconds = (time.process_time() - start) / options.seeds
        print(
            f"{name:28}{nats:7.3f}{means[0]:10.3f}{means[1]:7.3f}{means[2]:9.3f}{means[3]:10.3f}{seconds:7.1f}",
            flush=True,
        )
        table[name] = {"nats": nats, "held_out": means[0], "info_nce": means[2], "gaussian": means[3]}
        if name.startswith("Gaussian") and nats:
            off = max(off, *(abs(row[0] / nats - 1) for row in rows))
    x, y = correlated_gaussians(5.0, DIMENSIONS, options.samples // 5, np.random.default_rng(0))
    null = permutation_null(x, y, PERMUTATIONS)
    half = stats.t.ppf(0.975, PERMUTATIONS - 1) * stats.sem(null)
    print(f"permutations: mean {null.mean():.4f} +- {half:.4f}, from {null.min():.4f} to {null.max():.4f}")
    print(json.dumps({"largest_relative_error": off, "null": [float(null.mean()), float(half)], "cases": table}))
    sys.exit(off > TOLERANCE or abs(null.mean()) > half + 1e-12)


if __name__ == "__main__":
    main()
