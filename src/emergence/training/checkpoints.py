"""Saved weights: one safetensors file per step with the networks of all seeds, and checksums beside them.

A file alone is checked by the checksum that it holds; one in a folder by that of the folder's list, so that neither a
file that is missing nor one in the place of another passes.
"""

import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from emergence.core.files import write_json, written_whole
from emergence.core.seals import Damaged
from emergence.core.steps import Step
from emergence.networks import Architecture, build
from emergence.training.limits import at_most
from emergence.training.tensor_files import (
    check_listed,
    check_sealed,
    read_seeds,
    read_tensors,
    stored_seeds,
    write_tensors,
)

CHECKSUMS = "checksums.json"


@dataclass(frozen=True)
class Checkpoint:
    """The networks of several seeds at one step; `weights` are named as in a state_dict and stacked (seed, ...).

    `path` is the file that it was read from.
    """

    step: Step
    seeds: tuple[int, ...]
    architecture: Architecture
    weights: Mapping[str, Tensor]
    path: Path | None = field(default=None, compare=False)

    def of_seeds(self, seeds: Sequence[int]) -> dict[str, Tensor]:
        """Return the weights of some seeds, stacked in their order; ValueError for a seed that is not stored."""
        missing = sorted(set(seeds) - set(self.seeds))
        if missing:
            raise ValueError(f"the checkpoint of {self.step} has no seeds {missing}; it has {list(self.seeds)}")
        positions = [self.seeds.index(seed) for seed in seeds]
        return {name: tensor[positions] for name, tensor in self.weights.items()}

    def of_seed(self, seed: int) -> dict[str, Tensor]:
        """Return the state_dict of one seed's network; ValueError for a seed that is not stored."""
        return {name: tensor[0] for name, tensor in self.of_seeds([seed]).items()}

    def network(self, seed: int) -> nn.Module:
        """Rebuild one seed's network, in evaluation mode.

        Raises ValueError where the described network is not the one whose weights are stored.
        """
        weights = self.of_seed(seed)
        try:
            with torch.random.fork_rng(devices=[]), at_most(len(weights), sum(w.numel() for w in weights.values())):
                network = build(self.architecture)
            network.load_state_dict(weights)
        except (ValueError, TypeError, RuntimeError, OverflowError, MemoryError) as error:
            raise ValueError(f"{self.path or 'checkpoint'}: its network cannot be rebuilt: {error}") from error
        return network.eval()


def write(checkpoint: Checkpoint, path: Path) -> str:
    """Write a checkpoint whole or not at all; return its SHA-256."""
    metadata = {
        "step": str(checkpoint.step),
        "seeds": json.dumps(list(checkpoint.seeds)),
        "network": checkpoint.architecture.to_json(),
    }
    return write_tensors(path, checkpoint.weights, metadata)


def read(path: Path, builders: Collection[str] = ()) -> Checkpoint:
    """Read a checkpoint and check that it is what was written.

    The file names the function that builds its network. That is called later, so it must be one of this project or
    among `builders`, which the caller knows: a file from elsewhere could name any other. Raises ValueError for another
    one, and OSError that names the file where it is missing, cut short or altered.
    """
    tensors, metadata = read_tensors(path, verify)
    try:
        step, seeds = Step.parse(metadata["step"]), stored_seeds(metadata, tensors)
        architecture = Architecture.from_json(metadata["network"])
    except KeyError as error:
        raise OSError(f"{path} is no checkpoint: its header lacks {error}") from error
    except (TypeError, ValueError) as error:
        raise OSError(f"{path} is no checkpoint: its header cannot be read ({error})") from error
    if architecture.program and architecture.program not in builders:
        raise ValueError(
            f"{path}: its network is built by '{architecture.program}', a program that the file names; if it is yours, "
            f"name it: read(path, builders=['{architecture.program}'])"
        )
    return Checkpoint(step, seeds, architecture, tensors, path)


class StoredNetwork(Mapping[str, Tensor]):
    """The tensors of one seed in a checkpoint file, named as in a state_dict; each is read when it is asked for.

    ValueError names a seed that is not stored. The file's checksum is for the caller to check, see `verify`.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self._file = safe_open(path, framework="pt")
        seeds = read_seeds(self._file.metadata()["seeds"])
        if seed not in seeds:
            raise ValueError(f"{path} has no seed {seed}; it has {list(seeds)}")
        self._place = seeds.index(seed)

    def __getitem__(self, name: str) -> Tensor:
        tensor: Tensor = self._file.get_slice(name)[self._place]
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.keys())

    def __len__(self) -> int:
        return len(self._file.keys())


def verify(path: Path) -> None:
    """Raise OSError, which names the file, where it is missing or not what was written."""
    expected = _listed(path)
    if expected is None:
        check_sealed(path)
    else:
        check_listed(path, expected, CHECKSUMS)


def paths(folder: Path) -> dict[Step, Path]:
    """Return the checkpoints of a folder in the order of training; OSError names any that is missing or not listed."""
    listed = _checksums(folder)
    if listed is None:
        raise Damaged(folder, f"is no folder of checkpoints: it has no {CHECKSUMS}")
    missing = [name for name in listed if not (folder / name).is_file()]
    if missing:
        raise Damaged(folder, f"lacks {', '.join(missing)}, listed in {CHECKSUMS}")
    strange = sorted(file.name for file in folder.glob("*.safetensors") if file.name not in listed)
    if strange:
        raise Damaged(folder, f"holds {', '.join(strange)}, not listed in {CHECKSUMS}")
    steps = {Step.parse(Path(name).stem): folder / name for name in listed}
    return dict(sorted(steps.items()))


def file_name(step: Step) -> str:
    """Return the name of the file that holds a step."""
    return f"{step}.safetensors"


def publish(files: Mapping[Path, str], target: Path) -> None:
    """Gather checkpoint files, given with their SHA-256, in the folder `target`; the folder appears whole."""
    with written_whole(target) as folder:
        folder.mkdir()
        for file in files:
            _link(file, folder / file.name)
        write_json(folder / CHECKSUMS, {file.name: expected for file, expected in files.items()})


def write_all(checkpoints: Iterable[Checkpoint], target: Path) -> None:
    """Write checkpoints as they come to the folder `target`, with their SHA-256; the folder appears whole."""
    with written_whole(target) as folder:
        folder.mkdir()
        listed = {file_name(made.step): write(made, folder / file_name(made.step)) for made in checkpoints}
        write_json(folder / CHECKSUMS, listed)


def publish_last(folders: Mapping[str, Path], target: Path) -> None:
    """Gather the last checkpoint of every folder in the folder `target`, under its name there, with their SHA-256.

    The folder appears whole; its files are read like those of any folder of checkpoints. OSError names a checkpoint
    that is not what was written.
    """
    last = {f"{name}.safetensors": list(paths(folder).values())[-1] for name, folder in folders.items()}
    for file in last.values():
        verify(file)
    with written_whole(target) as gathered:
        gathered.mkdir()
        for name, file in last.items():
            _link(file, gathered / name)
        write_json(gathered / CHECKSUMS, {name: _listed(file) for name, file in last.items()})


def _listed(path: Path) -> str | None:
    """Return the SHA-256 that the folder of a checkpoint lists for it; None of a single file, without such a list."""
    listed = _checksums(path.parent)
    if listed is not None and path.name not in listed:
        raise Damaged(path, f"is not listed in {CHECKSUMS} beside it", "its folder")
    return listed[path.name] if listed is not None else None


def _checksums(folder: Path) -> dict[str, str] | None:
    """Return file name -> SHA-256 of a folder of checkpoints; None for single files without such a list."""
    file = folder / CHECKSUMS
    if not file.is_file():
        return None
    try:
        return dict[str, str](json.loads(file.read_bytes()))
    except (TypeError, ValueError) as error:
        raise Damaged(file, f"is no JSON of checksums ({error})", "its folder") from error


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system cannot; files here are never changed in place."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
