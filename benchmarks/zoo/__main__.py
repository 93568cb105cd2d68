"""Counts the paths of published networks and compares each number with an independent count.

The networks come from packages that the project does not need: timm, segmentation-models-pytorch, monai, vit-pytorch
and others; README.md says how to install them. Weights are random, nothing is downloaded. A network whose package is
absent is skipped. Each network runs in a process of its own, with a limit of processor time and memory:

    python -m benchmarks.zoo classification tokens dense signals --out zoo.jsonl

writes a line per network and goes on where an earlier run stopped. Its outcome is COUNTED, REFUSED (ValueError or
MissingRuleError), RAW EXCEPTION, MODEL (the network itself does not run) or DIED; `check` says whether the independent
count of one sample agrees, `damage` what of the network or its inputs is not what it was. The last lines are a summary.
"""

import argparse
import json
import os
import resource
import warnings
from collections import Counter
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")

import torch  # noqa: E402

from benchmarks.zoo.network import Network  # noqa: E402
from benchmarks.zoo.trial import Row, trial  # noqa: E402
from emergence.core.torchvision_import import torchvision  # noqa: E402, F401  (before packages that import it)

LISTS = ("classification", "tokens", "dense", "signals")


def main() -> None:
    """Run the lists that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lists", nargs="*", default=LISTS, help="lists of networks, by default all")
    parser.add_argument("--out", type=Path, default=Path("zoo.jsonl"), help="a line of JSON per network")
    parser.add_argument("--only", default="", help="networks whose name holds this")
    parser.add_argument("--seconds", type=int, default=120, help="limit of processor time for a network")
    parser.add_argument("--gibibytes", type=int, default=12, help="limit of memory for a network")
    parser.add_argument("--no-check", action="store_true", help="count only, without the independent count")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = {row["name"]: row for row in _read(options.out)}
    for network in _networks(options.lists):
        if options.only in network.name and network.name not in rows:
            rows[network.name] = row = _run_apart(network, options)
            with options.out.open("a") as table:
                table.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)
    print(summary(list(rows.values())))


def summary(rows: list[Row]) -> str:
    """Outcomes and checks, counted."""
    runs = [row for row in rows if row["outcome"] not in ("MODEL", "SKIPPED")]
    equal = sum(row.get("check") == "EQUAL" for row in runs)
    damaged = sum(bool(row.get("damage")) for row in runs)
    outcomes = Counter(str(row["outcome"]) for row in rows) + Counter(
        str(row["check"]) for row in rows if "check" in row
    )
    share = f"{equal} of {len(runs)} counted and equal ({100 * equal / max(len(runs), 1):.1f} %), {damaged} damaged"
    return "\n".join([*(f"{number:4d} {what}" for what, number in outcomes.most_common()), share])


def _networks(lists: list[str]) -> list[Network]:
    return [network for name in lists for network in import_module(f"benchmarks.zoo.networks.{name}").NETWORKS]


def _read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _run_apart(network: Network, options: argparse.Namespace) -> Row:
    """A trial in a forked process, which may die or take too long."""
    if find_spec(network.package) is None:
        return {"name": network.name, "outcome": "SKIPPED", "error": f"{network.package} is not installed"}
    with suppress(Exception):  # imported once, not in each process; what fails here fails there and is told there
        import_module(network.maker.partition(":")[0])
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (options.gibibytes << 30,) * 2)
            resource.setrlimit(resource.RLIMIT_CPU, (options.seconds,) * 2)
            with os.fdopen(writing, "w") as pipe:
                pipe.write(json.dumps(trial(network, not options.no_check)))
        finally:
            os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    return json.loads(told) if told else {"name": network.name, "outcome": "DIED", "error": f"status {status}"}


if __name__ == "__main__":
    main()
