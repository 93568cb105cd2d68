"""Information emergence over demonstrations, of a small transformer before, during and after training.

Texts are five different animals of 16 in random order, each followed by a comma: 524,160 texts, of which the network
sees fresh ones in training and the critics others. After a few animals a network can know which ones are left. Printed
are, per number of updates, the loss at the places of animals, and the information emergence E of each block after each
token, names at odd and commas at even places, as mean and standard deviation over seeds of network and critics. The
last line is one JSON object.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))  # before this folder, where emergence.py lies

from benchmarks.systems.demonstrations import demonstrations
from emergence.information import Fit
from emergence.information.language_models import emergence_over_positions, states_of
from emergence.networks.transformer import build

ANIMALS, SHOTS = 16, 5


def losses(network: nn.Module, texts: torch.Tensor) -> torch.Tensor:
    """Loss at the places of the second to the last animal, in nats."""
    logits = network(texts)[:, :, 1:-1:2]
    return cross_entropy(logits, texts[:, 2::2])


def course(seed: int, at: list[int], options: argparse.Namespace) -> tuple[list[float], np.ndarray]:
    """Loss, and E over (step, position, block), of one seed."""
    torch.manual_seed(seed)
    drawing = np.random.default_rng(seed)
    network = build((2 * SHOTS,), ANIMALS + 1, blocks=options.blocks, heads=2, width=options.width)
    states = states_of(network, [network.get_submodule(f"block{1 + place}") for place in range(options.blocks)])
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    texts = demonstrations(ANIMALS, SHOTS, options.samples, np.random.default_rng(1000 + seed))
    found, loss = [], []
    for step in range(max(at) + 1):
        if step in at:
            with torch.no_grad():
                loss.append(float(losses(network, texts)))
            measured = emergence_over_positions(states, texts, range(2 * SHOTS), Fit(steps=options.fit), seed)
            found.append(measured["emergence"].values)
        optimizer.zero_grad()
        losses(network, demonstrations(ANIMALS, SHOTS, 128, drawing)).backward()
        optimizer.step()
    return loss, np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="+", default=[0, 100, 1000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--fit", type=int, default=100, help="steps for which critics are trained")
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--width", type=int, default=32)
    options = parser.parse_args()
    torch.set_num_threads(1)
    courses = [course(seed, options.steps, options) for seed in range(options.seeds)]
    loss, found = np.array([loss for loss, _ in courses]), np.array([found for _, found in courses])
    print(f"{'step':>6}{'loss':>7}{'block':>7}" + "".join(f"{1 + place:>13}" for place in range(2 * SHOTS)))
    for place, step in enumerate(options.steps):
        for block in range(options.blocks):
            values = found[:, place, :, block]
            cells = [f"{mean:.2f} ± {sd:.2f}" for mean, sd in zip(values.mean(0), values.std(0, ddof=1), strict=True)]
            print(f"{step:6}{loss[:, place].mean():7.3f}{1 + block:7}" + "".join(f"{cell:>13}" for cell in cells))
    print(json.dumps({"steps": options.steps, "loss": loss.tolist(), "emergence": found.tolist()}))


if __name__ == "__main__":
    main()
