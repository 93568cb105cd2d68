"""Which weights of the networks of a block are kept."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from emergence.core.modules import plain_copy
from emergence.core.plugins import unknown
from emergence.core.seeds import MASKS, joint
from emergence.training.tensor_files import read_seeds, read_tensors, stored_seeds, write_tensors


@dataclass(frozen=True)
class Mask:
    """Masks of the networks of several seeds: parameter name -> bool (seed, ...), true where a weight is kept.

    Parameters that are not named are kept whole. Networks of the seeds `diverged` had no weights to choose from: all is
    kept of them, and what is trained under such a mask counts as diverged too. Values other than 0 and 1 and tensors
    without one entry per seed raise ValueError.

    >>> Mask((0, 7), {"weight": torch.tensor([[1, 0], [1, 1]])}).of_seed(7)
    {'weight': tensor([True, True])}
    """

    seeds: tuple[int, ...]
    kept: Mapping[str, Tensor]
    diverged: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, tensor in self.kept.items():
            if tensor.ndim == 0 or len(tensor) != len(self.seeds):
                raise ValueError(f"mask of '{name}': shape {tuple(tensor.shape)} for {len(self.seeds)} seeds")
            if not bool(((tensor == 0) | (tensor == 1)).all()):
                raise ValueError(f"mask of '{name}': values other than 0 and 1")
        object.__setattr__(self, "kept", {name: tensor.bool() for name, tensor in self.kept.items()})

    def of_seeds(self, seeds: Sequence[int]) -> dict[str, Tensor]:
        """Return the masks of some seeds, stacked in their order; ValueError for a seed that is not stored."""
        missing = sorted(set(seeds) - set(self.seeds))
        if missing:
            raise ValueError(f"the mask has no seeds {missing}; it has {list(self.seeds)}")
        positions = [self.seeds.index(seed) for seed in seeds]
        return {name: tensor[positions] for name, tensor in self.kept.items()}

    def of_seed(self, seed: int) -> dict[str, Tensor]:
        """Return the mask of one network; ValueError for a seed that is not stored."""
        return {name: tensor[0] for name, tensor in self.of_seeds([seed]).items()}

    def map(self, change: Callable[[int, dict[str, Tensor]], Mapping[str, Tensor]]) -> "Mask":
        """Change the mask of each network by a function of its seed and mask."""
        changed = [change(seed, self.of_seed(seed)) for seed in self.seeds]
        kept = {name: torch.stack([mask[name] for mask in changed]) for name in changed[0]}
        return Mask(self.seeds, kept, self.diverged)

    def shuffled(self, seed: int = MASKS) -> "Mask":
        """Let the entries of each tensor change places at random: the control with the same densities per layer.

        The order is a function of `seed` and the network's seed.
        """

        def shuffle(network_seed: int, kept: dict[str, Tensor]) -> dict[str, Tensor]:
            generator = torch.Generator().manual_seed(joint(seed, network_seed))
            orders = {name: torch.randperm(on.numel(), generator=generator) for name, on in kept.items()}
            return {name: on.flatten()[orders[name]].view(on.shape) for name, on in kept.items()}

        return self.map(shuffle)

    def write(self, path: Path) -> None:
        """Write the masks as safetensors, one byte per weight."""
        diverged = {"diverged": json.dumps(list(self.diverged))} if self.diverged else {}
        write_tensors(path, self.kept, {"seeds": json.dumps(list(self.seeds)), **diverged})

    @classmethod
    def read(cls, path: Path) -> "Mask":
        """Read what `write` wrote; OSError names an unreadable file, ValueError one that holds no mask."""
        tensors, metadata = read_tensors(path)
        if "seeds" not in metadata:
            raise OSError(f"{path} holds no mask: its header lacks 'seeds'")
        try:
            return cls(stored_seeds(metadata, tensors), tensors, read_seeds(metadata.get("diverged", "[]")))
        except ValueError as error:
            raise ValueError(f"{path} holds no mask: {error}") from error


def masked(weights: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights with zeros where they are not kept: of one network with its mask, or stacked (seed, ...) ones.

    Raises ValueError for a mask whose names or shapes are not those of the weights.

    >>> masked({"weight": torch.tensor([3.0, 4.0]), "bias": torch.ones(1)}, {"weight": torch.tensor([True, False])})
    {'weight': tensor([3., 0.]), 'bias': tensor([1.])}
    """
    check_shapes(kept, weights, "mask")
    return {
        name: weight.masked_fill(~kept[name].to(weight.device), 0) if name in kept else weight
        for name, weight in weights.items()
    }


def masked_network(network: nn.Module, kept: Mapping[str, Tensor]) -> nn.Module:
    """Copy a network, with zeros where a mask of its parameters, `kept` by name, keeps nothing.

    >>> masked_network(nn.Linear(2, 1), {"weight": torch.tensor([[False, False]])}).weight
    Parameter containing:
    tensor([[0., 0.]], requires_grad=True)
    """
    copied = plain_copy(network)
    parameters = {name: parameter.detach() for name, parameter in copied.named_parameters()}
    for name, tensor in masked(parameters, kept).items():
        parameters[name].copy_(tensor)
    return copied


def check_shapes(kept: Mapping[str, Tensor], weights: Mapping[str, Tensor], what: str) -> None:
    """Raise ValueError unless every mask has the name and the shape of a weight."""
    for name, on in kept.items():
        if name not in weights:
            raise ValueError(unknown(name, list(weights), f"parameter in {what}"))
        if on.shape != weights[name].shape:
            raise ValueError(f"{what}: '{name}' has shape {tuple(on.shape)}, not {tuple(weights[name].shape)}")
