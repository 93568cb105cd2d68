"""The claims: one file each, with a function ``samples(study)``.

It returns, for each quantity that `rules.yaml` names for the claim, a table with one row per seed and one column per
test (an experiment, or an experiment at one sparsity), in the units of the rules; NaN where a seed has no value. Some
have a function ``analyses(study)`` too, for the analyses that `rules.yaml` names.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from emergence.statistics.claims import c1, c2, c3, c4, c5, c6, c7, c8
from emergence.statistics.estimate import Estimate
from emergence.statistics.study import Study

Analyses = Mapping[str, Mapping[str, Estimate]]

CLAIMS: dict[str, Callable[[Study], Mapping[str, pd.DataFrame]]] = {
    "C1": c1.samples,
    "C2": c2.samples,
    "C3": c3.samples,
    "C4": c4.samples,
    "C5": c5.samples,
    "C6": c6.samples,
    "C7": c7.samples,
    "C8": c8.samples,
}

ANALYSES: dict[str, Callable[[Study], Analyses]] = {
    "C1": c1.analyses,
    "C2": c2.analyses,
    "C3": c3.analyses,
    "C4": c4.analyses,
    "C5": c5.analyses,
    "C6": c6.analyses,
    "C8": c8.analyses,
}
"""What is computed beside the quantities, by the names of the rules: experiment -> what was found."""
