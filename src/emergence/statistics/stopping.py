"""Epochs that a stopping rule saves, and the accuracy that it costs, on seeds that it was not tuned on."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from emergence.core.arrays import Floats, Integers
from emergence.statistics.over_seeds import with_intervals
from emergence.statistics.stopping_rules import NEVER, RULES, Rule
from emergence.statistics.study import Study, by_seed, whole_epochs

_TEXTS = {
    "epochs_saved": ("epoch", "epochs of training that the rule saves"),
    "accuracy_lost": ("1", "test accuracy at the end of training less that where the rule stops"),
    "epochs_ahead": ("epoch", "epochs that the rule saves more than the other one"),
}
ROUNDING = 1e-12
_INDEX = ("experiment", "rule", "other", "tolerated_loss", "half", "seed")


def stopping(study: Study, tolerances: Sequence[float]) -> xr.Dataset:
    """Tune every stopping rule on half of the seeds and apply it to the other half, and the other way round.

    A rule's setting is the one that saves most epochs among those that cost, in the mean over the seeds of tuning, no
    more validation accuracy than tolerated; where none does, training goes on to the end. Networks are taken as they
    are where the rule stops. Of dense runs, at whole epochs; seeds alternate between the halves.

    Returns over `experiment`, `rule`, `tolerated_loss` and `seed`: ``epochs_saved``, ``accuracy_lost``, and with the
    further dimension `other` ``epochs_ahead``, by which the rule saves more epochs than another rule does where as much
    is tolerated. All three also come as means over seeds with intervals (``epochs_saved_mean``, ``epochs_saved_low``,
    ``epochs_saved_high``, and so on). ``epochs`` (experiment) is the length of training. ``setting`` (experiment, rule,
    tolerated_loss, half) tells what was chosen, for the first seed's half and for the other one. ``kept`` (experiment,
    rule, tolerated_loss) is 1 where the test accuracy lost, in the mean over the seeds, none of which was tuned on, is
    no more than tolerated, else 0; NaN where it is unknown. The rule ``train_to_the_end`` never stops. Seeds with
    missing values are NaN.
    """
    found = [
        _stop_everywhere(whole_epochs(run), tolerances).expand_dims(experiment=[experiment])
        for experiment, run in study.dense().items()
    ]
    stopped = xr.concat(found, "experiment", combine_attrs="override")
    other = stopped["epochs_saved"].rename(rule="other")
    stopped["epochs_ahead"] = stopped["epochs_saved"] - other
    for name, (units, text) in _TEXTS.items():
        stopped[name].attrs = {"units": units, "long_name": text}
        stopped = stopped.assign(with_intervals(stopped[name], study.settings.confidence))
    lost = stopped["accuracy_lost_mean"]
    stopped["kept"] = (lost <= stopped["tolerated_loss"] + ROUNDING).where(lost.notnull())
    stopped["kept"].attrs = {"units": "1", "long_name": "1 where no more test accuracy is lost than tolerated"}
    stopped["epochs"].attrs = {"units": "epoch", "long_name": "epochs of the whole training"}
    stopped["setting"].attrs = {"units": "1", "long_name": "setting that was chosen for the seeds of a half"}
    return stopped.transpose(*_INDEX)


def _stop_everywhere(run: xr.Dataset, tolerances: Sequence[float]) -> xr.Dataset:
    """Apply every rule at every tolerance to the seeds of one run."""
    rules = [*RULES, NEVER]
    shape = (len(rules), len(tolerances), run.sizes["seed"])
    saved, lost = np.full(shape, np.nan), np.full(shape, np.nan)
    setting = np.full((*shape[:2], 2), "", dtype=object)
    halves = np.arange(run.sizes["seed"]) % 2
    epochs = run["step_epoch"].values
    accuracy = {part: by_seed(run, run[f"{part}_accuracy"]) for part in ("validation", "test")}
    seeds = np.arange(len(halves))
    for place, name in enumerate(rules):
        stops, settings = _stops(RULES.get(name), run)
        saved_by = epochs[-1] - epochs[stops]
        lost_by = {part: values[:, -1] - values[seeds, stops] for part, values in accuracy.items()}
        for column, tolerance in enumerate(tolerances):
            for half in (0, 1):
                tuned_on, applied_to = halves != half, halves == half
                best = _best(saved_by[:, tuned_on], lost_by["validation"][:, tuned_on], tolerance)
                saved[place, column, applied_to] = saved_by[best, applied_to]
                lost[place, column, applied_to] = lost_by["test"][best, applied_to]
                setting[place, column, half] = settings[best]
    saved[np.isnan(lost)] = np.nan
    along = ("rule", "tolerated_loss", "seed")
    arrays = {"epochs_saved": (along, saved), "accuracy_lost": (along, lost), "epochs": ((), epochs[-1])}
    arrays["setting"] = (("rule", "tolerated_loss", "half"), setting.astype(str))
    labels = {"rule": rules, "tolerated_loss": list(tolerances), "seed": run["seed"].values}
    return xr.Dataset(arrays, {**labels, "half": ["first", "second"]})


def _stops(rule: Rule | None, run: xr.Dataset) -> tuple[Integers, list[str]]:
    """Places (setting, seed) at which a rule stops, and its settings in words; the last setting is never to stop."""
    end = np.full((1, run.sizes["seed"]), run.sizes["step"] - 1)
    if rule is None:
        return end, [NEVER]
    curves = by_seed(run, rule.watch(run))
    stops = [[rule.stop(curve, **setting) for curve in curves] for setting in rule.settings]
    in_words = [", ".join(f"{name} {value:g}" for name, value in setting.items()) for setting in rule.settings]
    return np.concatenate([stops, end]), [*in_words, NEVER]


def _best(saved: Floats, lost: Floats, tolerance: float) -> int:
    """Which setting (first axis) saves most in the mean over seeds among those that lose no more than allowed."""
    mean_saved, mean_lost = saved.mean(axis=1), np.nanmean(lost, axis=1) if lost.size else np.zeros(len(lost))
    allowed = mean_lost <= tolerance + ROUNDING
    allowed[-1] = True
    order = np.lexsort((mean_lost, -mean_saved))
    return int(next(place for place in order if allowed[place]))
