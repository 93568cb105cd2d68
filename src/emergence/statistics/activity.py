"""What of emergence the numbers of active units explain."""

import numpy as np
import xarray as xr
from sklearn.linear_model import LinearRegression

from emergence.core.arrays import Floats
from emergence.statistics.estimate import NAN, Estimate, mean_interval
from emergence.statistics.study import by_seed, log10_paths

EXPLAINED = ("explained_by_activity", "explained_by_first_site", "paths_per_first_unit")


def over_sites(run: xr.Dataset, name: str) -> list[Floats]:
    """Return a variable of a run as arrays (seed, step), one per site that the network has where it is by site."""
    values = run[name]
    if "site" not in values.dims:
        return [by_seed(run, values)]
    return [by_seed(run, of_site) for of_site in values.dropna("site", how="all").transpose("site", ...)]


def varying(rows: list[Floats]) -> list[Floats]:
    """Leave out rows that hold one value only, beside missing ones.

    >>> [row.tolist() for row in varying([np.array([1.0, 2.0]), np.array([3.0, 3.0])])]
    [[1.0, 2.0]]
    """
    return [row for row in rows if len(np.unique(row[~np.isnan(row)])) > 1]


def explained_by_activity(run: xr.Dataset, confidence: float) -> dict[str, Estimate]:
    """Fit emergence to numbers of active units over the steps of a run, in each seed, and average over seeds.

    Returns EXPLAINED: the share of the variance (R squared) that the units of all sites explain, and those of the first
    site alone, and how many paths each further active unit of the first site takes away. A seed has no value where
    emergence does not vary, or fewer steps are known than 3 and one per site that varies. Intervals are Student's t.
    """
    if "active_units" not in run:
        return {name: Estimate() for name in EXPLAINED}
    log10, active = by_seed(run, log10_paths(run)), over_sites(run, "active_units")
    found = np.array([_of_seed(row, [site[seed] for site in active]) for seed, row in enumerate(log10)])
    return {name: _mean(values, confidence, name) for name, values in zip(EXPLAINED, found.T, strict=True)}


def _of_seed(log10: Floats, active: list[Floats]) -> tuple[float, float, float]:
    by_all, _ = _fit(log10, active)
    by_first, slope = _fit(log10, active[:1])
    return by_all, by_first, -slope


def _fit(log10: Floats, active: list[Floats]) -> tuple[float, float]:
    """R squared of 10 ** log10 as a linear function of the rows of `active`, and its slope over the first of them."""
    rows = np.array([log10, *varying(active)])
    rows = rows[:, ~np.isnan(rows).any(axis=0)]
    if len(rows) < 2 or rows.shape[1] < 2 + len(rows) or np.ptp(rows[0]) == 0:
        return NAN, NAN
    highest = rows[0].max()
    paths = 10 ** (rows[0] - highest)  # in units of the largest count, which a float need not hold
    fitted = LinearRegression().fit(rows[1:].T, paths)
    with np.errstate(over="ignore"):
        return float(fitted.score(rows[1:].T, paths)), float(fitted.coef_[0] * np.power(10.0, highest))


def _mean(values: Floats, confidence: float, name: str) -> Estimate:
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return Estimate(observations=len(known))
    ends = np.array(mean_interval(known, confidence))
    mean, low, high = ends if name == "paths_per_first_unit" else np.clip(ends, 0, 1)
    return Estimate(float(mean), float(low), float(high), observations=len(known))
