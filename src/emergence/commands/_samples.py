"""Samples in files."""

import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from emergence.foreign import read_weights

INPUTS, LABELS = "inputs", "labels"

ARRAYS, TENSORS = (".npz", ".npy"), (".safetensors", ".pt", ".pth")


def read_samples(path: Path) -> tuple[Tensor, Tensor | None]:
    """Read inputs (sample, ...) and, where there are any, labels (sample, ...); no code that a file holds is run.

    Numbers with a point become float32, integers int64. ValueError names the file and what is wrong with it.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> np.savez(path, inputs=np.zeros((3, 2)), labels=np.arange(3))
    >>> inputs, labels = read_samples(path)
    >>> inputs.dtype, labels
    (torch.float32, tensor([0, 1, 2]))
    """
    if path.suffix not in (*ARRAYS, *TENSORS):
        raise ValueError(f"{path}: files '{path.suffix}' are not read; allowed: {', '.join((*ARRAYS, *TENSORS))}")
    found = _arrays(path) if path.suffix in ARRAYS else read_weights(path)
    if INPUTS not in found:
        raise ValueError(f"{path} has no '{INPUTS}', but {', '.join(sorted(found)) or 'nothing'}")
    inputs, labels = found[INPUTS], found.get(LABELS)
    if inputs.ndim < 2 or not len(inputs):
        raise ValueError(f"{path}: '{INPUTS}' has shape {tuple(inputs.shape)}; allowed: (sample, ...)")
    if not torch.isfinite(inputs).all():
        raise ValueError(f"{path}: '{INPUTS}' holds what is not finite")
    if labels is not None and (not labels.ndim or labels.shape[:1] != inputs.shape[:1]):
        raise ValueError(f"{path}: '{LABELS}' has shape {tuple(labels.shape)} for {len(inputs)} samples")
    return inputs.float() if inputs.is_floating_point() else inputs.long(), labels


def _arrays(path: Path) -> dict[str, Tensor]:
    try:
        found = np.load(path, allow_pickle=False)
        arrays = {INPUTS: found} if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
        return {name: torch.from_numpy(array) for name, array in arrays.items() if name in (INPUTS, LABELS)}
    except FileNotFoundError as error:
        raise ValueError(f"{path} is missing") from error
    except (EOFError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged or holds no numbers: {error}") from error
