"""Networks whose training diverged: by which rule, and what is left out for it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from emergence.core.arrays import Bools, Floats
from emergence.core.runs import DENSE
from emergence.statistics.study import identified

TIMES_GUESSING = 10
"""How many times the loss of guessing the loss of a network at the end of training may be."""

DIVERGED, SINCE, LEFT_OUT = "diverged", "diverged_since", "left_out"

UNITS = {SINCE: "epoch"}

TITLES = {
    DIVERGED: "1 where training diverged",
    SINCE: "epochs until the first step from which on the loss stays that of a diverged network",
    LEFT_OUT: "1 where training, or that of the dense network of the same seed, diverged",
}


@dataclass(frozen=True)
class Diverged:
    """Seeds at which the networks of a run diverged, of how many, and since which step."""

    run: str
    seeds: tuple[int, ...]
    of: int
    since: str

    @property
    def count(self) -> int:
        """Number of these networks."""
        return len(self.seeds)


def without_diverged(study: xr.Dataset) -> xr.Dataset:
    """Leave diverged networks out of joined runs (run, seed, step): all that is known of them becomes NaN.

    A network diverged where at its last step the loss on the training part is not finite or more than TIMES_GUESSING
    times that of guessing (`guessing_loss`, where it is known). Pruned networks of a seed are left out with the dense
    one, by whose weights they are pruned or with which they are compared. The variables DIVERGED, SINCE and LEFT_OUT
    (run, seed) say so; they are missing where a run lacks a seed. Runs without losses stay as they are.
    """
    if "train_loss" not in study:
        return study
    diverged, since, present = _diverged(study)
    left_out = diverged | _with_dense(study, diverged)
    along = ("run", "seed")
    found = {DIVERGED: diverged, SINCE: since, LEFT_OUT: left_out & present}
    marks = {
        name: (along, np.where(present, values, np.nan), {"units": UNITS.get(name, "1"), "long_name": TITLES[name]})
        for name, values in found.items()
    }
    if left_out.any():
        kept = xr.DataArray(~left_out, dims=along)
        names = [name for name, variable in study.items() if {*along} <= {*variable.dims}]
        study = study.assign({name: study[name].where(kept) for name in names})
    return study.assign(marks)


def left_out(study: xr.Dataset) -> tuple[int, int]:
    """Return how many networks of a joined study are left out, and how many there are in all."""
    if LEFT_OUT not in study:
        return 0, 0
    return int(study[LEFT_OUT].sum()), int(study[LEFT_OUT].notnull().sum())


def diverged_runs(study: xr.Dataset) -> list[Diverged]:
    """Return the diverged networks of a joined study, those of a run together that diverged since the same step."""
    names = study["run"].values.tolist() if DIVERGED in study else []
    return [found for name in names for found in _of_run(study, name)]


def _of_run(study: xr.Dataset, name: str) -> Iterator[Diverged]:
    run = study.sel(run=name)
    seeds, epochs = run["seed"].values, run["step_epoch"].values
    there, since = int(run[DIVERGED].notnull().sum()), run[SINCE].values
    for epoch in np.unique(since[~np.isnan(since)]):
        step = str(run["step"].values[epochs == epoch][0])
        yield Diverged(name, tuple(map(int, seeds[since == epoch])), there, step)


def _diverged(study: xr.Dataset) -> tuple[Bools, Floats, Bools]:
    """Return which networks (run, seed) diverged, since which epoch, and which there are."""
    loss = study["train_loss"].transpose("run", "seed", "step").values
    limit = np.full(len(loss), np.inf)
    if "guessing_loss" in study:
        limit = TIMES_GUESSING * study["guessing_loss"].broadcast_like(study["run"]).values
    wrong = ~(np.isfinite(loss) & (loss <= limit[:, None, None]))
    present = study["train_accuracy"].notnull().any("step").transpose("run", "seed").values
    epochs = study["step_epoch"].transpose("run", "step").values
    since = np.full(present.shape, np.nan)
    for run, seed in np.argwhere(present):
        steps = ~np.isnan(epochs[run])
        to_the_end = np.logical_and.accumulate(wrong[run, seed, steps][::-1])[::-1]
        if to_the_end[-1]:
            since[run, seed] = epochs[run, steps][to_the_end.argmax()]
    return ~np.isnan(since), since, present


def _with_dense(study: xr.Dataset, diverged: Bools) -> Bools:
    """Return which networks (run, seed) are pruned and of a seed whose dense network diverged."""
    runs = identified(study)
    of_dense = {run.experiment: row for run, row in zip(runs, diverged, strict=True) if run.is_reference}
    nothing = np.zeros(diverged.shape[1], bool)
    return np.array([of_dense.get(run.experiment, nothing) if run.method != DENSE else nothing for run in runs])
