"""Numbers per seed with their mean and interval, as variables of a data set."""

import numpy as np
import xarray as xr

from emergence.core.arrays import Floats
from emergence.statistics.estimate import mean_interval


def with_intervals(values: xr.DataArray, confidence: float) -> dict[str, xr.DataArray]:
    """Return mean and ends of Student's t interval over the dimension seed, named ``NAME_mean``, ``_low``, ``_high``.

    `values` needs a name, units and a long_name; missing values (NaN) are left out. NaN where fewer than two are left.

    >>> skill = xr.DataArray([1.0, 2.0, 3.0], dims="seed", name="skill", attrs={"units": "1", "long_name": "skill"})
    >>> {name: round(float(value), 2) for name, value in with_intervals(skill, 0.95).items()}
    {'skill_mean': 2.0, 'skill_low': -0.48, 'skill_high': 4.48}
    """
    numbers = xr.apply_ufunc(
        _interval,
        values,
        input_core_dims=[["seed"]],
        output_core_dims=[["end"]],
        vectorize=True,
        kwargs={"confidence": confidence},
    )
    meanings = {"mean": "mean over seeds", "low": "lower end of its interval", "high": "upper end of its interval"}
    return {
        f"{values.name}_{end}": numbers.isel(end=place, drop=True).assign_attrs(
            units=values.attrs["units"], long_name=f"{values.attrs['long_name']}: {meaning}"
        )
        for place, (end, meaning) in enumerate(meanings.items())
    }


def _interval(values: Floats, confidence: float) -> Floats:
    known = values[np.isfinite(values)]
    return np.array(mean_interval(known, confidence) if len(known) > 1 else (np.nan,) * 3)
