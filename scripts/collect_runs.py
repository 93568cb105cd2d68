"""Join the metrics, emergence and measures of all runs into one labelled file, with how fast they learn."""

import logging

import xarray as xr

from emergence.jobs import JobFile, job
from emergence.statistics.collect import collect, read_manifest
from emergence.statistics.convergence import epochs_to_targets, mean_accuracies

log = logging.getLogger("collect_runs")


@job
def collect_runs(given: JobFile) -> xr.Dataset:
    study = collect(read_manifest(given.inputs))
    log.info("joined: %s", ", ".join(f"{name} {size}" for name, size in study.sizes.items()))
    targets = epochs_to_targets(study, given.setting("statistics", "accuracy_targets"))
    return study.merge(targets).merge(mean_accuracies(study))
