"""Measure how well a run's networks know what there is to learn."""

import xarray as xr

from emergence.core.known_skills import labelled
from emergence.jobs import Checkpoints, JobFile, job
from emergence.parameters.data import described


@job
def measure_skills(given: JobFile, run: Checkpoints) -> xr.Dataset:
    entry = described(given.setting("data", "sets", given.of_run.dataset))
    if entry.on_cpu:
        run = run.on_cpu()
    splits = {seed: run.data.of_seed(seed) for seed in run.seeds}
    drawn = given.setting("scoreboard", "samples"), given.setting("scoreboard", "seed")
    skills = {seed: entry.known_skills(split, *drawn) for seed, split in splits.items()}
    first = run.seeds[0]
    last = run.network(first, run.steps[-1])
    random = labelled({"random_answers": ((), float(entry.is_control), "1 where answers or words are random")})
    found = run.each(lambda network, seed: skills[seed].examine(network))
    found = found.merge(skills[first].known(last)).merge(random)
    return found.assign_coords({name: labels.astype(str) for name, labels in found.coords.items() if name == "skill"})
