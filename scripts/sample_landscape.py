"""Sample planes and slices around a run's weights at some steps, and the line from its initial to its final weights.

``--unfinished`` behind the job file computes no point and writes what is finished.
"""

import torch
import xarray as xr

from emergence.core.files import checksum
from emergence.jobs import Checkpoints, JobFile, job
from emergence.jobs.counting import counting
from emergence.landscape.journal import Journal
from emergence.landscape.run import Run
from emergence.landscape.sampling import Record
from emergence.parameters.landscape import Landscape
from emergence.training.checkpoints import verify


@job
def sample_landscape(given: JobFile, run: Checkpoints, landscape: Landscape) -> xr.Dataset:
    landscape = landscape.model_copy(update={name: given.derived[name] for name in ("planes", "metrics")})
    for file in run.files.values():
        verify(file)
    read = {"data": checksum(given.file("data", "dataset")), "checkpoints": list(map(checksum, run.files.values()))}
    description = {**given.made_from, **read, "device": run.device.type, "torch": torch.__version__}
    with Journal(given.work / "points.jsonl", description) as journal:
        record = Record(journal, "landscape", tuple(landscape.metrics), "--unfinished" in given.arguments)
        of_run = Run(run.files, run.probe, landscape, counting(given), run.builders)
        sampled = of_run.sample(given.seeds, run.chosen(landscape.steps, "landscape.steps"), record)
    return sampled.assign_attrs(direction_seed=landscape.direction_seed, normalisation=landscape.normalisation)
