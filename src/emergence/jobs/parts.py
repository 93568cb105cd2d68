"""Results whose variables are made one by one: those of an earlier file that are made from the same are kept."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import xarray as xr

from emergence.core.seals import Damaged
from emergence.core.storage import read_dataset
from emergence.jobs.job_file import JobFile

log = logging.getLogger(__name__)

KEYS = "parts"
"""The attribute of a file that holds the keys of its variables."""


class Parts:
    """The variables that a job makes, each with the key that says what it is made from; `beside` are earlier files."""

    def __init__(self, keys: Mapping[str, str], beside: list[Path]) -> None:
        self.keys = keys
        self._beside = beside

    @classmethod
    def of_job(cls, given: JobFile) -> "Parts":
        """Return the parts of a job with one file; earlier jobs of its name have theirs in folders beside its own."""
        (target,) = [file for files in given.outputs.values() for file in files]
        return cls(given.parts, sorted(target.parent.parent.glob(f"*/{target.name}")))

    def complete(self, make: Callable[[list[str]], xr.Dataset]) -> xr.Dataset:
        """Return all variables, in order: those of earlier files, and those that `make` returns, given their names."""
        kept = self._kept()
        missing = [name for name in self.keys if name not in kept]
        made = make(missing) if missing else xr.Dataset()
        found = {name: kept[name] if name in kept else made[name] for name in self.keys}
        return xr.Dataset(found, attrs={KEYS: json.dumps(dict(self.keys), sort_keys=True)})

    def _kept(self) -> dict[str, xr.DataArray]:
        found: dict[str, xr.DataArray] = {}
        for path in self._beside:
            try:
                data = read_dataset(path)
            except Damaged as error:
                log.warning("made anew: %s", error)
                continue
            keys = json.loads(data.attrs.get(KEYS, "{}"))
            same = [name for name, key in self.keys.items() if keys.get(name) == key and name not in found]
            log.info("%s: %s", path, ", ".join(same) or "nothing made from the same")
            found |= {name: data[name] for name in same}
        return found
