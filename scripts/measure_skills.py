"""Measure how well a run's networks know what there is to learn, and what measures of them cost."""

import xarray as xr

from emergence.core.known_skills import labelled
from emergence.jobs import Checkpoints, JobFile, job
from emergence.measures import measure_passes
from emergence.parameters.data import described


@job
def measure_skills(given: JobFile, run: Checkpoints) -> xr.Dataset:
    entry = described(given.setting("data", "sets", given.of_run.dataset))
    if entry.on_cpu:
        run = run.on_cpu()
    skills = entry.known_skills(run.data, given.setting("scoreboard", "samples"), given.setting("scoreboard", "seed"))
    last = run.network(run.seeds[0], run.steps[-1])
    random = labelled({"random_answers": ((), float(entry.is_control), "1 where answers or words are random")})
    found = run.each(lambda network, seed: skills.examine(network)).merge(skills.known(last)).merge(random)
    return found.assign(measure_passes=measure_passes(last, run.data, given.setting("measures", "names")))
