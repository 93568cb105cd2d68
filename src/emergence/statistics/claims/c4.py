"""C4: pruning speeds up training and convergence and may lower the final accuracy."""

import numpy as np
import pandas as pd
import xarray as xr

from emergence.statistics.convergence import convergence, mean_accuracy
from emergence.statistics.study import Study, per_seed


def samples(study: Study) -> dict[str, pd.DataFrame]:
    """Compare each pruned run with the dense run of the same seed."""
    pairs = study.pairs()
    share = study.settings.convergence_share
    return {
        "convergence": pd.DataFrame({name: _saving(pruned, dense, share) for name, (pruned, dense) in pairs.items()}),
        "learning_curve": pd.DataFrame(
            {name: mean_accuracy(pruned) - mean_accuracy(dense) for name, (pruned, dense) in pairs.items()}
        ),
        "accuracy": pd.DataFrame(
            {
                name: _final(pruned, "test_accuracy") - _final(dense, "test_accuracy")
                for name, (pruned, dense) in pairs.items()
            }
        ),
    }


def _saving(pruned: xr.Dataset, dense: xr.Dataset, share: float) -> pd.Series:
    """Epochs until convergence, pruned divided by dense."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return convergence(pruned, dense, share) / convergence(dense, dense, share)


def _final(run: xr.Dataset, name: str) -> pd.Series:
    return per_seed(run, run[name].isel(step=-1).values.tolist())
