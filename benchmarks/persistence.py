"""Persistence of minima on planes: this package against landscaper and GUDHI, the same numbers and the time.

Needs, in an environment of its own, since it wants numpy 1 (Python 3.11 or 3.12):
pip install landscaper==1.3.1 torch xarray pydantic

Four surfaces of 25 x 25 points: white noise, a smooth random field, a tilted sum of cosines, and the loss of an MLP
784-256-128-10 on 1,000 samples, on a plane in random directions. `landscaper` builds its merge tree, in single
precision and with four neighbours to a point; its minima are paired with saddles by the elder rule. GUDHI builds
cubical complexes, whose vertices have four neighbours and whose cells have eight. Ours is compared with each under the
same neighbours, and the run stops where births or deaths differ.

Then the peers and ours take turns. Times are CPU seconds, since other work may share the machine. The last line is one
JSON object with the minima under eight and four neighbours, and medians.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from emergence.landscape import CrossEntropy, centred_grid, random_directions, sample_plane
from emergence.landscape.persistence import find_pairs
from emergence.networks import Architecture, build

try:
    from gudhi import CubicalComplex
    from landscaper import LossLandscape
except ImportError as error:
    sys.exit(f"{error}; run, in an environment of its own: pip install landscaper==1.3.1 torch xarray pydantic")

POINTS = 25
PLACES = centred_grid(1.0, POINTS)
SINGLE = 1e-6
"""Largest difference, as a share of the largest value, to what is computed in single precision."""

Floats = NDArray[np.float64]
Diagram = list[tuple[float, float]]


def white_noise() -> Floats:
    return np.random.default_rng(0).standard_normal((POINTS, POINTS))


def smooth_field() -> Floats:
    frequency = 2 * np.pi * np.fft.fftfreq(POINTS)
    low = np.exp(-(frequency[:, None] ** 2 + frequency**2))
    return np.asarray(np.fft.ifft2(np.fft.fft2(white_noise()) * low).real)


def cosines() -> Floats:
    wave = np.cos(6 * np.pi * PLACES)
    return np.asarray(wave[:, None] + wave + 0.1 * PLACES[:, None] + 0.03 * PLACES)


def network() -> Floats:
    torch.manual_seed(0)
    model = build(Architecture("mlp", (1, 28, 28), 10, {"widths": [256, 128]})).eval()
    metric = CrossEntropy(model, torch.randn(1000, 1, 28, 28), torch.randint(10, (1000,)))
    weights = dict(model.named_parameters())
    return np.asarray(sample_plane(metric, weights, random_directions(model, seed=0), PLACES, PLACES)["loss"])


SURFACES: dict[str, Callable[[], Floats]] = {
    "white noise": white_noise,
    "smooth field": smooth_field,
    "cosines": cosines,
    "network": network,
}


def ours(values: Floats, corners: bool) -> Diagram:
    pairs = find_pairs(values, corners)
    return sorted(zip(pairs.births.tolist(), pairs.deaths.tolist(), strict=True))


def landscaper(values: Floats) -> Diagram:
    """Pair the leaves of the merge tree: of the branches that meet in a node, that of the lowest leaf goes on."""
    tree = LossLandscape(values, [PLACES, PLACES]).get_sublevel_tree()
    heights, below = dict(tree.nodes), dict[int, list[float]]()
    parents = dict(tree.edges)
    found = []
    for node in sorted(heights, key=heights.__getitem__):
        births = sorted(below.get(node, [heights[node]]))
        found += [(birth, heights[node]) for birth in births[1:]]
        below.setdefault(parents.get(node, -1), []).append(births[0])
    return sorted([*found, *((birth, np.inf) for birth in below[-1])])


def gudhi(values: Floats, corners: bool) -> Diagram:
    filled = CubicalComplex(top_dimensional_cells=values) if corners else CubicalComplex(vertices=values)
    filled.compute_persistence()
    return sorted(map(tuple, filled.persistence_intervals_in_dimension(0).tolist()))


PROGRAMS: dict[str, Callable[[Floats], Diagram]] = {
    "landscaper": landscaper,
    "gudhi, 4 neighbours": lambda values: gudhi(values, corners=False),
    "gudhi, 8 neighbours": lambda values: gudhi(values, corners=True),
    "ours, 4 neighbours": lambda values: ours(values, corners=False),
    "ours, 8 neighbours": lambda values: ours(values, corners=True),
}


def difference(found: Diagram, expected: Diagram) -> float:
    """Return the largest difference between births or deaths; infinite where the numbers of minima differ."""
    if len(found) != len(expected):
        return float("inf")
    one, other = np.array(found), np.array(expected)
    if not np.array_equal(np.isinf(one), np.isinf(other)):
        return float("inf")
    known = np.isfinite(one)
    return float(np.abs(one[known] - other[known]).max())


def compare(name: str, values: Floats) -> dict[str, int]:
    """Stop unless all programs agree; return the number of minima under eight and under four neighbours."""
    found = {program: compute(values) for program, compute in PROGRAMS.items()}
    for peer, tolerance in {
        "landscaper": SINGLE * float(np.abs(values).max()),
        "gudhi, 4 neighbours": 0.0,
        "gudhi, 8 neighbours": 0.0,
    }.items():
        own = found["ours, 8 neighbours" if "8" in peer else "ours, 4 neighbours"]
        far = difference(found[peer], own)
        print(f"{name}: {peer} {len(found[peer])} minima, ours {len(own)}, births and deaths differ by {far:.1e}")
        if not far <= tolerance:
            sys.exit(f"{peer} and ours do not find the same")
    return {"minima": len(found["ours, 8 neighbours"]), "minima_4_neighbours": len(found["ours, 4 neighbours"])}


def measure(values: Floats, runs: int) -> dict[str, float]:
    """Let the programs take turns; return the medians of their CPU seconds."""
    seconds: dict[str, list[float]] = {program: [] for program in PROGRAMS}
    for _ in range(runs):
        for program, compute in PROGRAMS.items():
            start = time.process_time()
            compute(values)
            seconds[program].append(time.process_time() - start)
    return {program: round(median(times), 5) for program, times in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="runs of each")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"numpy {np.__version__}, python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    results: dict[str, dict[str, float]] = {}
    for name, make in SURFACES.items():
        values = make()
        results[name] = {**compare(name, values), **measure(values, given.runs)}
    print(json.dumps(results))


if __name__ == "__main__":
    main()
