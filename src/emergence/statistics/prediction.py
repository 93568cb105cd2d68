"""Predicting one quantity from others, judged on rows that the prediction was not fitted to."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import QuantileTransformer, SplineTransformer

HELD_OUT = {"seeds": "seed", "configurations": "configuration"}
"""Groups that are left out of the fit together, and the column that tells them."""

_FOLDS = 10
"""At most so many fits; with fewer groups each is left out by itself."""

_KNOTS = np.linspace(0, 1, 4)


def skill_per_seed(rows: pd.DataFrame, predictors: Sequence[str], held_out: str) -> pd.Series:
    """Return per seed how much better than a constant `predictors` predict the column ``target`` out of sample.

    Groups of rows with equal values in the column `held_out` are left out in turn; a model fitted to the others
    predicts them. The target is replaced by its rank among all rows (between 0 and 1), predictors by their ranks among
    the rows of the fit, so that neither scale nor outliers matter; each then acts through a spline of its own
    (additive, quadratic, three pieces, constant beyond the fitted range), with a ridge penalty chosen within the fit.
    The skill is 1 - (sum of squared errors) / (sum of squared errors of the mean of the fitted rows), over the rows of
    a seed: at most 1, 0 for what predicts no better than that mean, negative for what predicts worse (out-of-sample
    R^2, Campbell and Thompson 2008, Review of Financial Studies 21:1509, equation 1). NaN where there is nothing to
    predict from, or a single group.

    >>> rows = pd.DataFrame({"x": range(40), "seed": np.arange(40) % 4}).assign(target=lambda t: np.exp(t.x))
    >>> bool((skill_per_seed(rows, ["x"], "seed") > 0.98).all())
    True
    """
    groups = rows[held_out].to_numpy()
    folds = min(len(np.unique(groups)), _FOLDS)
    if folds < 2 or not predictors:
        return pd.Series(np.nan, index=sorted(rows["seed"].unique()), dtype=float)
    inputs = rows[list(predictors)].to_numpy(dtype=float)
    target = (stats.rankdata(rows["target"]) - 0.5) / len(rows)
    predicted, mean = np.empty_like(target), np.empty_like(target)
    for fitted, left_out in GroupKFold(folds).split(inputs, target, groups):
        model = _model(*inputs[fitted].shape).fit(inputs[fitted], target[fitted])
        predicted[left_out] = model.predict(inputs[left_out])
        mean[left_out] = target[fitted].mean()
    errors = pd.DataFrame({"model": (target - predicted) ** 2, "mean": (target - mean) ** 2})
    sums = errors.groupby(rows["seed"].to_numpy()).sum()
    return 1 - sums["model"] / sums["mean"].replace(0, np.nan)


def _model(rows: int, columns: int) -> Pipeline:
    knots = np.tile(_KNOTS[:, None], columns)
    return make_pipeline(
        QuantileTransformer(n_quantiles=min(rows, 100), random_state=0),
        SplineTransformer(degree=2, knots=knots, extrapolation="constant", include_bias=False),
        RidgeCV(alphas=np.logspace(-4, 2, 7)),
    )
