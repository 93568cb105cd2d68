"""Time to count paths: against networkx and a Python loop, forward passes, training and the other measures.

MLP 784-256-128-10 and a CNN with 16 and 32 channels on 28 x 28 inputs, VGG19 on 32 x 32; one thread. The input is a
site, so that all weights count. "Pruned" networks have half their weights removed at random, which takes the general
way of counting; where no weight is zero, sums are shared by all units of a layer.

- Peers count one activity pattern at a time. All three are given what does not depend on the pattern: the graph, for
  networkx its topological order. The peers count one sample; 1,000 samples are 1,000 times that for them.
- A forward pass is the faster one of the whole batch at once and in blocks of the size in which we count.
- An epoch of training is its updates alone (60,000 samples, batches of 128); of the CNN a sixth, times six.
- Measures are those of `emergence.measures`. They, and the epoch, are compared with the count for all thresholds and
  criteria that are the study's defaults.

Before any time is taken, all that count must give the same numbers. Inputs are random, as their values do not matter to
time. Times are CPU seconds, since other work may share the machine, medians of several runs in turn after a warm-up;
ratios (peer / ours) are taken pair by pair. The last line is one JSON object.
"""

import argparse
import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import networkx as nx
import torch
from torch import Tensor, nn

sys.path.pop(0)  # this file has the name of the package
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.explicit_graph import UnitDigraph, count_by_loop, layers_of
from emergence import UnitGraph
from emergence.core.plugins import available
from emergence.datasets import SplitDataset
from emergence.graph.counting import PathCounter
from emergence.graph.grid import grid_of
from emergence.measures import apply
from emergence.networks import Architecture, build
from emergence.parameters.emergence import Emergence
from emergence.parameters.training import Training
from emergence.training.batches import parts_of, prefers_channels_last
from emergence.training.member import Member
from emergence.training.precision import fast_matmul

NETWORKS = {
    "mlp": Architecture("mlp", (1, 28, 28), 10, {"widths": [256, 128]}),
    "cnn": Architecture("cnn", (1, 28, 28), 10, {"channels": [16, 32]}),
    "vgg19": Architecture("vgg", (3, 32, 32), 10, {"depth": 19}),
}
BATCH = {"mlp": 10_000, "cnn": 1_000}
EPOCH_SHARE = {"mlp": 1, "cnn": 6}
PROBE_SAMPLES = 256
CPU = torch.device("cpu")

Task = Callable[[], object]
Results = dict[str, dict[str, float]]


def seconds(task: Task) -> float:
    start = time.process_time()
    task()
    return time.process_time() - start


def alternate(ours: Task, other: Task, runs: int, warm_up: bool = True) -> dict[str, float]:
    """Let two tasks take turns; medians of their times, and of the ratio of each pair."""
    if warm_up:
        ours(), other()
    pairs = [(seconds(other), seconds(ours)) for _ in range(runs)]
    return {
        "ratio": median(theirs / own for theirs, own in pairs),
        "peer_seconds": median(theirs for theirs, _ in pairs),
        "our_seconds": median(own for _, own in pairs),
    }


def report(results: Results, case: str, timed: dict[str, float], **further: float) -> None:
    results[case] = {**timed, **further}
    notes = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in further.items())
    row = f"{case:<68} {timed['peer_seconds']:>10.4g} {timed['our_seconds']:>10.4g} {timed['ratio']:>9.3g}"
    print(f"{row}  {notes}".rstrip(), flush=True)


def make(name: str, pruned: bool = False) -> nn.Sequential:
    torch.manual_seed(0)
    network = build(NETWORKS[name]).eval()
    assert isinstance(network, nn.Sequential)
    with torch.no_grad():
        for weight in (p for p in network.parameters() if pruned and p.ndim > 1):
            weight.mul_(torch.rand_like(weight) < 0.5)
    return network


def random_inputs(name: str, samples: int) -> Tensor:
    return torch.randn(samples, *NETWORKS[name].input_shape, generator=torch.Generator().manual_seed(1))


def forward_pass(network: nn.Module, inputs: Tensor, rows: int) -> Task:
    @torch.inference_mode()
    def forward() -> None:
        for block in inputs.split(rows):
            network(block)

    return forward


def check_counts(name: str, expected: float, *counted: float) -> None:
    """Stop unless all have counted the same number, to the precision of float64."""
    if any(abs(count - expected) > 1e-12 * expected for count in counted):
        sys.exit(f"{name}: not the same number of paths: {expected}, {counted}")


def against_peers(results: Results, name: str, runs: int) -> None:
    network, inputs = make(name, pruned=True), random_inputs(name, 1000)
    graph = UnitGraph(network, inputs, include_input=True)
    active = graph.active(inputs, criterion="sample")
    layers = layers_of(network, NETWORKS[name].input_shape)
    digraph = UnitDigraph(layers, int(graph.size[0]))
    patterns = [[units[sample].tolist() for units in active] for sample in range(5)]
    for pattern, emergence in zip(patterns, graph.count(active).sum(axis=1).to_float(), strict=False):
        check_counts(name, emergence, digraph.count(pattern), count_by_loop(layers, pattern))
    peers: dict[str, Task] = {
        "networkx": lambda: digraph.count(patterns[0]),
        "Python loop": lambda: count_by_loop(layers, patterns[0]),
    }

    def measure(counter: PathCounter) -> None:
        single = [units[:1] for units in active]
        for peer, count in peers.items():
            timed = alternate(lambda: counter.arriving(single), count, runs)
            report(results, f"{name}, pruned, 1 sample: {peer}", timed)
            timed = alternate(lambda: counter.arriving(active), count, runs)
            scaled = {key: timed[key] * len(inputs) for key in ("ratio", "peer_seconds")}
            report(results, f"{name}, pruned, 1,000 samples: {peer} (scaled from 1)", {**timed, **scaled})

    graph.counting(None, measure)


def against_forward_pass(results: Results, name: str, pruned: bool, runs: int) -> None:
    network, inputs = make(name, pruned), random_inputs(name, BATCH[name])
    graph = UnitGraph(network, inputs, include_input=True)
    active = graph.active(inputs, criterion="sample")

    block = graph.trace.rows_per_block(CPU)
    ways = [forward_pass(network, inputs, rows) for rows in (len(inputs), block)]
    fastest = min(ways, key=lambda forward: min(seconds(forward) for _ in range(3)))
    case = f"{name}{', pruned' if pruned else ''}, {len(inputs):,} samples: forward pass"
    tasks: dict[str, Task] = {
        "count": lambda: graph.count(active),
        "reading activity and count": lambda: graph.paths(inputs, criterion="sample"),
    }
    for what, task in tasks.items():
        timed = alternate(task, fastest, runs)
        report(results, f"{case} / {what}", timed, forward_passes=1 / timed["ratio"])


def random_images() -> SplitDataset:
    """Random images in the number and size of MNIST's, all to train with."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (60_000, 1, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.randint(10, (60_000,), generator=generator)
    parts, scale = torch.zeros(60_000, dtype=torch.int8), (torch.tensor(127.5), torch.tensor(73.9))
    return SplitDataset("random", images, labels, tuple("0123456789"), parts, *scale)


def against_training_and_measures(results: Results, name: str, runs: int) -> None:
    member = Member(NETWORKS[name], 0, Training(batch_size=128), CPU)
    (train,) = parts_of(random_images(), ["train"], [0], CPU, prefers_channels_last(member.network, CPU))
    probe, labels = train.first(PROBE_SAMPLES)
    graph = UnitGraph(member.network, probe, include_input=True)
    settings = Emergence()

    def count() -> None:
        grid_of(graph, probe, thresholds=settings.thresholds, criteria=settings.criteria)

    updates = -(-len(train) // 128) // EPOCH_SHARE[name]
    whole = -(-len(train) // 128) / updates
    with fast_matmul(member.network, 128, CPU):
        timed = alternate(count, lambda: member.advance(train, 0, 0, updates), runs)
    timed = {**timed, "ratio": timed["ratio"] * whole, "peer_seconds": timed["peer_seconds"] * whole}
    report(results, f"{name}, {PROBE_SAMPLES} samples: epoch", timed, share_of_epoch=1 / timed["ratio"])
    network = member.network.eval()
    for measure in available("measures"):

        def other(measure: str = measure) -> None:
            apply(network, probe, labels, [measure])

        slow = seconds(other) > 3  # too slow to repeat often; this was its warm-up
        timed = alternate(count, other, 1 if slow else runs, warm_up=not slow)
        report(results, f"{name}, {PROBE_SAMPLES} samples: {measure}", timed)


def gibibytes() -> float:
    """Largest memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def vgg19(results: Results, runs: int) -> None:
    """Count on VGG19; first of all, so that the largest memory is its own."""
    inputs, before = random_inputs("vgg19", 256), gibibytes()
    for pruned in (False, True):
        network = make("vgg19", pruned)
        graph = UnitGraph(network, inputs, include_input=True)
        counts = graph.paths(inputs)
        check_counts("vgg19", counts.exact(), counts.emergence)
        block = graph.trace.rows_per_block(CPU)
        for criterion in ("mean", "sample"):
            timed = alternate(
                lambda g=graph, c=criterion: g.paths(inputs, criterion=c),  # type: ignore[misc]
                forward_pass(network, inputs, block),
                runs,
            )
            case = f"vgg19{', pruned' if pruned else ''}, 256 samples, {criterion}: forward pass / activity and count"
            report(results, case, timed, gibibytes=gibibytes(), before=before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each")
    runs = parser.parse_args().runs
    torch.set_num_threads(1)
    versions = f"torch {torch.__version__}, networkx {nx.__version__}, python {platform.python_version()}"
    print(f"{versions}, {platform.processor() or platform.machine()}, 1 thread")
    print(f"{'case: peer':<68} {'peer, s':>10} {'ours, s':>10} {'ratio':>9}")
    results: Results = {}
    vgg19(results, min(runs, 3))
    for name in BATCH:
        against_peers(results, name, runs)
        for pruned in (False, True):
            against_forward_pass(results, name, pruned, runs)
        against_training_and_measures(results, name, runs)
    print(json.dumps({case: {key: round(value, 6) for key, value in timed.items()} for case, timed in results.items()}))


if __name__ == "__main__":
    main()
