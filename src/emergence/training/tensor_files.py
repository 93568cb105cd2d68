"""Tensors in safetensors files: equal content gives equal bytes, and no code is ever run by reading.

The metadata of a file hold, as `sha256`, the checksum that the file has with zeros in place of these 64 digits. So even
a file alone, without those it was made with, shows every bit that changed.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from emergence.core.files import checksum, written_whole
from emergence.core.seals import Damaged, require_file

SEAL = "sha256"
BLANK = "0" * 64


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """Write tensors as safetensors, whole or not at all; return the file's SHA-256.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.safetensors"
    >>> digest = write_tensors(file, {"weight": torch.ones(2)}, {"step": "ep0"})
    >>> read_tensors(file)
    ({'weight': tensor([1., 1.])}, {'step': 'ep0'})
    """
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    content = memoryview(save(contiguous, {**metadata, SEAL: BLANK}))
    parts = _sealed(*_split(content))
    with written_whole(path, len(content)) as temporary, temporary.open("wb") as file:
        file.writelines(parts)
    return _sha256(*parts)


def check_sealed(path: Path) -> None:
    """Raise Damaged unless a file of tensors is what its metadata say that it is."""
    require_file(path)
    with path.open("rb") as file:
        length = file.read(8)
        header = file.read(min(int.from_bytes(length, "little"), path.stat().st_size))
        stated = re.search(rb'"%s":"([0-9a-f]{64})"' % SEAL.encode(), header)
        if stated is None:
            raise Damaged(path, "is cut short or damaged: its header states no SHA-256")
        blank = length + header[: stated.start(1)] + BLANK.encode() + header[stated.end(1) :]
        found = hashlib.file_digest(file, lambda: hashlib.sha256(blank)).hexdigest()
    if found != stated[1].decode():
        raise Damaged(path, "is damaged: its SHA-256 is not the one in its header")


def check_listed(path: Path, expected: str, where: str) -> None:
    """Raise Damaged unless the SHA-256 of a file is the one that a list in its folder has for it."""
    require_file(path, "its folder")
    if checksum(path) != expected:
        raise Damaged(path, f"is damaged: its SHA-256 is not the one in {where}", "its folder")


def read_tensors(path: Path, check: Callable[[Path], None] = check_sealed) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and metadata of a file that a function has checked, by default against its own metadata.

    Damaged, an OSError, names a file that is missing or not what was written.
    """
    check(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = {key: value for key, value in (file.metadata() or {}).items() if key != SEAL}
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise Damaged(path, f"is no safetensors file ({error})") from error


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


def _sealed(header: bytes, data: memoryview) -> tuple[bytes, memoryview]:
    """Put the checksum of a file in the place that its header has for it."""
    blank, stated = (f'"{SEAL}":"{digits}"'.encode() for digits in (BLANK, _sha256(header, data)))
    return header.replace(blank, stated), data


def _sha256(*parts: bytes | memoryview) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()
