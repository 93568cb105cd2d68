"""Writing results so that a fault never leaves a wrong or half-written file."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xarray as xr


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; rename it to `target` if the block ends without an error.

    Works for files and folders. A reader sees the earlier content or the whole new one, never a part; a link into
    another store (such as DVC's cache) is replaced, not written through.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with written_whole(folder / "a.txt") as path:
    ...     _ = path.write_text("done")
    >>> [p.name for p in folder.iterdir()]
    ['a.txt']
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    _remove(temporary)
    try:
        yield temporary
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        os.replace(temporary, target)
    finally:
        _remove(temporary)


def write_text(target: Path, text: str) -> None:
    """Write `text` (UTF-8) to `target` whole or not at all."""
    with written_whole(target) as path:
        path.write_text(text, encoding="utf-8")


def write_json(target: Path, content: object) -> None:
    """Write `content` as indented JSON; NaN and infinity are refused because JSON has none."""
    write_text(target, json.dumps(content, indent=2, allow_nan=False) + "\n")


def write_dataset(target: Path, dataset: xr.Dataset, parameters: Mapping[str, Any]) -> None:
    """Write a labelled data set as netCDF-4 with the `parameters` that made it among its attributes.

    Equal content gives equal bytes: nothing of time, host or path is added. Raises ValueError for a variable that
    lacks `units` or `long_name`.
    """
    for name, variable in dataset.data_vars.items():
        missing = {"units", "long_name"} - set(variable.attrs)
        if missing:
            raise ValueError(f"{target.name}: variable '{name}' has no {' and no '.join(sorted(missing))}")
    labelled = dataset.assign_attrs(parameters=json.dumps(parameters, sort_keys=True))
    encoding = {name: {"zlib": True, "complevel": 1} for name, v in dataset.data_vars.items() if v.size > 10_000}
    with written_whole(target) as path:
        labelled.to_netcdf(path, engine="netcdf4", format="NETCDF4", encoding=encoding)


def read_dataset(path: Path) -> xr.Dataset:
    """Read a whole netCDF file into memory; an unreadable one raises OSError that names it."""
    try:
        with xr.open_dataset(path, engine="netcdf4") as dataset:
            return dataset.load()
    except (OSError, RuntimeError, ValueError) as error:
        raise OSError(f"{path} cannot be read as netCDF ({error}); delete it and run again") from error


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
