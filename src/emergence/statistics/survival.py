"""Survival analysis of the epochs until an accuracy is reached, where some runs end before they reach it."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from emergence.core.arrays import Bools, Floats
from emergence.statistics.estimate import Estimate

LARGEST_LOG_RATIO = 10.0
"""Beyond this the likelihood of a hazard ratio has no maximum, only a bound that it nears."""


@dataclass(frozen=True)
class Times:
    """Epochs until an accuracy is reached, or until training ends before that, which `reached` tells apart."""

    epochs: Floats
    reached: Bools

    @classmethod
    def censored_at(cls, end: ArrayLike, epochs: ArrayLike) -> "Times":
        """Take epochs that are beyond the `end` of training where the accuracy is never reached.

        >>> Times.censored_at(20.0, [3.5, float("inf")])
        Times(epochs=array([ 3.5, 20. ]), reached=array([ True, False]))
        """
        values, ends = (np.asarray(given, dtype=np.float64) for given in (epochs, end))
        return cls(np.minimum(values, ends), values <= ends)

    def joined(self, other: "Times") -> "Times":
        """Append other times."""
        return Times(np.concatenate([self.epochs, other.epochs]), np.concatenate([self.reached, other.reached]))


def median_time(times: Times, confidence: float) -> tuple[float, float, float]:
    """Return the median and its interval from the product-limit estimate; infinite where it is never reached.

    Kaplan and Meier 1958, Journal of the American Statistical Association 53:457; interval on the scale of log(-log)
    (Brookmeyer and Crowley 1982, Biometrics 38:29).

    >>> median_time(Times.censored_at(20.0, [3.0, 5.0, 7.0, 9.0, float("inf")]), 0.95)[0]
    7.0
    """
    curve = SurvfuncRight(times.epochs, times.reached.astype(int))
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = curve.quantile_ci(0.5, 1 - confidence, method="cloglog")
    median, low, high = (np.nan_to_num(value, nan=np.inf, posinf=np.inf) for value in (curve.quantile(0.5), low, high))
    return float(median), float(low), float(high)


def log_rank_p_value(first: Times, second: Times, strata: ArrayLike | None = None) -> float:
    """Return the two-sided p-value of equal hazards, within strata (of both, in their order) where these are given.

    Mantel 1966, Cancer Chemotherapy Reports 50:163. NaN where it has no variance.
    """
    both = first.joined(second)
    group = np.repeat([0, 1], [len(first.epochs), len(second.epochs)])
    if not both.reached.any():
        return float("nan")
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(survdiff(both.epochs, both.reached.astype(int), group, strata=strata)[1])
    except np.linalg.LinAlgError:
        return float("nan")


def hazard_ratio(times: Times, covariates: ArrayLike, strata: ArrayLike, confidence: float) -> Estimate:
    """Return the ratio of hazards per unit of the first covariate, given the others (observation, covariate).

    Proportional hazards with a baseline per stratum, ties by Efron's method (Cox 1972, Journal of the Royal Statistical
    Society B 34:187); above 1 the accuracy is reached sooner. Interval and two-sided p-value are Wald's. Undefined
    where the likelihood has no maximum: where the covariate parts early from late without exception.
    """
    rows = np.asarray(covariates, dtype=np.float64)
    undefined = Estimate(observations=len(rows))
    if not times.reached.any():
        return undefined
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = PHReg(times.epochs, rows, times.reached.astype(int), strata=np.asarray(strata), ties="efron")
            fitted = model.fit(disp=0)
        except np.linalg.LinAlgError:
            return undefined
    effect, error = float(fitted.params[0]), float(fitted.bse[0])
    if not np.isfinite(error) or error <= 0 or abs(effect) > LARGEST_LOG_RATIO:
        return undefined
    half = float(stats.norm.ppf((1 + confidence) / 2)) * error
    with np.errstate(over="ignore"):  # an end of the interval may be infinite
        ratio, low, high = (float(np.exp(end)) for end in (effect, effect - half, effect + half))
    return Estimate(ratio, low, high, float(2 * stats.norm.sf(abs(effect) / error)), len(rows))
