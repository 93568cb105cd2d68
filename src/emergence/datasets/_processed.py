"""The file that all later phases read: samples, labels, parts and the scale of the inputs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from emergence.core.arrays import Bools, Floats
from emergence.core.plugins import unknown
from emergence.core.storage import read_dataset
from emergence.datasets._raw import RawDataset
from emergence.datasets._split import PARTS, split
from emergence.parameters.data import Data

INPUT_DIMENSIONS = {1: ("feature",), 2: ("channel", "length"), 3: ("channel", "height", "width")}
TOKEN_TYPES = (np.uint8, np.int16, np.int32)

Variables = dict[str, tuple[Any, NDArray[Any], str]]
"""Name of a variable -> dimensions, values, title."""


def process(name: str, raw: RawDataset, data: Data) -> xr.Dataset:
    """Split a data set and measure the scale of its training inputs; the result is what `read_processed` reads.

    `mean` and `std` are those of the training part only, in the units of `inputs`: one per channel, one in all for
    vectors; `std` is 1 where the inputs do not vary. Tokens have none, and are stored in the smallest type that holds
    them. Raises ValueError if `raw` is no RawDataset or a part would be empty.
    """
    if not isinstance(raw, RawDataset):
        wrong = type(raw).__name__
        raise ValueError(f"data set '{name}': its function must return an emergence.datasets.RawDataset, not a {wrong}")
    part = split(raw.labels, raw.test, data)
    variables = _tokens(raw) if raw.tokens else _numbers(raw, part == PARTS.index("train"))
    variables["part"] = ("sample", part, "part of the data set")
    labelled = xr.Dataset(
        {key: (dims, values, {"units": "1", "long_name": title}) for key, (dims, values, title) in variables.items()},
        attrs={
            "dataset": name,
            "classes": json.dumps(raw.classes),
            "source": raw.source,
            "checksums": json.dumps(raw.checksums, sort_keys=True),
            "split_seed": data.split_seed,
        },
    )
    labelled["part"].attrs |= {"flag_values": np.arange(len(PARTS), dtype=np.int8), "flag_meanings": " ".join(PARTS)}
    return labelled


def _numbers(raw: RawDataset, train: Bools) -> Variables:
    mean, std = _scale(raw.inputs[train])
    dimensions = INPUT_DIMENSIONS[raw.inputs.ndim - 1]
    per_channel = dimensions[:1] if mean.ndim else ()
    return {
        "inputs": (("sample", *dimensions), raw.inputs, "input as published"),
        "labels": ("sample", raw.labels.astype(np.int64), "index of the class"),
        "mean": (per_channel, mean, "mean of the training inputs"),
        "std": (per_channel, std, "standard deviation of the training inputs"),
    }


def _tokens(raw: RawDataset) -> Variables:
    smallest = next(kind for kind in TOKEN_TYPES if len(raw.classes) - 1 <= np.iinfo(kind).max)
    dimensions = ("sample", "position")
    return {
        "inputs": (dimensions, raw.inputs.astype(smallest), "token"),
        "labels": (dimensions, raw.labels.astype(smallest), "index of the class: the token that follows"),
    }


def _scale(inputs: NDArray[Any]) -> tuple[Floats, Floats]:
    """Mean and standard deviation per channel, or of all values of a vector."""
    groups = np.moveaxis(inputs, 1, 0) if inputs.ndim > 2 else inputs[None]
    mean = np.array([group.mean(dtype=np.float64) for group in groups])
    std = np.array([group.std(dtype=np.float64) for group in groups])
    std[std == 0] = 1
    return (mean, std) if inputs.ndim > 2 else (mean[0], std[0])


@dataclass(frozen=True)
class ProcessedDataset:
    """A split data set as tensors on the CPU.

    `inputs` (sample, ...) are as published (uint8 or float32), `labels` int64 (sample), `parts` int8 (sample),
    indices into PARTS; `mean` and `std` are float32 and broadcast over one input. Tokens are integers (sample,
    position), as are their labels, and have neither mean nor std.
    """

    name: str
    inputs: Tensor
    labels: Tensor
    parts: Tensor
    mean: Tensor | None
    std: Tensor | None
    class_names: tuple[str, ...]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input: (feature,), (channel, height, width) or, of tokens, (position,)."""
        return tuple(self.inputs.shape[1:])

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        """Return inputs and labels of "train", "validation", "probe" or "test", in the order of the file."""
        if name not in PARTS:
            raise ValueError(unknown(name, list(PARTS), "part"))
        chosen = self.parts == PARTS.index(name)
        return self.inputs[chosen], self.labels[chosen]

    def normalise(self, inputs: Tensor) -> Tensor:
        """Return (inputs - mean) / std in float32, on the device of `inputs`; inputs of any batch shape.

        Tokens are returned as int64.
        """
        if self.mean is None or self.std is None:
            return inputs.to(torch.int64)
        numbers = inputs.to(torch.float32, copy=True)  # changed in place, to stay in the processor's cache
        return numbers.sub_(self.mean.to(inputs.device)).div_(self.std.to(inputs.device))


def read_processed(path: Path) -> ProcessedDataset:
    """Read what `process` made and `emergence.core.storage.write_dataset` wrote.

    Raises OSError for an unreadable file and ValueError for one that is no processed data set.

    >>> import tempfile
    >>> from emergence.core.storage import write_dataset
    >>> raw = RawDataset(np.eye(20, dtype=np.float32), np.arange(20) % 2, ("even", "odd"), source="made up")
    >>> path = Path(tempfile.mkdtemp()) / "dataset.nc"
    >>> write_dataset(path, process("parity", raw, Data(probe_samples=4)), {})
    >>> data = read_processed(path)
    >>> data.input_shape, data.classes, data.class_names
    ((20,), 2, ('even', 'odd'))
    >>> inputs, labels = data.part("train")
    >>> inputs.shape, data.normalise(inputs).mean().abs() < 1e-6
    (torch.Size([10, 20]), tensor(True))
    """
    stored = read_dataset(path)
    tokens = "labels" in stored and stored["labels"].ndim == 2
    missing = {"inputs", "labels", "part", *(() if tokens else ("mean", "std"))} - set(stored.data_vars)
    if missing or "classes" not in stored.attrs:
        raise ValueError(f"{path} is no processed data set: it has no {', '.join(sorted(missing)) or 'classes'}")
    inputs = torch.from_numpy(stored["inputs"].values)
    return ProcessedDataset(
        name=stored.attrs["dataset"],
        inputs=inputs,
        labels=torch.from_numpy(stored["labels"].values).to(torch.int64),
        parts=torch.from_numpy(stored["part"].values),
        mean=None if tokens else _broadcastable(stored["mean"].values, inputs.ndim - 1),
        std=None if tokens else _broadcastable(stored["std"].values, inputs.ndim - 1),
        class_names=tuple(json.loads(stored.attrs["classes"])),
    )


def _broadcastable(values: Floats, dimensions: int) -> Tensor:
    """Give a value per channel the trailing dimensions of an input; one value for all stays as it is."""
    tensor = torch.from_numpy(np.asarray(values, np.float32))
    return tensor.reshape(-1, *[1] * (dimensions - 1)) if tensor.ndim else tensor
