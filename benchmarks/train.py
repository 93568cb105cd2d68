"""Time to train many seeds: this package against the plain PyTorch loop, with a DataLoader and with resident data.

One epoch of 1, 8 and 32 seeds, one thread, batches of 128, SGD with momentum: an MLP 784-256-128-10 on 60,000 samples
of 28 x 28 and a CNN with 16 and 32 channels on 10,000. The peers are written as most people write them: float inputs
that are normalised already, loss and accuracy of every batch recorded. The first draws its batches from a DataLoader
without workers, which is faster here than with them; the second indexes tensors. Ours records the gradient's norm too,
and normalises bytes. It trains seeds one after another, or, where the case says "auto", as many at once as it
chooses itself.

First the losses of 50 updates on the same batches are compared. Then peers and ours take turns, each in a process of
its own, because ours changes how its process keeps memory. Times are CPU seconds, since other work may share the
machine; ratios (peer / ours) are taken pair by pair. With a GPU, times are those of a clock, and there are two more
cases: seeds stacked against one after another, and VGG19 in bfloat16, as a share of the card's `--peak`.

The last line is one JSON object with the medians, and on a CPU the share of ours that the products take which any
method needs, at the rate of a large product: of the forward and the backward pass, without gradients of the images.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, where emergence.py lies
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from benchmarks.products import product_rate
from emergence.datasets import SplitDataset
from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.batches import Part, parts_of, prefers_channels_last, sample_order
from emergence.training.block import PIECE
from emergence.training.cost import device_name
from emergence.training.group import Group
from emergence.training.grouping import form_groups, measure_work
from emergence.training.member import initial_network
from emergence.training.memory import keep_freed_memory
from emergence.training.precision import arithmetic

NETWORKS = {
    "mlp": Architecture("mlp", (1, 28, 28), 10, {"widths": [256, 128]}),
    "cnn": Architecture("cnn", (1, 28, 28), 10, {"channels": [16, 32]}),
    "vgg19": Architecture("vgg", (3, 32, 32), 10, {"depth": 19}),
}
SAMPLES = {"mlp": 60_000, "cnn": 10_000, "vgg19": 10_000}
AT_ONCE = {"mlp": (1, "auto"), "cnn": (1,) if not torch.cuda.is_available() else (1, "auto")}
"""How many seeds ours trains at once; on a CPU "auto" is 4 for the MLP and 1 for the CNN."""

BATCH, RATE, MOMENTUM = 128, 0.01, 0.9
CHECKED, TOLERANCE = 50, 1e-3
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


@cache
def dataset(name: str, samples: int) -> SplitDataset:
    """Random bytes as images."""
    shape, generator = NETWORKS[name].input_shape, torch.Generator().manual_seed(0)
    images = torch.randint(256, (samples, *shape), dtype=torch.uint8, generator=generator)
    labels = torch.randint(10, (samples,), generator=generator)
    scale = torch.full((shape[0], 1, 1), 127.5), torch.full((shape[0], 1, 1), 73.9)
    parts = torch.zeros(samples, dtype=torch.int8)
    return SplitDataset("random", images, labels, tuple("0123456789"), parts, *scale)


@cache
def float_data(name: str, samples: int) -> tuple[Tensor, Tensor]:
    inputs, labels = dataset(name, samples).part("train")
    return dataset(name, samples).normalise(inputs), labels


class Loop:
    """The plain loop for one seed."""

    def __init__(self, name: str, seed: int) -> None:
        self.network = initial_network(NETWORKS[name], seed).to(DEVICE)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=RATE, momentum=MOMENTUM)
        self.losses: list[float] = []
        self.accuracies: list[float] = []

    def update(self, inputs: Tensor, labels: Tensor) -> None:
        self.optimizer.zero_grad()
        logits = self.network(inputs)
        loss = cross_entropy(logits, labels)
        loss.backward()
        self.optimizer.step()
        self.losses.append(loss.item())
        self.accuracies.append((logits.argmax(1) == labels).float().mean().item())


def clock() -> float:
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def seconds(work: Callable[[], None]) -> float:
    start = clock()
    work()
    return clock() - start


def dataloader_epoch(name: str, seeds: int, samples: int, epoch: int) -> float:
    """Time the loop over a DataLoader, seed by seed."""
    loader = DataLoader(TensorDataset(*float_data(name, samples)), batch_size=BATCH, shuffle=True)
    loops = loops_of(name, seeds)

    def train() -> None:
        for loop in loops:
            for inputs, labels in loader:
                loop.update(inputs.to(DEVICE), labels.to(DEVICE))

    return seconds(train)


def resident_epoch(name: str, seeds: int, samples: int, epoch: int) -> float:
    """Time the loop over tensors on the device, seed by seed."""
    inputs, labels = (tensor.to(DEVICE) for tensor in float_data(name, samples))
    loops = loops_of(name, seeds)

    def train() -> None:
        for loop in loops:
            for index in torch.randperm(samples, device=DEVICE).split(BATCH):
                loop.update(inputs[index], labels[index])

    return seconds(train)


def our_epoch(name: str, seeds: int, samples: int, epoch: int, at_once: int | str = 1, **settings: object) -> float:
    """Time an epoch of a block of seeds, in pieces as `train_block` makes them."""
    training, part, groups = ours(name, seeds, samples, at_once, **settings)
    updates = -(-samples // training.batch_size)

    def train() -> None:
        for start in range(0, updates, PIECE):
            for group in groups:
                own = part.of(slice(len(group.seeds)))
                group.advance(own, epoch, start, min(start + PIECE, updates)).cpu()

    with arithmetic(training, initial_network(NETWORKS[name], 0), DEVICE):
        return seconds(train)


@cache
def loops_of(name: str, seeds: int) -> list[Loop]:
    return [Loop(name, seed) for seed in range(seeds)]


@cache
def ours(
    name: str, seeds: int, samples: int, at_once: int | str, **settings: object
) -> tuple[Training, Part, list[Group]]:
    keep_freed_memory()
    rule = {"learning_rate": RATE, "momentum": MOMENTUM}
    training = Training.model_validate({"batch_size": BATCH, "optimizer": rule, **settings})
    last = prefers_channels_last(initial_network(NETWORKS[name], 0), DEVICE)
    (part,) = parts_of(dataset(name, samples), ["train"], range(seeds), DEVICE, last)
    return training, part, form_groups(NETWORKS[name], range(seeds), training, DEVICE, part, at_once)


PEERS = {"DataLoader loop": dataloader_epoch, "resident loop": resident_epoch}


def compare(name: str, at_once: int | str) -> float:
    """Return the largest relative difference in loss between the loop and ours on the same batches."""
    samples = CHECKED * BATCH
    training, part, groups = ours(name, 2, samples, at_once)
    inputs, labels = (tensor.to(DEVICE) for tensor in float_data(name, samples))
    differences = []
    with arithmetic(training, initial_network(NETWORKS[name], 0), DEVICE):
        own = [part.of(slice(len(group.seeds))) for group in groups]
        found = torch.cat([g.advance(p, 0, 0, CHECKED)[0].cpu() for g, p in zip(groups, own, strict=True)])
    for seed in range(2):
        loop = Loop(name, seed)
        for index in sample_order(seed, 0, samples).to(DEVICE).split(BATCH):
            loop.update(inputs[index], labels[index])
        differences.append((found[seed] / torch.tensor(loop.losses) - 1).abs().max())
    return float(max(differences))


class Worker:
    """A process that runs one contestant's part."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
        )

    def __call__(self, function: Callable[..., float], *given: object, **named: object) -> float:
        return self._pool.submit(function, *given, **named).result()


def measure(case: str, peer: Callable[[int], float], own: Callable[[int], float], runs: int) -> dict[str, float]:
    """Let peer and ours take turns, after a warm-up; return medians."""
    pairs = [(peer(run), own(run)) for run in range(runs + 1)][1:]
    ratio = median(theirs / mine for theirs, mine in pairs)
    spread = f"{min(t / m for t, m in pairs):.2f} to {max(t / m for t, m in pairs):.2f}"
    print(f"{case}: ratio {ratio:.2f} ({spread})", flush=True)
    medians = [median(times) for times in zip(*pairs, strict=True)]
    return {"ratio": ratio, "peer_seconds": medians[0], "our_seconds": medians[1]}


def against_loops(given: argparse.Namespace, workers: dict[str, Worker]) -> dict[str, dict[str, float]]:
    results = {}
    for name in given.networks:
        samples = given.samples or SAMPLES[name]
        for at_once in AT_ONCE[name]:
            difference = workers["ours"](compare, name, at_once)
            print(f"{name}, {at_once} at once: largest relative difference in loss to the loop: {difference:.1e}")
            if not difference < TOLERANCE:
                sys.exit("the loop and ours do not train the same network")
        for seeds in given.seeds:
            for at_once in AT_ONCE[name] if seeds > 1 else (1,):
                for peer, epoch in PEERS.items():
                    case = f"{name}, {_count(seeds)}" + ("" if at_once == 1 else f", {at_once} at once") + f": {peer}"
                    theirs = partial(workers[peer], epoch, name, seeds, samples)
                    own = partial(workers["ours"], our_epoch, name, seeds, samples, at_once=at_once)
                    results[case] = measure(case, theirs, own, given.runs)
                    if DEVICE.type == "cpu":
                        needed = seeds * samples * operations(name) / workers["ours"](product_rate)
                        results[case]["share_of_products"] = needed / results[case]["our_seconds"]
                        print(f"  products take {results[case]['share_of_products']:.0%} of ours", flush=True)
    return results


def operations(name: str) -> float:
    """Return the additions and multiplications per sample of a network's products in an update."""
    network, inputs = initial_network(NETWORKS[name], 0), torch.zeros(BATCH, *NETWORKS[name].input_shape)
    with FlopCounterMode(display=False) as counter:
        network(inputs).sum().backward()
    return counter.get_total_flops() / BATCH


def _count(seeds: int) -> str:
    return f"{seeds} seed" + ("s" if seeds > 1 else "")


def on_gpu(given: argparse.Namespace, worker: Worker) -> dict[str, dict[str, float]]:
    """Time what only a GPU is for."""
    results = {}
    for seeds in (seeds for seeds in given.seeds if seeds > 1):
        case = f"mlp, {_count(seeds)} stacked: one after another"
        epoch = partial(worker, our_epoch, "mlp", seeds, given.samples or SAMPLES["mlp"])
        results[case] = measure(case, partial(epoch, at_once=1), partial(epoch, at_once=seeds), given.runs)
    samples, settings = SAMPLES["vgg19"], {"precision": "bfloat16", "batch_size": 512}
    times = [worker(our_epoch, "vgg19", 1, samples, run, **settings) for run in range(given.runs + 1)][1:]
    reached = worker(vgg_operations, samples) / median(times) / 1e12
    results["vgg19, bfloat16"] = {"our_seconds": median(times), "teraflops": reached}
    if given.peak:
        results["vgg19, bfloat16"] |= {"peak_teraflops": given.peak, "share_of_peak": reached / given.peak}
    return results


def vgg_operations(samples: int) -> float:
    """Return the additions and multiplications of an epoch; the backward pass has twice those of the forward pass."""
    network = initial_network(NETWORKS["vgg19"], 0)
    layers = sum(1 for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear))
    (part,) = parts_of(dataset("vgg19", 8), ["train"], [0], torch.device("cpu"))
    per_layer = measure_work(network, part, 1).per_layer
    return 3 * 2 * per_layer * layers * samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=["mlp", "cnn"], default=["mlp", "cnn"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--samples", type=int, help="samples per epoch; fewer make it short")
    parser.add_argument("--runs", type=int, default=5, help="runs of each, after a warm-up")
    parser.add_argument("--peak", type=float, help="of the GPU in bfloat16, in TFLOP/s without sparsity")
    given = parser.parse_args()
    torch.set_num_threads(1)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"torch {torch.__version__}, python {platform.python_version()}, {device_name(DEVICE)}; load {load}", flush=True
    )
    workers = {name: Worker() for name in (*PEERS, "ours")}
    results = against_loops(given, workers)
    if DEVICE.type == "cuda":
        results |= on_gpu(given, workers["ours"])
    print(json.dumps({case: {key: round(value, 4) for key, value in timed.items()} for case, timed in results.items()}))


if __name__ == "__main__":
    main()
