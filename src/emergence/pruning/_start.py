"""From which weights pruned networks are trained again."""

from collections.abc import Collection, Sequence
from pathlib import Path

import torch
from torch import Tensor

from emergence.core.seeds import of_new_start
from emergence.core.steps import Step
from emergence.networks import Architecture
from emergence.training.checkpoints import paths, read
from emergence.training.member import initial_network


def starting_weights(
    architecture: Architecture, seeds: Sequence[int], dense: Path, start: str, diverged: Collection[int] = ()
) -> dict[str, Tensor]:
    """Return the weights (seed, ...) that training of an `architecture` starts from.

    `start` is "new" for another initialisation of each seed's network, "last" or a step for that checkpoint of the
    `dense` networks. Networks of `diverged` seeds, which could not be pruned, start from no numbers (NaN), and so stay
    diverged. Raises ValueError for a step without checkpoint.

    >>> described = Architecture("mlp", (2,), 2, {"widths": [], "activation": "relu"})
    >>> starting_weights(described, [0, 1], Path("not/read"), "new")["output.weight"].shape
    torch.Size([2, 2, 2])
    """
    weights = _weights(architecture, seeds, dense, start)
    places = [place for place, seed in enumerate(seeds) if seed in diverged]
    if places:
        for tensor in weights.values():
            if tensor.is_floating_point():
                tensor[places] = torch.nan
    return weights


def _weights(architecture: Architecture, seeds: Sequence[int], dense: Path, start: str) -> dict[str, Tensor]:
    if start == "new":
        states = [initial_network(architecture, of_new_start(seed)).state_dict() for seed in seeds]
        return {name: torch.stack([state[name] for state in states]) for name in states[0]}
    steps = paths(dense)
    step = list(steps)[-1] if start == "last" else Step.parse(start)
    if step not in steps:
        raise ValueError(f"no checkpoint at {start} to start from; there are {', '.join(map(str, steps))}")
    return read(steps[step], [architecture.builder]).of_seeds(seeds)
