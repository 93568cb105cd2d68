"""Weights in files of others: tensors by their names. No code that a file holds is run."""

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from emergence.foreign.error import ForeignError

NESTED = ("state_dict", "model_state_dict", "model")
"""Keys under which training loops keep a state_dict beside other things."""

IN_FOLDER = ("model.safetensors", "pytorch_model.bin")
"""Files of weights in a folder of Hugging Face; where they are in shards, ``.index.json`` behind it lists these."""


def read_weights(path: Path | str) -> dict[str, Tensor]:
    """Read the state_dict of a file, or of a folder of Hugging Face, onto the CPU.

    Read are .safetensors; what torch.save wrote (.pt, .pth, .bin, and .ckpt of Lightning), a state_dict or one under
    the key state_dict, model_state_dict or model; folders with one file of weights or with shards and their index.
    ForeignError names a file that is missing, damaged, of another kind, or that holds anything but data.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "step_1.pt"
    >>> torch.save({"step": 1, "model_state_dict": torch.nn.Linear(2, 3).state_dict()}, path)
    >>> {name: tuple(tensor.shape) for name, tensor in read_weights(path).items()}
    {'weight': (3, 2), 'bias': (3,)}
    """
    path = Path(path)
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        raise ForeignError(f"{path} is missing")
    if path.suffix not in READERS:
        raise ForeignError(f"{path}: files '{path.suffix}' are not read; allowed: {', '.join(READERS)}, or a folder")
    return READERS[path.suffix](path)


def has_weights(folder: Path) -> bool:
    """Tell whether a folder of Hugging Face holds weights."""
    return any((folder / name).is_file() for file in IN_FOLDER for name in (file, f"{file}.index.json"))


def _of_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ForeignError(f"{path} is damaged or no safetensors file: {error}") from error


def _of_torch(path: Path) -> dict[str, Tensor]:
    try:
        if zipfile.is_zipfile(path) and (wrong := zipfile.ZipFile(path).testzip()):
            raise ValueError(f"the checksum of its part {wrong} is wrong")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to ask for
        raise ForeignError(f"{path} {_fault(error)}") from error
    nested = [content[key] for key in NESTED if key in content] if isinstance(content, Mapping) else []
    for found in (content, *nested):
        if (
            isinstance(found, Mapping)
            and found
            and all(isinstance(name, str) and isinstance(value, Tensor) for name, value in found.items())
        ):
            return _checked(path, found)
    raise ForeignError(f"{path} holds no state_dict, alone or under {', '.join(NESTED)}, but {_shown(content)}")


def _checked(path: Path, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    for name, tensor in weights.items():
        if tensor.is_meta or tensor.is_nested or tensor.layout is not torch.strided:
            kind = "without values" if tensor.is_meta else "nested" if tensor.is_nested else str(tensor.layout)
            raise ForeignError(f"{path}: tensor '{name}' is {kind}; allowed: dense tensors")
    return dict(weights)


READERS = {".safetensors": _of_safetensors, **dict.fromkeys((".pt", ".pth", ".bin", ".ckpt"), _of_torch)}


def _fault(error: Exception) -> str:
    """Say what is wrong with a file that torch does not load; its own message advises to run what the file holds."""
    refused = re.search(r"GLOBAL ([\w.]+)", str(error))
    if refused:
        return f"holds code or objects ({refused[1]}), which are not loaded; save the model's state_dict() instead"
    told = re.search(r"WeightsUnpickler error:\s*(.+)", str(error))
    plain = type(error).__name__ if "weights_only" in str(error) or not str(error) else str(error)
    return f"is damaged or no file of weights: {told[1] if told else plain}"


def _of_folder(folder: Path) -> dict[str, Tensor]:
    for name in IN_FOLDER:
        if (folder / f"{name}.index.json").is_file():
            return _of_shards(folder / f"{name}.index.json")
        if (folder / name).is_file():
            return read_weights(folder / name)
    raise ForeignError(f"{folder} holds no weights; allowed: {', '.join(IN_FOLDER)}, or shards with .index.json")


def _of_shards(index: Path) -> dict[str, Tensor]:
    shards = _listed(index)
    for shard in sorted(set(shards.values())):
        if not (index.parent / shard).is_file():
            raise ForeignError(f"{index.parent / shard} is missing, which {index.name} lists")
    weights: dict[str, Tensor] = {}
    for shard in sorted(set(shards.values())):
        found = read_weights(index.parent / shard)
        for name, listed in shards.items():
            if listed == shard and name not in found:
                raise ForeignError(f"{index.parent / shard} lacks the tensor '{name}', which {index.name} lists")
        weights |= found
    return weights


def _listed(index: Path) -> dict[str, str]:
    """Return tensor -> file name of an index; files lie beside it."""
    try:
        shards = json.loads(index.read_bytes())["weight_map"]
        if not shards or any(Path(shard).name != shard for shard in shards.values()):
            raise ValueError("its weight_map names no files beside it")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ForeignError(f"{index} is no index of shards: {error}") from error
    return dict(shards)


def _shown(content: Any) -> str:
    if not isinstance(content, Mapping):
        return f"a {type(content).__name__}"
    return f"the keys {', '.join(map(str, list(content)[:8]))}" if content else "an empty dictionary"
