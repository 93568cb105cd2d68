"""Checkpoints as other programs leave them, for tests of networks trained elsewhere."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

NET = "tests.elsewhere:net"


def net(width: int = 6, inputs: int = 64) -> nn.Module:
    """A small network of the user's own."""
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, 10))


def weights(seed: int, step: int, width: int = 6) -> dict[str, Tensor]:
    """Weights that differ from seed to seed and change from step to step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return {name: (1 + step / 10) * tensor for name, tensor in net(width).state_dict().items()}


def save(path: Path, tensors: dict[str, Tensor]) -> None:
    """Save weights as .safetensors, or as DistributedDataParallel's beside the number of an epoch in a .pt."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save({"epoch": 1, "state_dict": {f"module.{name}": tensor for name, tensor in tensors.items()}}, path)


def save_run(
    folder: Path,
    form: str = "safetensors",
    seeds: Iterable[int] = range(3),
    steps: Iterable[int] = (0, 1, 2, 4, 8),
    made: Callable[[int, int], dict[str, Tensor]] = weights,
) -> None:
    """Save a network of each seed at each step below `folder`."""
    for seed in seeds:
        for step in steps:
            save(folder / f"runs/{seed}/step_{step}.{form}", made(seed, step))


def entry(form: str = "safetensors", **more: Any) -> dict[str, Any]:
    """The entry in `networks` for what `save_run` saved."""
    return {"builder": "trained_elsewhere", "model": NET, "checkpoints": f"runs/{{seed}}/step_{{step}}.{form}"} | more
