"""Time that recording takes in a training loop: ResNet-18 on 32 x 32 images, a record every 100 updates.

In every turn some updates are timed without a record, then one record with the recorder's own settings, its file
included, then as many updates after it, which find the caches as the record left them. The time per update with
recording is that of the latter and the record's share, one part in `--every`, of its time. Images are made up, one
thread computes, and times are CPU seconds, since other work may share the machine. The last line is one JSON object
with the medians.
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

import torch
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from emergence import Recorder
from emergence.networks import Architecture, build


def timed(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--updates", type=int, default=3, help="updates timed before and after each record")
    parser.add_argument("--every", type=int, default=100, help="updates per record")
    parser.add_argument("--batch", type=int, default=128, help="images per update")
    parser.add_argument("--probe", type=int, default=256, help="probe images")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    images, classes = torch.randn(given.batch, 3, 32, 32), torch.arange(given.batch) % 10
    probe, labels = torch.randn(given.probe, 3, 32, 32), torch.arange(given.probe) % 10
    network = build(Architecture("resnet", (3, 32, 32), 10, {"depth": 18}))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)

    def update() -> None:
        optimizer.zero_grad()
        cross_entropy(network(images), classes).backward()
        optimizer.step()

    turns = []
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(network, probe, labels, file=Path(folder) / "recording.nc")
        update()
        recorder.record(0)  # what is loaded and made once
        for turn in range(1, given.turns + 1):
            without = mean(timed(update) for _ in range(given.updates))
            record = timed(lambda step=turn: recorder.record(step))
            after = mean(timed(update) for _ in range(given.updates))
            with_it = after + record / given.every
            turns.append((without, with_it, record, record / given.every / with_it))
            shown = f"update {without:.2f} s, with recording {with_it:.2f} s, record {record:.1f} s"
            print(f"{shown}, share {turns[-1][3]:.2%}", flush=True)
    names = ("update", "update_with_recording", "record", "share")
    result = dict(zip(names, map(median, zip(*turns, strict=True)), strict=True))
    machine = f"{platform.processor() or platform.machine()}, torch {torch.__version__}, one thread"
    print(json.dumps({"benchmark": "recording", "machine": machine, "cases": {"resnet18": result}}))


if __name__ == "__main__":
    main()
