"""Time of networks without their pruned units: smaller ones against the same ones with zeros in their place.

Networks lose whole units of least norm until a given share of their weights is gone; `remove_units` then makes one of
the units that are left. Passes of 256 samples and updates (a pass, gradients, a step of SGD with momentum) are timed
on one thread, for the masked network and the smaller one in turn. Their outputs are compared before.

Times are CPU seconds, since other work may share the machine; ratios (masked / smaller) are taken pair by pair. The
last line is one JSON object with the medians and the share of parameters and multiply-adds that is left.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from benchmarks.systems.unit_removal import remove_units
from emergence.networks import Architecture, build
from emergence.pruning import Samples, Subject, masked_network, multiply_adds, unit_norm

NETWORKS = {
    "mlp": Architecture("mlp", (1, 28, 28), 10, {"widths": [1024, 512]}),
    "cnn": Architecture("cnn", (1, 28, 28), 10, {"channels": [32, 64]}),
    "resnet20": Architecture("resnet", (3, 32, 32), 10, {"depth": 20}),
}
SAMPLES = 256
TOLERANCE = 1e-4
"""Largest difference between outputs, relative to the largest output."""


def pair(architecture: Architecture, sparsity: float) -> tuple[nn.Module, nn.Module, Tensor]:
    """Return a network with zeros in place of its pruned units, one without these units, and samples."""
    torch.manual_seed(0)
    network, inputs = build(architecture).eval(), torch.randn(SAMPLES, *architecture.input_shape)
    subject = Subject(network, Samples(inputs, torch.zeros(SAMPLES, dtype=torch.long), inputs))
    kept = unit_norm.make_mask(subject, sparsity, torch.Generator())
    masked = masked_network(network, kept).eval()
    smaller = remove_units(network, inputs[:8], kept).eval()
    with torch.no_grad():
        expected = masked(inputs)
        difference = float((smaller(inputs) - expected).abs().max() / expected.abs().max())
    if not difference < TOLERANCE:
        sys.exit(f"{architecture.builder}: outputs differ by {difference:.1e}")
    return masked, smaller, inputs


def inference(network: nn.Module, inputs: Tensor) -> Callable[[], object]:
    def run() -> object:
        with torch.inference_mode():
            return network(inputs)

    return run


def updates(network: nn.Module, inputs: Tensor) -> Callable[[], object]:
    trained, labels = deepcopy(network).train(), torch.arange(len(inputs)) % 10
    optimizer = torch.optim.SGD(trained.parameters(), lr=1e-3, momentum=0.9)

    def run() -> None:
        optimizer.zero_grad()
        cross_entropy(trained(inputs), labels).backward()
        optimizer.step()

    return run


def seconds(work: Callable[[], object], repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def compare(masked: Callable[[], object], smaller: Callable[[], object], runs: int, repeats: int) -> dict[str, float]:
    """Let both take turns after a warm-up; return medians."""
    for work in (masked, smaller):
        seconds(work, 2)
    timed = [(seconds(masked, repeats), seconds(smaller, repeats)) for _ in range(runs)]
    ratios = [theirs / own for theirs, own in timed]
    return {
        "ratio": median(ratios),
        "lowest": min(ratios),
        "highest": max(ratios),
        "masked_seconds": median(theirs for theirs, _ in timed),
        "our_seconds": median(own for _, own in timed),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--sparsities", nargs="+", type=float, default=[0.5, 0.9])
    parser.add_argument("--runs", type=int, default=7, help="pairs of measurements")
    parser.add_argument("--repeats", type=int, default=5, help="passes or updates per measurement")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    results = {}
    for name in given.networks:
        for sparsity in given.sparsities:
            masked, smaller, inputs = pair(NETWORKS[name], sparsity)
            weights = [sum(parameter.numel() for parameter in network.parameters()) for network in (masked, smaller)]
            work = [multiply_adds(network, inputs[:1])[0] for network in (masked, smaller)]
            left = {"parameters_left": weights[1] / weights[0], "multiply_adds_left": work[1] / work[0]}
            for kind, prepare in (("inference", inference), ("training", updates)):
                timed = compare(prepare(masked, inputs), prepare(smaller, inputs), given.runs, given.repeats)
                case = f"{name}, {100 * sparsity:g} %, {kind}"
                print(case, {key: round(value, 4) for key, value in (timed | left).items()}, flush=True)
                results[case] = {key: round(value, 4) for key, value in (timed | left).items()}
    print(json.dumps(results))


if __name__ == "__main__":
    main()
