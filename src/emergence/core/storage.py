"""Labelled data sets as netCDF-4 files, written whole or not at all, and read only as they were written."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from emergence.core.files import written_whole
from emergence.core.seals import Damaged, check_seal, seal


def write_dataset(target: Path, dataset: xr.Dataset, parameters: Mapping[str, Any]) -> None:
    """Write a labelled data set as netCDF-4 with the `parameters` that made it among its attributes.

    Equal content gives equal bytes: nothing of time, host or path is added. Numbers have the checksums of HDF5, which
    every reader checks; a seal behind the file, which other readers pass over, covers all of it. Raises ValueError for
    a variable that lacks `units` or `long_name`.
    """
    for name, variable in dataset.data_vars.items():
        missing = {"units", "long_name"} - set(variable.attrs)
        if missing:
            raise ValueError(f"{target.name}: variable '{name}' has no {' and no '.join(sorted(missing))}")
    labelled = dataset.assign_attrs(parameters=json.dumps(parameters, sort_keys=True))
    encoding = {name: _encoding(variable) for name, variable in labelled.variables.items()}
    with written_whole(target) as path:
        try:
            labelled.to_netcdf(path, engine="netcdf4", format="NETCDF4", encoding=encoding)
        except (OSError, RuntimeError):  # of a full disk the library says "Permission denied" or "HDF error"
            _probe(path)
            raise
        seal(path)


def read_dataset(path: Path) -> xr.Dataset:
    """Read a whole netCDF file into memory; Damaged, an OSError, names one that is not as it was written."""
    check_seal(path)
    try:
        with xr.open_dataset(path, engine="netcdf4") as dataset:
            return dataset.load().drop_encoding()
    except (OSError, RuntimeError, ValueError) as error:
        raise Damaged(path, f"is no netCDF file ({error})") from error


def _encoding(variable: xr.Variable) -> dict[str, Any]:
    """Return how a variable is stored; HDF5 has checksums of arrays of numbers alone."""
    if variable.ndim == 0 or variable.size == 0 or variable.dtype.kind in "OSU":
        return {}
    return {"fletcher32": True, "zlib": variable.size > 10_000, "complevel": 1}


def _probe(path: Path) -> None:
    """Append to a file whose writing failed; OSError says if the disk is full. The file is emptied in any case.

    The netCDF library keeps a file open that it could not write, so that removing it alone would free no space.
    """
    try:
        with path.open("ab") as file:
            file.write(os.urandom(2**20))
    finally:
        os.truncate(path, 0)
