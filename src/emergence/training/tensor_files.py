"""Tensors in safetensors files: equal content gives equal bytes, and no code is ever run by reading."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from emergence.files import written_whole


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """Write tensors as safetensors, whole or not at all; return the file's SHA-256.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.safetensors"
    >>> digest = write_tensors(file, {"weight": torch.ones(2)}, {"step": "ep0"})
    >>> read_tensors(file)
    ({'weight': tensor([1., 1.])}, {'step': 'ep0'})
    """
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    content = memoryview(save(contiguous, dict(metadata)))
    parts = _split(content)
    with written_whole(path, len(content)) as temporary, temporary.open("wb") as file:
        file.writelines(parts)
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and metadata of a safetensors file; OSError names one that is missing or cut short."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise OSError(f"{path} cannot be read as safetensors ({error}); delete it and run again") from error


def stored_seeds(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Return the seeds that metadata list, one for each place along the first dimension of all tensors.

    Raises KeyError where they list none, ValueError where they are no seeds or not those of the tensors.

    >>> stored_seeds({"seeds": "[3, 8]"}, {"weight": torch.zeros(2, 5)})
    (3, 8)
    """
    seeds = read_seeds(metadata["seeds"])
    for name, tensor in tensors.items():
        if tensor.ndim == 0 or len(tensor) != len(seeds):
            raise ValueError(f"'{name}' has shape {tuple(tensor.shape)} for {len(seeds)} seeds")
    return seeds


def read_seeds(text: str) -> tuple[int, ...]:
    """Read seeds from a list in JSON; ValueError for anything else, and for a seed listed twice."""
    seeds = _SEEDS.validate_json(text, strict=True)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds are listed twice: {text[:200]}")
    return tuple(seeds)


_SEEDS = TypeAdapter(list[int])


def digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of names, types, shapes and values of tensors.

    >>> digest({"a": torch.zeros(2)}) == digest({"a": torch.zeros(1, 2)})
    False
    """
    content = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        content.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        content.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return content.hexdigest()


def _split(content: memoryview) -> tuple[bytes, memoryview]:
    """Return header and data of a file, the metadata sorted, which the safetensors library writes in random order.

    The header is JSON, padded with spaces, behind its length in 8 bytes (little endian).
    """
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(bytes(content[8:end]))
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return bytes(content[:8]) + text.ljust(end - 8), content[end:]
