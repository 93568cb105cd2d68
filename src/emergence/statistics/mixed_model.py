"""Mixed models: a relation over all observations of an experiment, with seeds as random effects."""

import warnings

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMResults
from statsmodels.tools.sm_exceptions import ModelWarning

from emergence.statistics.estimate import Estimate

OPTIMISERS = ("bfgs", "cg", "powell")
"""Each may stop short of the largest likelihood; the best of them counts."""

FEWEST_SEEDS = 3
"""With fewer seeds their spread cannot be told."""


def fit_by_group(response: ArrayLike, predictors: ArrayLike, groups: ArrayLike) -> MixedLMResults:
    """Fit a response to predictors (observation, predictor), with intercept and first slope that vary over groups.

    By restricted maximum likelihood (Laird and Ware 1982, Biometrics 38:963). The fixed effects are the intercept and
    the slopes in their order. A slope that chance alone could make in each group must vary over groups in the model,
    or its error comes out too small (Barr et al. 2013, Journal of Memory and Language 68:255). Raises LinAlgError where
    there is no fit.
    """
    slopes = np.asarray(predictors, dtype=np.float64)
    design = np.column_stack([np.ones(len(slopes)), slopes])
    model = MixedLM(np.asarray(response), design, np.asarray(groups), exog_re=design[:, :2])
    found = [fitted for optimiser in OPTIMISERS if (fitted := _fit(model, optimiser)) is not None]
    if not found:
        raise np.linalg.LinAlgError("the mixed model has no fit")
    return max(found, key=lambda fitted: float(fitted.llf))


def _fit(model: MixedLM, optimiser: str) -> MixedLMResults | None:
    """Fit by one optimiser; None where it ends without a likelihood or an error of the slopes."""
    with warnings.catch_warnings():
        # a variance of zero, on the boundary of what is possible, is a result here
        warnings.simplefilter("ignore", ModelWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            fitted = model.fit(reml=True, method=[optimiser])
            return fitted if np.isfinite([fitted.llf, *fitted.bse_fe]).all() else None
        except np.linalg.LinAlgError:
            return None


def slope_over_seeds(response: ArrayLike, predictor: ArrayLike, *given: ArrayLike, confidence: float) -> Estimate:
    """Return the slope of a response over a predictor, given others, for arrays (seed, observation).

    All are standardised over all observations, so that the slope is in standard deviations per standard deviation. Its
    interval and two-sided p-value are those of Student's t with one degree of freedom less than there are seeds.
    Observations with a missing value are left out. Undefined with fewer than three seeds, where one side does not vary,
    and where the model has no unique fit.
    """
    columns = np.array([np.asarray(values, dtype=np.float64) for values in (response, predictor, *given)])
    seeds = np.broadcast_to(np.arange(columns.shape[1])[:, None], columns.shape[1:])
    known = np.isfinite(columns).all(axis=0)
    rows, groups = columns[:, known], seeds[known]
    undefined = Estimate(observations=len(groups))
    if len(set(groups)) < FEWEST_SEEDS or np.isclose(rows.std(axis=1), 0).any():
        return undefined
    standard = stats.zscore(rows, axis=1)
    try:
        fitted = fit_by_group(standard[0], standard[1:].T, groups)
    except np.linalg.LinAlgError:
        return undefined
    slope, error = float(fitted.fe_params[1]), float(fitted.bse_fe[1])
    student = stats.t(len(set(groups)) - 1)
    half = float(student.ppf((1 + confidence) / 2)) * error
    return Estimate(slope, slope - half, slope + half, float(2 * student.sf(abs(slope) / error)), len(groups))
