"""Transitions that emergence and the number of active units detect, under each reading of "active"."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr

from emergence.parameters.scoreboard import Scoreboard
from emergence.parameters.statistics import Statistics
from emergence.statistics.scoreboard import (
    EMERGENCE,
    OF_TRANSITION,
    Test,
    Testbed,
    at_most,
    corrected,
    testbeds,
    trajectories,
)
from emergence.statistics.study import Reference, Study
from emergence.statistics.transitions import Sight

ACTIVE = "active_share"
COUNTED = (EMERGENCE, ACTIVE)

_TEXTS = {
    "reading_explained": "share of the differences between seeds that follow the emergence of the skill",
    "reading_seen": "1 where the p-value, corrected for all transitions, is at most the level of the tests",
}


def readings(data: xr.Dataset, statistics: Statistics, reference: Reference, settings: Scoreboard) -> xr.Dataset:
    """Hold emergence and the share of active units against all transitions, at each criterion and threshold.

    `data` is a joined study with all choices of how emergence is counted; paths and samples are those of reference. The
    test is that of `emergence.statistics.scoreboard.scoreboard`, each reading as a measure of its own.

    Returns ``reading_explained`` and ``reading_seen`` over `counted` (emergence, active_share), `criterion`,
    `threshold`, `experiment` and `skill`; NaN where a reading was not counted.
    """
    beds = testbeds(Study.at_reference(data, statistics, reference), settings)
    test = Test.of(beds, statistics.confidence, settings)
    found = {
        (criterion, threshold): _of_reading(
            beds,
            Study.at_reference(
                data,
                statistics.model_copy(update={"reference_criterion": criterion, "reference_threshold": threshold}),
                reference,
            ).dense(),
            test,
        )
        for criterion, threshold in product(data["criterion"].values.tolist(), data["threshold"].values.tolist())
    }
    labels = pd.MultiIndex.from_tuples(found, names=["criterion", "threshold"])
    joined = xr.concat(found.values(), xr.DataArray(range(len(found)), dims="reading", name="reading"), join="outer")
    joined = joined.assign_coords(xr.Coordinates.from_pandas_multiindex(labels, "reading")).unstack("reading")
    joined = joined.assign(reading_seen=at_most(corrected(joined["p_value"], OF_TRANSITION), 1 - statistics.confidence))
    for name, text in _TEXTS.items():
        joined[name].attrs = {"units": "1", "long_name": text}
    return joined[list(_TEXTS)].sel(criterion=data["criterion"], threshold=data["threshold"])


def _of_reading(beds: Mapping[str, Testbed], runs: Mapping[str, xr.Dataset], test: Test) -> xr.Dataset:
    """What emergence and the share of active units show, (counted, experiment, skill)."""
    of_beds = []
    for name, bed in beds.items():
        sights = np.array([bed.sights(trajectories(runs[name], what), test, *what.encode()) for what in COUNTED])
        values = {
            variable: (("counted", "skill"), sights[..., Sight._fields.index(field)])
            for variable, field in (("reading_explained", "explained"), ("p_value", "p_value"))
        }
        of_beds.append(xr.Dataset(values, {"counted": list(COUNTED), "skill": bed.skills}))
    return xr.concat(of_beds, xr.DataArray(list(beds), dims="experiment", name="experiment"), join="outer")
