"""Time to find the curvature of a loss: this package against PyHessian.

Needs what the project does not: pip install --no-deps pyhessian==0.1

The five largest eigenvalues of the Hessian, and its trace from 100 random vectors, of an MLP 784-256-128-10 on 2,000
samples, one thread. The network is trained for a few steps on made-up classes, as eigenvalues of an untrained one lie
close together. PyHessian runs as its documentation shows, with its own criteria for stopping. Ours runs with the matrix
products that `fast_matmul` chooses, which a process does once, off the clock.

Eigenvalues are compared with those that ours finds in double precision to a residual of 1e-10. Then both take turns;
times are CPU seconds, since other work may share the machine, and ratios (PyHessian / ours) are taken pair by pair. The
last line is one JSON object with the medians.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from emergence.curvature import top_eigenvectors
from emergence.curvature.hessian import Hessian
from emergence.measures import hessian_trace
from emergence.networks import Architecture, build
from emergence.training.precision import fast_matmul

try:
    from pyhessian import hessian
except ImportError as error:
    sys.exit(f"{error}; run: pip install --no-deps pyhessian==0.1")

SAMPLES, COUNT, STEPS = 2000, 5, 30
TOLERANCE = 1e-5
"""Largest relative error of an eigenvalue."""

Task = tuple[nn.Module, Tensor, Tensor]


def trained_network() -> Task:
    """Return a network after some steps of training, and the samples that it was trained on."""
    torch.manual_seed(0)
    labels = torch.arange(SAMPLES) % 10
    inputs = torch.randn(10, 1, 28, 28)[labels] * 0.1 + torch.randn(SAMPLES, 1, 28, 28)
    network = build(Architecture("mlp", (1, 28, 28), 10, {"widths": [256, 128], "activation": "relu"}))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    for step in range(STEPS):
        chosen = torch.arange(step * 128, (step + 1) * 128) % SAMPLES
        optimizer.zero_grad()
        cross_entropy(network(inputs[chosen]), labels[chosen]).backward()
        optimizer.step()
    return network.eval(), inputs, labels


def exact(task: Task) -> NDArray[np.float64]:
    """Return the largest eigenvalues in falling order, in double precision."""
    network, inputs, labels = task
    operator = Hessian(build_double(network), inputs.double(), labels)
    shape = (operator.length, operator.length)
    matrix = LinearOperator(shape, matvec=operator.times, dtype=np.float64)
    found: NDArray[np.float64] = eigsh(matrix, k=COUNT, which="LA", tol=1e-10, return_eigenvectors=False)
    return np.sort(found)[::-1]


def build_double(network: nn.Module) -> nn.Module:
    copy = build(Architecture("mlp", (1, 28, 28), 10, {"widths": [256, 128], "activation": "relu"}))
    copy.load_state_dict(network.state_dict())
    return copy.double()


def peer(task: Task) -> hessian:
    network, inputs, labels = task
    return hessian(network, nn.CrossEntropyLoss(), data=(inputs, labels), cuda=False)


def timed(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="turns that each takes")
    runs = parser.parse_args().runs
    torch.set_num_threads(1)
    task = trained_network()
    expected = exact(task)
    with fast_matmul(task[0], SAMPLES, torch.device("cpu")) as setting:
        ours = np.asarray(top_eigenvectors(*task, COUNT)[0])
    theirs = np.sort(peer(task).eigenvalues(top_n=COUNT)[0])[::-1]
    errors = {"ours": np.abs(ours / expected - 1).max(), "peer": np.abs(theirs / expected - 1).max()}
    print(f"eigenvalues {np.round(expected, 4).tolist()}; largest relative errors {errors}; products '{setting}'")
    if errors["ours"] > TOLERANCE:
        sys.exit(f"our error is above {TOLERANCE}")
    cases = {
        "eigenvalues": (lambda: peer(task).eigenvalues(top_n=COUNT), lambda: top_eigenvectors(*task, COUNT)),
        "trace": (lambda: peer(task).trace(maxIter=hessian_trace.PROBES, tol=0), lambda: hessian_trace.measure(*task)),
    }
    result = {}
    for name, (of_peer, of_ours) in cases.items():
        pairs = []
        for _ in range(runs):
            before = timed(of_peer)
            with fast_matmul(task[0], SAMPLES, torch.device("cpu")):
                pairs.append((before, timed(of_ours)))
        ratios = sorted(before / after for before, after in pairs)
        medians = [median(times) for times in zip(*pairs, strict=True)]
        print(
            f"{name}: PyHessian {medians[0]:.2f} s, ours {medians[1]:.2f} s, ratios {ratios[0]:.2f} to {ratios[-1]:.2f}"
        )
        result[name] = {"peer": medians[0], "ours": medians[1], "ratio": median(ratios)}
    machine = f"{platform.processor() or platform.machine()}, torch {torch.__version__}, one thread"
    errors = {name: float(error) for name, error in errors.items()}
    print(json.dumps({"benchmark": "curvature", "machine": machine, "errors": errors, "cases": result}))


if __name__ == "__main__":
    main()
