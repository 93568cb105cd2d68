"""What the burden proxy says of pruned vision transformers, with and without merged tokens.

Per seed a `VisionTransformer` on images of 16 tokens is trained, once as it is and once with half of its tokens merged,
from the same weights on the same batches. From there its dense twin is trained on as long again, and so are networks
pruned by global magnitude, one per sparsity, whose removed weights stay zero. The twin sees its batches in another
order than they, so sparsity 0 says by how much accuracy and proxy vary without pruning.

Printed are, per sparsity, means over seeds with Student's t intervals of accuracy on the test part, accuracy lost
beside the twin, and the mean over layers of the burden proxy on the probe part: share of units left, activity, rank.
Below are the paired differences, merged minus not merged, and the rank correlation of accuracy lost with the proxy over
all pruned networks, with a bootstrap interval over seeds: as it is, and of what ranks have beside their mean at each
sparsity. The last line is one JSON object.
"""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from benchmarks.systems.burden import activations_of, mean_burden
from benchmarks.systems.vision_transformer import VisionTransformer
from emergence.core.plugins import load
from emergence.core.storage import write_dataset
from emergence.datasets import RawFiles, process, read_processed
from emergence.parameters.data import Data
from emergence.pruning import Samples, Subject, global_magnitude, masked_network
from emergence.statistics.correlation import rank_correlation
from emergence.statistics.estimate import mean_interval

TOKENS_A_SIDE, BATCH = 4, 32
QUANTITIES = ("accuracy", "lost", "survivors", "activity", "rank")
CONFIDENCE, RESAMPLES = 0.95, 1000
Floats, Parts = NDArray[np.float64], dict[str, tuple[Tensor, Tensor]]


def read(name: str) -> Parts:
    """Normalised inputs and labels of each part of a data set."""
    raw = load("datasets", name, "load")(RawFiles.below(Path("data/raw")))
    with TemporaryDirectory() as folder:
        write_dataset(Path(folder) / "dataset.nc", process(name, raw, Data()), {})
        data = read_processed(Path(folder) / "dataset.nc").of_seed(0)
    parts = {part: data.part(part) for part in ("train", "probe", "test")}
    return {part: (data.normalise(inputs), labels) for part, (inputs, labels) in parts.items()}


def train(
    network: nn.Module, samples: tuple[Tensor, Tensor], order: int, steps: int, kept: dict[str, Tensor] | None = None
) -> nn.Module:
    """Return a trained copy, with zeros where a mask keeps nothing; `order` is the seed of its batches."""
    kept, drawing = kept or {}, torch.Generator().manual_seed(order)
    trained = masked_network(network, kept).train()
    masks = [(parameter, kept[name]) for name, parameter in trained.named_parameters() if name in kept]
    optimizer = torch.optim.AdamW(trained.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    for _ in range(steps):
        drawn = torch.randint(len(samples[0]), (BATCH,), generator=drawing)
        optimizer.zero_grad()
        nn.functional.cross_entropy(trained(samples[0][drawn]), samples[1][drawn]).backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            for parameter, on in masks:
                parameter.mul_(on)
    return trained.eval()


def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((network(inputs).argmax(1) == labels).double().mean())


def course(parts: Parts, merged: int, seed: int, options: argparse.Namespace) -> Floats:
    """Quantities over (sparsity, quantity) of one seed."""
    torch.manual_seed(seed)
    shape, probe = parts["train"][0].shape[1:], parts["probe"][0]
    network = VisionTransformer(shape, classes=10, patch=shape[-1] // TOKENS_A_SIDE, merged=merged)
    start = train(network, parts["train"], 3 * seed, options.steps)
    twin = train(start, parts["train"], 3 * seed + 1, options.steps)
    dense, best = activations_of(twin, twin.hidden_layers, probe), accuracy(twin, *parts["test"])
    subject, found = Subject(start, Samples(*parts["train"], probe)), []
    for sparsity in options.sparsities:
        kept = global_magnitude.make_mask(subject, sparsity, torch.Generator())
        pruned = train(start, parts["train"], 3 * seed + 2, options.steps, kept)
        reached = accuracy(pruned, *parts["test"])
        burden = mean_burden(activations_of(pruned, pruned.hidden_layers, probe), dense)
        found.append([reached, best - reached, burden.survivors, burden.activity, burden.rank])
    return np.array(found)


def correlation(lost: Floats, proxy: Floats, within: bool) -> tuple[float, float, float]:
    """Rank correlation over networks (seed, sparsity) and the ends of its bootstrap interval over seeds.

    `within` takes off what ranks have in common at each sparsity.
    """
    levels = np.broadcast_to(np.eye(lost.shape[1])[1:, None], (lost.shape[1] - 1, *lost.shape)) if within else []

    def of(seeds: NDArray[np.int64]) -> float:
        return rank_correlation(*(values[seeds].ravel() for values in (lost, proxy, *levels)))

    rng, seeds = np.random.default_rng(0), len(lost)
    drawn = [of(rng.integers(seeds, size=seeds)) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return of(np.arange(seeds)), float(low), float(high)


def print_means(title: str, found: Floats, sparsities: list[float]) -> None:
    """Print means over seeds of values (seed, sparsity, quantity)."""
    print(title, f"{'sparsity':>8}" + "".join(f"{name:>25}" for name in QUANTITIES), sep="\n")
    for place, sparsity in enumerate(sparsities):
        intervals = [mean_interval(values, CONFIDENCE) for values in found[:, place].T]
        print(f"{sparsity:8}" + "".join(f"{f'{m:.3f} ({low:.3f} to {high:.3f})':>25}" for m, low, high in intervals))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", choices=["digits", "mnist"], default="digits", help="docs/data.md says from where")
    parser.add_argument("--sparsities", type=float, nargs="+", default=[0, 0.5, 0.8, 0.9, 0.95, 0.98])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--steps", type=int, default=500, help="updates before pruning, and as many after it")
    options = parser.parse_args()
    pruned = np.array(options.sparsities) > 0
    if options.seeds < 2 or not pruned.any() or min(options.sparsities) < 0 or max(options.sparsities) >= 1:
        parser.error("--seeds: at least 2; --sparsities: from 0 up to, but not including, 1, one of them above 0")
    torch.set_num_threads(1)
    parts, half, seeds = read(options.dataset), TOKENS_A_SIDE**2 // 2, range(options.seeds)
    found = {merged: np.array([course(parts, merged, seed, options) for seed in seeds]) for merged in (0, half)}
    for merged, values in found.items():
        print_means(f"{merged} tokens merged", values, options.sparsities)
    print_means("merged minus not merged", found[half] - found[0], options.sparsities)
    table = {}
    for merged, values in found.items():
        for place, name in enumerate(QUANTITIES[2:], start=2):
            for within in (False, True):
                case = f"{merged} merged, lost and {name}{', within sparsities' if within else ''}"
                table[case] = correlation(values[:, pruned, 1], values[:, pruned, place], within)
                print(f"{case:50}" + "{:6.2f} ({:.2f} to {:.2f})".format(*table[case]))
    networks = {str(merged): values.tolist() for merged, values in found.items()}
    print(json.dumps({"sparsities": options.sparsities, "quantities": QUANTITIES, "networks": networks} | table))


if __name__ == "__main__":
    main()
