"""Record emergence in a plain PyTorch loop: python examples/pytorch_loop.py FOLDER."""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

import emergence

UPDATES, EVERY = 100, 25


def build() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def data() -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)


def main(folder: Path) -> None:
    model, (inputs, labels) = build(), data()
    recorder = emergence.Recorder(model, inputs[-256:], labels[-256:], file=folder / "recording.nc", landscape_points=9)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for step in range(UPDATES + 1):
        if step % EVERY == 0:
            recorder.record(step, landscape=step in (0, UPDATES), force=step == UPDATES)
            torch.save(model.state_dict(), folder / f"step_{step}.pt")
        batch = torch.randint(len(inputs) - 256, (64,))
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs[batch]), labels[batch]).backward()
        optimizer.step()
    print(recorder.report(folder / "recording.html"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
