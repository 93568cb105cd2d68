"""Checkpoints of others: files with the seed and the step of training in their names."""

import glob
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from emergence.core.files import checksum
from emergence.core.raw_files import RawFiles
from emergence.core.steps import Step

PLACES = ("{seed}", "{step}")
CONFIG = "config.json"
"""The file in a folder of Hugging Face that describes the model."""

WEIGHTS = ("*.safetensors", "pytorch_model*.bin", "*.index.json")
"""Files in such a folder that hold weights, or say which file holds them."""

Saved = Mapping[Step, Mapping[int, Path]]
"""Step -> seed -> file or folder, in the order of training."""


def search() -> RawFiles:
    """Return where checkpoints lie: below the folder of the study, or that of EMERGENCE_DATA; or given as whole paths.

    >>> search().folders[0]
    PosixPath('.')
    """
    return RawFiles.below(Path())


def find(template: str, updates_per_epoch: int | None, files: RawFiles) -> Saved:
    """Return the checkpoints whose names are the template with numbers for {seed} and {step}.

    {step} counts updates where there are so many per epoch, else epochs. The first folder with any has them all.
    ValueError names two files of one seed and step, and says where there are none.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("run0_5.pt", "run0_10.pt", "run1_5.pt", "run1_last.pt"):
    ...     (folder / name).touch()
    >>> found = find("run{seed}_{step}.pt", None, RawFiles((folder,)))
    >>> {str(step): {seed: path.name for seed, path in seeds.items()} for step, seeds in found.items()}
    {'ep5': {0: 'run0_5.pt', 1: 'run1_5.pt'}, 'ep10': {0: 'run0_10.pt'}}
    """
    found: dict[Step, dict[int, Path]] = {}
    for path, seed, count in next(filter(None, (_matching(folder / template) for folder in files.folders)), []):
        step = Step.after(count, updates_per_epoch) if updates_per_epoch else Step(count)
        if other := found.setdefault(step, {}).get(seed):
            raise ValueError(f"{other} and {path} are both of seed {seed} and step {count}")
        found[step][seed] = path
    if not found:
        raise ValueError(f"there is no file {files.places(template)}")
    return {step: dict(sorted(found[step].items())) for step in sorted(found)}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of the files in a folder of Hugging Face that say which weights it holds."""
    if not path.is_dir():
        return checksum(path)
    files = sorted({file for pattern in WEIGHTS for file in path.glob(pattern) if file.is_file()})
    return hashlib.sha256("".join(f"{file.name} {checksum(file)}\n" for file in files).encode()).hexdigest()


def _matching(template: Path) -> list[tuple[Path, int, int]]:
    """Return the paths that a template stands for, each with its seed and its step."""
    pattern, names = glob.escape(str(template)), re.escape(str(template))
    for place in PLACES:
        escaped, name = re.escape(place), place.strip("{}")
        pattern = pattern.replace(place, "*")
        names = names.replace(escaped, rf"(?P<{name}>[0-9]+)", 1).replace(escaped, f"(?P={name})")
    fits = [found for path in sorted(glob.glob(pattern)) if (found := re.fullmatch(names, path))]
    return [(Path(found[0]), int(found["seed"]), int(found["step"])) for found in fits]
