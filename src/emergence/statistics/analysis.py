"""What analyses beside the quantities find, and the series that they read."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from emergence.core.arrays import Floats
from emergence.statistics.entries import finite_or_none

NAN = float("nan")


@dataclass(frozen=True)
class Found:
    """An estimate with its interval and p-value (NaN: undefined) from a number of observations."""

    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    p_value: float = NAN
    observations: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return plain numbers; null for what is undefined or infinite."""
        numbers = {
            "estimate": self.estimate,
            "interval_low": self.low,
            "interval_high": self.high,
            "p_value": self.p_value,
        }
        return {**{name: finite_or_none(value) for name, value in numbers.items()}, "observations": self.observations}


def log10_paths(run: xr.Dataset) -> xr.DataArray:
    """Return log10(1 + E), which is 0 without any path and finite where E exceeds what a float holds."""
    log10 = run["log10_emergence"]
    if "relative_emergence" in run:
        log10 = log10.where(run["relative_emergence"] != 0, -np.inf)
    with np.errstate(invalid="ignore"):  # of networks that are not there or diverged
        return log10.copy(data=np.logaddexp(0, log10.values * np.log(10)) / np.log(10))


def by_seed(run: xr.Dataset, values: xr.DataArray) -> Floats:
    """Return values of a run as an array (seed, step)."""
    return np.asarray(values.broadcast_like(run["train_accuracy"]).transpose("seed", "step").values, dtype=np.float64)
