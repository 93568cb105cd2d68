"""The file that all later phases read: samples, labels, and how the samples are split for each seed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

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
SAMPLES_AT_ONCE = 1000

ROUNDING = 1e-12
"""Standard deviation, relative to the mean, of inputs that do not vary but for rounding."""

Variables = dict[str, tuple[Any, NDArray[Any], str]]
"""Name of a variable -> dimensions, values, title."""


def process(name: str, raw: RawDataset, data: Data) -> xr.Dataset:
    """Return a data set, called `name`, with how it is split, which is what `read_processed` reads.

    The parts of a seed are no part of it, but follow from it (see `ProcessedDataset.of_seed`), and so does the scale of
    the inputs: `sample_mean` and `sample_variance` are those of the values of each sample, one per channel, one in all
    for vectors, and 0 and 1 for scaled inputs. Tokens have none, and are stored in the smallest type that holds them.
    `test` marks a published test part. Raises ValueError if `raw` is no RawDataset or a part would be empty.

    >>> raw = RawDataset(np.eye(20, dtype=np.float32), np.arange(20) % 2, ("even", "odd"), source="made up")
    >>> dict(process("parity", raw, Data(probe_samples=4)).sizes)
    {'sample': 20, 'feature': 20}
    """
    if not isinstance(raw, RawDataset):
        wrong = type(raw).__name__
        raise ValueError(f"data set '{name}': its function must return an emergence.datasets.RawDataset, not a {wrong}")
    sizes = np.bincount(split(raw.labels, raw.test, data, seed=0), minlength=len(PARTS)).tolist()
    variables = _tokens(raw) if raw.tokens else _numbers(raw)
    if raw.test is not None:
        variables["test"] = ("sample", raw.test.astype(np.int8), "1 in the published test part")
    return xr.Dataset(
        {key: (dims, values, {"units": "1", "long_name": title}) for key, (dims, values, title) in variables.items()},
        attrs={
            "dataset": name,
            "classes": json.dumps(raw.classes),
            "source": raw.source,
            "checksums": json.dumps(raw.checksums, sort_keys=True),
            "split": json.dumps(data.model_dump(exclude={"sets"}), sort_keys=True),
            "part_sizes": json.dumps(dict(zip(PARTS, sizes, strict=True))),
        },
    )


def _numbers(raw: RawDataset) -> Variables:
    dimensions = INPUT_DIMENSIONS[raw.inputs.ndim - 1]
    per_channel = ("sample", *(dimensions[:1] if len(dimensions) > 1 else ()))
    values = raw.inputs.reshape(*raw.inputs.shape[: len(per_channel)], -1)
    blocks = np.array_split(values, -(-len(values) // SAMPLES_AT_ONCE))
    mean, variance = (
        np.concatenate([moment(block, -1, dtype=np.float64) for block in blocks]) for moment in (np.mean, np.var)
    )
    if raw.scaled:
        mean, variance = np.zeros_like(mean), np.ones_like(variance)
    return {
        "inputs": (("sample", *dimensions), raw.inputs, "input as published"),
        "labels": ("sample", raw.labels.astype(np.int64), "index of the class"),
        "sample_mean": (per_channel, mean, "mean of the values of the input"),
        "sample_variance": (per_channel, variance, "variance of the values of the input"),
    }


def _tokens(raw: RawDataset) -> Variables:
    smallest = next(kind for kind in TOKEN_TYPES if len(raw.classes) - 1 <= np.iinfo(kind).max)
    dimensions = ("sample", "position")
    return {
        "inputs": (dimensions, raw.inputs.astype(smallest), "token"),
        "labels": (dimensions, raw.labels.astype(smallest), "index of the class: the token that follows"),
    }


@dataclass(frozen=True)
class _Samples:
    """All samples of a data set as tensors on the CPU.

    `inputs` (sample, ...) are as published (uint8 or float32), `labels` int64 (sample). Tokens are integers (sample,
    position), as are their labels.
    """

    name: str
    inputs: Tensor
    labels: Tensor
    class_names: tuple[str, ...]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input: (feature,), (channel, height, width) or, of tokens, (position,)."""
        return tuple(self.inputs.shape[1:])


@dataclass(frozen=True)
class SplitDataset(_Samples):
    """A data set in one split.

    `parts` int8 (sample) are indices into PARTS; `mean` and `std` are float32, of the training part, and broadcast over
    one input; `std` is 1 where inputs do not vary. Tokens have neither.
    """

    parts: Tensor
    mean: Tensor | None
    std: Tensor | None

    def of_seed(self, seed: int) -> Self:
        """Return the data set itself, in the one split that it has."""
        return self

    def places(self, name: str) -> Tensor:
        """Return which samples are in "train", "validation", "probe" or "test", in the order of the file."""
        if name not in PARTS:
            raise ValueError(unknown(name, list(PARTS), "part"))
        return (self.parts == PARTS.index(name)).nonzero().flatten()

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        """Return inputs and labels of a part, in the order of the file."""
        places = self.places(name)
        return self.inputs[places], self.labels[places]

    def normalise(self, inputs: Tensor) -> Tensor:
        """Return (inputs - mean) / std in float32, on the device of `inputs`; inputs of any batch shape.

        Tokens are returned as int64.
        """
        if self.mean is None or self.std is None:
            return inputs.to(torch.int64)
        numbers = inputs.to(torch.float32, copy=True)  # changed in place, to stay in the processor's cache
        return numbers.sub_(self.mean.to(inputs.device)).div_(self.std.to(inputs.device))


@dataclass(frozen=True)
class ProcessedDataset(_Samples):
    """A data set with how it is split for each seed.

    `test` marks a published test part; `sample_mean` and `sample_variance` are those of `process`.
    """

    test: Bools | None
    settings: Data
    sample_mean: Floats | None
    sample_variance: Floats | None

    def of_seed(self, seed: int) -> SplitDataset:
        """Return the data set in the split of the networks of a seed; samples are shared, not copied."""
        parts = split(self.labels.numpy(), self.test, self.settings, seed)
        mean, std = self._scale(parts == PARTS.index("train"))
        return SplitDataset(self.name, self.inputs, self.labels, self.class_names, torch.from_numpy(parts), mean, std)

    def _scale(self, chosen: Bools) -> tuple[Tensor, Tensor] | tuple[None, None]:
        """Mean and standard deviation of all values of some samples, by the law of total variance."""
        if self.sample_mean is None or self.sample_variance is None:
            return None, None
        means = self.sample_mean[chosen]
        mean, std = means.mean(0), np.sqrt(self.sample_variance[chosen].mean(0) + means.var(0))
        varying = np.where(std > ROUNDING * np.abs(mean), std, 1.0)
        return self._broadcastable(mean), self._broadcastable(varying)

    def _broadcastable(self, values: Floats) -> Tensor:
        """Give a value per channel the trailing dimensions of an input; one value for all stays as it is."""
        tensor = torch.from_numpy(np.asarray(values, np.float32))
        return tensor.reshape(-1, *[1] * (self.inputs.ndim - 2)) if tensor.ndim else tensor


def read_processed(path: Path) -> ProcessedDataset:
    """Read what `process` made and `emergence.core.storage.write_dataset` wrote.

    Raises OSError for an unreadable file and ValueError for one that is no processed data set.

    >>> import tempfile
    >>> from emergence.core.storage import write_dataset
    >>> raw = RawDataset(np.eye(20, dtype=np.float32), np.arange(20) % 2, ("even", "odd"), source="made up")
    >>> path = Path(tempfile.mkdtemp()) / "dataset.nc"
    >>> write_dataset(path, process("parity", raw, Data(probe_samples=4)), {})
    >>> data = read_processed(path).of_seed(0)
    >>> data.input_shape, data.classes, data.class_names
    ((20,), 2, ('even', 'odd'))
    >>> inputs, labels = data.part("train")
    >>> inputs.shape, data.normalise(inputs).mean().abs() < 1e-6
    (torch.Size([10, 20]), tensor(True))
    """
    stored = read_dataset(path)
    tokens = "labels" in stored and stored["labels"].ndim == 2
    scale = () if tokens else ("sample_mean", "sample_variance")
    missing = {"inputs", "labels", *scale} - set(stored.data_vars) or {"classes", "split"} - set(stored.attrs)
    if missing:
        raise ValueError(f"{path} is no processed data set: it has no {', '.join(sorted(missing))}")
    return ProcessedDataset(
        name=stored.attrs["dataset"],
        inputs=torch.from_numpy(stored["inputs"].values),
        labels=torch.from_numpy(stored["labels"].values).to(torch.int64),
        class_names=tuple(json.loads(stored.attrs["classes"])),
        test=stored["test"].values.astype(np.bool_) if "test" in stored else None,
        settings=Data.model_validate(json.loads(stored.attrs["split"])),
        sample_mean=None if tokens else stored["sample_mean"].values,
        sample_variance=None if tokens else stored["sample_variance"].values,
    )
