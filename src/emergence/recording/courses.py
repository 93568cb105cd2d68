"""What was recorded, over steps: in memory and, after each record, in a file."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from emergence.core.seals import Damaged
from emergence.core.storage import read_dataset, write_dataset

STEP, LANDSCAPE_STEP, SKIPPED = "step", "landscape_step", "skipped_step"

KIND = "recording"
"""Key, among the parameters in a file, of what was recorded."""

MEANINGS = {
    STEP: "point in training, as counted by the training loop",
    LANDSCAPE_STEP: "step around whose weights the loss was sampled",
    SKIPPED: "step whose record was left out to keep the share of time",
}

SECONDS = {"units": "s", "long_name": "time that the record took, the writing of the file not included"}

CONSTANT = "site_size"


class Courses:
    """Records at rising steps, in `file` too where one is given.

    A file that is there is continued. ValueError names what differs where it is `described` otherwise, and a file that
    is not whole.
    """

    def __init__(self, described: Mapping[str, Any], file: Path | None) -> None:
        self.described, self.file = json.loads(json.dumps(described, sort_keys=True)), file
        self._parts: dict[str, xr.Dataset] = {}
        self._continued = file is not None and file.exists()
        if file is not None and self._continued:
            data = read_recording(file)
            _check_same(file, json.loads(data.attrs["parameters"])[KIND], self.described)
            self._parts = {name: data[_over(data, name)] for name in MEANINGS if name in data.dims}

    @property
    def last(self) -> int | None:
        """The last step recorded."""
        return int(self._parts[STEP][STEP][-1]) if STEP in self._parts else None

    def check(self, step: int) -> None:
        """Raise ValueError for a step that does not come after all others.

        The first one after a file was continued may lie within it: training went on from an earlier checkpoint. What
        came at this step and after it is dropped once there is a new record.
        """
        if not self._continued and self.last is not None and step <= self.last:
            raise ValueError(f"step {step} does not come after step {self.last}, which is recorded")

    def skip(self, step: int) -> None:
        """Note a step that is not recorded."""
        self._go_back(step)
        if SKIPPED not in self._parts or step not in self._parts[SKIPPED][SKIPPED]:
            self._append(SKIPPED, step, xr.Dataset())

    def add(self, step: int, found: xr.Dataset, seconds: float) -> None:
        """Keep what was found at a step, and write the file; where that fails, the step may be recorded again."""
        before = dict(self._parts), self._continued
        try:
            self._go_back(step)
            self._add(step, found, seconds)
            if self.file is not None:
                write_dataset(self.file, self.data, {KIND: self.described})
        except BaseException:
            self._parts, self._continued = before
            raise

    def _go_back(self, step: int) -> None:
        """Drop what a continued file has of a step and later ones."""
        if self._continued:
            self._keep(lambda _, steps: steps < step)
            self._continued = False

    def _add(self, step: int, found: xr.Dataset, seconds: float) -> None:
        names = [name for name in found if str(name).startswith("plane_")]
        if names:
            self._append(LANDSCAPE_STEP, step, found[names])
        plain = found.drop_vars([*names, "alpha", "beta"], errors="ignore")
        self._append(STEP, step, plain.assign(record_seconds=((), seconds, SECONDS)))
        self._keep(lambda name, steps: (steps != step) | (name != SKIPPED))  # one left out before may now be forced

    @property
    def data(self) -> xr.Dataset:
        """All records; ValueError where there is none."""
        if STEP not in self._parts:
            raise ValueError("nothing is recorded yet")
        return xr.merge(self._parts.values()).assign_attrs(parameters=json.dumps({KIND: self.described}))

    def _keep(self, wanted: Callable[[str, xr.DataArray], xr.DataArray]) -> None:
        """Keep, of the steps of each dimension, those that are wanted."""
        kept = {name: part.sel({name: wanted(name, part[name])}) for name, part in self._parts.items()}
        self._parts = {name: part for name, part in kept.items() if part.sizes[name]}

    def _append(self, dimension: str, step: int, found: xr.Dataset) -> None:
        label = {dimension: ((dimension,), [step], {"units": "1", "long_name": MEANINGS[dimension]})}
        varying = found.drop_vars(CONSTANT, errors="ignore").expand_dims(dimension).assign_coords(label)
        new = varying.assign({name: found[name] for name in found if name == CONSTANT})
        old = [self._parts[dimension]] if dimension in self._parts else []
        self._parts[dimension] = xr.concat(
            [*old, new], dimension, data_vars="minimal", coords="minimal", compat="override", combine_attrs="override"
        )


def read_recording(file: Path) -> xr.Dataset:
    """Read a file that a recorder wrote; ValueError for any other one, and for one that is not whole."""
    try:
        data = read_dataset(file)
    except Damaged as error:
        raise ValueError(f"{error.reason}: no recording can be read from it") from error
    if KIND not in json.loads(data.attrs.get("parameters", "{}")):
        raise ValueError(f"{file} is no recording: no recorder wrote it")
    return data


def _over(data: xr.Dataset, dimension: str) -> list[str]:
    """Return the names of a part: its steps, the variables over these and, with all steps, what is the same at each."""
    constant = [CONSTANT] if dimension == STEP else []
    return [dimension, *(str(n) for n in data.data_vars if dimension in data[n].dims or n in constant)]


def _check_same(file: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    differing = [
        f"{key} {_shown(before.get(key))}, not {_shown(now[key])}" for key in now if before.get(key) != now[key]
    ]
    if differing:
        raise ValueError(f"{file} was recorded with {'; '.join(differing)}: give the same, or another file")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key} {str(part)[:12]}" for key, part in value.items())
    return str(value)
