"""Measures in the order of how well they detect known transitions."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import binomtest

from emergence.statistics.estimate import mean_interval


def standings(scoreboard: xr.Dataset, confidence: float) -> pd.DataFrame:
    """Return a row per measure of what `emergence.statistics.scoreboard.scoreboard` returns, the best score first.

    ``score`` is Youden's J (1950, Cancer 3:32): the share of transitions `seen`, ``seen`` of ``transitions``, less the
    share of transitions seen in controls. ``alarms`` of ``controls`` are p-values of controls at most the level of the
    tests, before any correction, and ``alarm_low`` and ``alarm_high`` the exact interval of their share. ``lead`` is
    the mean over the transitions seen, with Student's t interval over them, or that of the only one. ``detectable`` and
    ``passes`` are medians over transitions and experiments. Measures of which nothing is known come last.
    """
    rows = {name: _row(scoreboard.sel(measure=name), confidence) for name in scoreboard["measure"].values.tolist()}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("measure")
    return table.sort_values(["score", "seen", "passes"], ascending=[False, False, True], kind="stable")


def seen_by_testbed(scoreboard: xr.Dataset) -> pd.DataFrame:
    """Return how many of its transitions each measure sees in each testbed, as text: measures by experiments."""
    of_learning = scoreboard["seen"].sel(answers="true")
    names = scoreboard["experiment"].values.tolist()
    counts = {
        name: [_count(seen) for seen in of_learning.sel(experiment=name).transpose("measure", ...)] for name in names
    }
    rows = pd.Index(scoreboard["measure"].values, name="measure")
    return pd.DataFrame(
        {name: [f"{seen} of {known}" for seen, known in of_one] for name, of_one in counts.items()}, rows
    )


def short_names(experiments: Iterable[str]) -> list[str]:
    """Return the data sets of experiments, with the network where several have the same data set.

    >>> short_names(["parity/mlp", "sums/mlp", "sums/deep"])
    ['parity', 'sums, mlp', 'sums, deep']
    """
    pairs = [name.split("/") for name in experiments]
    often = Counter(dataset for dataset, _ in pairs)
    return [dataset if often[dataset] == 1 else f"{dataset}, {network}" for dataset, network in pairs]


def _row(of_measure: xr.Dataset, confidence: float) -> dict[str, float]:
    learning, control = (of_measure.sel(answers=answers) for answers in ("true", "random"))
    seen, transitions = _count(learning["seen"])
    falsely, controls = _count(control["seen"])
    alarms = int((control["p_value"] <= 1 - confidence + 1e-12).sum())
    interval = binomtest(alarms, controls).proportion_ci(confidence) if controls else (np.nan, np.nan)
    lead, low, high = _lead(learning, confidence)
    return {
        "seen": seen,
        "transitions": transitions,
        "score": seen / transitions - (falsely / controls if controls else 0) if transitions else np.nan,
        "alarms": alarms,
        "controls": controls,
        "alarm_low": interval[0],
        "alarm_high": interval[1],
        "lead": lead,
        "lead_low": low,
        "lead_high": high,
        "detectable": float(learning["detectable"].median()),
        "passes": float(of_measure["measure_passes"].median()),
    }


def _count(seen: xr.DataArray) -> tuple[int, int]:
    """Number seen, and number of which that is known."""
    return int((seen == 1).sum()), int(seen.notnull().sum())


def _lead(learning: xr.Dataset, confidence: float) -> tuple[float, float, float]:
    """The mean lead over the transitions seen, with its interval."""
    places = learning["seen"].values == 1
    leads, low, high = (learning[name].values[places] for name in ("lead", "lead_low", "lead_high"))
    if len(leads) > 1:
        return mean_interval(leads, confidence)
    return (float(leads[0]), float(low[0]), float(high[0])) if len(leads) else (np.nan,) * 3
