"""Which weights of the networks of a block are kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from torch import Tensor

from emergence.training.tensor_files import read_tensors, write_tensors


@dataclass(frozen=True)
class Mask:
    """Masks of the networks of several seeds: parameter name -> bool (seed, ...), true where a weight is kept.

    Values other than 0 and 1 and tensors without one entry per seed raise ValueError.

    >>> import torch
    >>> mask = Mask((0, 1), {"weight": torch.tensor([[[1, 0], [1, 1]], [[0, 0], [0, 1]]])})
    >>> mask.report()["density"].values
    array([[0.75],
           [0.25]])
    """

    seeds: tuple[int, ...]
    kept: Mapping[str, Tensor]

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

    def report(self) -> xr.Dataset:
        """Return how many weights are kept, per seed and layer: `kept`, `size`, and `density` = kept / size."""
        size = np.array([tensor[0].numel() for tensor in self.kept.values()])
        kept = np.stack([tensor.flatten(1).sum(1).numpy() for tensor in self.kept.values()], axis=1)
        variables = {
            "density": (("seed", "layer"), kept / size, {"units": "1", "long_name": "share of weights kept"}),
            "kept": (("seed", "layer"), kept, {"units": "1", "long_name": "weights kept"}),
            "size": ("layer", size, {"units": "1", "long_name": "prunable weights"}),
        }
        return xr.Dataset(variables, {"seed": list(self.seeds), "layer": list(self.kept)})

    def write(self, path: Path) -> None:
        """Write the masks as safetensors, one byte per weight."""
        write_tensors(path, self.kept, {"seeds": json.dumps(list(self.seeds))})

    @classmethod
    def read(cls, path: Path) -> "Mask":
        """Read what `write` wrote; OSError names an unreadable file, ValueError says what is no mask."""
        tensors, metadata = read_tensors(path)
        if "seeds" not in metadata:
            raise OSError(f"{path} holds no mask: its header lacks 'seeds'")
        return cls(tuple(json.loads(metadata["seeds"])), tensors)
