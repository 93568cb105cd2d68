"""Time to sample a loss landscape: this package against the two packages for it on PyPI.

Needs what the project does not: pip install --no-deps loss-landscapes==3.0.6 loss-landscape-3d==0.1.3

A plane of 25 x 25 points on 1,000 samples of 28 x 28, one thread, for an MLP 784-256-128-10 and a CNN with 16 and 32
channels. Ours computes loss and accuracy, the peers the loss alone, each as its documentation shows: `loss-landscapes`
gets all samples in one batch, `loss-landscape-3d` a DataLoader, with batches of 128, which are faster than all samples
at once. The peers run with torch's defaults, ours with the matrix products that `fast_matmul` chooses, which a process
does once, off the clock.

First the losses are compared. `loss-landscapes` shifts every second row by a point; its rows are compared where they
meet the grid. Then each peer and ours take turns. Times are CPU seconds, since other work may share the machine;
ratios (peer / ours) are taken pair by pair. The last line is one JSON object with the medians, and
the share of the rate of a large product that ours reaches, counting the operations behind the first layer alone.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, where emergence.py lies
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from benchmarks.products import product_rate
from emergence.landscape import CrossEntropy, centred_grid, random_directions, sample_plane
from emergence.networks import Architecture, build
from emergence.training.precision import fast_matmul

try:
    from loss_landscape_3d import LossLandscapeCalculator
    from loss_landscapes import planar_interpolation
    from loss_landscapes.metrics import Loss
except ImportError as error:
    sys.exit(f"{error}; run: pip install --no-deps loss-landscapes==3.0.6 loss-landscape-3d==0.1.3")

NETWORKS = {
    "mlp": Architecture("mlp", (1, 28, 28), 10, {"widths": [256, 128]}),
    "cnn": Architecture("cnn", (1, 28, 28), 10, {"channels": [16, 32]}),
}
SAMPLES = 1000
BATCH = 128
TOLERANCE = 1e-3
"""Largest relative difference in loss; `loss-landscapes` walks in place and gathers rounding errors."""

Grid = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """What all packages sample."""

    network: nn.Module
    inputs: Tensor
    labels: Tensor
    directions: list[dict[str, Tensor]]
    coordinates: Grid

    @classmethod
    def make(cls, architecture: Architecture, points: int) -> "Task":
        torch.manual_seed(0)
        network = build(architecture).eval()
        directions = random_directions(network, seed=0)
        inputs, labels = torch.randn(SAMPLES, *architecture.input_shape), torch.randint(10, (SAMPLES,))
        return cls(network, inputs, labels, directions, centred_grid(1.0, points))

    def moved(self, alpha: float, beta: float) -> nn.Module:
        """The network at a point of the plane."""
        network = deepcopy(self.network)
        for name, parameter in network.named_parameters():
            parameter.data += alpha * self.directions[0][name] + beta * self.directions[1][name]
        return network


def ours(task: Task) -> Grid:
    metric = CrossEntropy(task.network, task.inputs, task.labels)
    weights = dict(task.network.named_parameters())
    plane = sample_plane(metric, weights, task.directions, task.coordinates, task.coordinates)
    return np.asarray(plane["loss"])


def loss_landscapes(task: Task) -> Grid:
    first, points = float(task.coordinates[0]), len(task.coordinates)
    end = first + points * float(task.coordinates[1] - task.coordinates[0])
    metric = Loss(nn.CrossEntropyLoss(), task.inputs, task.labels)
    corners = [task.moved(*corner) for corner in ((first, first), (end, first), (first, end))]
    return np.asarray(planar_interpolation(*corners, metric, steps=points))


def loss_landscape_3d(task: Task) -> Grid:
    loader = DataLoader(TensorDataset(task.inputs, task.labels), batch_size=BATCH)
    network = deepcopy(task.network)
    calculator = LossLandscapeCalculator(network, loader, nn.CrossEntropyLoss())
    center = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    return np.asarray(calculator.calculate(task.coordinates, task.coordinates, *task.directions, center))


PEERS: dict[str, Callable[[Task], Grid]] = {"loss-landscapes": loss_landscapes, "loss-landscape-3d": loss_landscape_3d}


def on_grid(peer: str, losses: Grid) -> Grid:
    """Move a peer's losses to the points of the grid that they belong to; NaN where it has none."""
    if peer == "loss-landscapes":
        losses[::2] = np.pad(losses[::2, :-1], ((0, 0), (1, 0)), constant_values=np.nan)
    return losses


def compare(name: str, task: Task) -> None:
    """Stop unless both peers and ours agree at all points that they share."""
    with fast_matmul(task.network, SAMPLES, task.inputs.device):
        reference = ours(task)
    for peer, sample in PEERS.items():
        difference = np.nanmax(np.abs(on_grid(peer, sample(task)) / reference - 1))
        print(f"{name}: largest relative difference in loss to {peer}: {difference:.1e}", flush=True)
        if not difference < TOLERANCE:
            sys.exit(f"{peer} and ours do not sample the same function")


def seconds(sample: Callable[[Task], Grid], task: Task) -> float:
    start = time.process_time()
    sample(task)
    return time.process_time() - start


def measure(name: str, task: Task, runs: int) -> dict[str, dict[str, float]]:
    """Let each peer and ours take turns; return medians."""
    pairs: dict[str, list[tuple[float, float]]] = {peer: [] for peer in PEERS}
    for _ in range(runs):
        for peer, sample in PEERS.items():
            theirs = seconds(sample, task)
            with fast_matmul(task.network, SAMPLES, task.inputs.device):
                own = seconds(ours, task)
            pairs[peer].append((theirs, own))
            print(f"{name}: {peer} {theirs:.3f} s, ours {own:.3f} s, ratio {theirs / own:.1f}", flush=True)
    return {
        peer: {
            "ratio": median(theirs / own for theirs, own in timed),
            "peer_seconds": median(theirs for theirs, _ in timed),
            "our_seconds": median(own for _, own in timed),
        }
        for peer, timed in pairs.items()
    }


def operations(task: Task) -> float:
    """Return the operations of the layers behind the first, which alone have to be computed at every point."""
    with FlopCounterMode(display=False) as counter:
        task.network(task.inputs)
    by_layer = sum(counter.get_flop_counts()["Global"].values())
    first = next(layer for layer in task.network if hasattr(layer, "weight"))
    name = next(name for name, layer in task.network.named_children() if layer is first)
    of_first = sum(counter.get_flop_counts()[f"{type(task.network).__name__}.{name}"].values())
    return float(by_layer - of_first) * len(task.coordinates) ** 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=25, help="points along each direction")
    parser.add_argument("--runs", type=int, default=5, help="runs of each")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, python {platform.python_version()}, {torch.backends.cpu.get_cpu_capability()}")
    rate = product_rate()
    print(f"products of matrices: {rate / 1e9:.0f} GFLOP/s; load {os.getloadavg()[0]:.1f}")
    results = {}
    for name in given.networks:
        task = Task.make(NETWORKS[name], given.points)
        compare(name, task)
        needed = operations(task)
        for peer, timed in measure(name, task, given.runs).items():
            share = needed / timed["our_seconds"] / rate
            results[f"{name}, {peer}"] = timed | {"share_of_product_rate": share}
    print(json.dumps({case: {key: round(value, 4) for key, value in timed.items()} for case, timed in results.items()}))


if __name__ == "__main__":
    main()
