"""Prune networks at one step of their training: write which weights are kept, and how many."""

from emergence.core.storage import write_dataset
from emergence.datasets import read_processed
from emergence.jobs import JobFile, job
from emergence.parameters.pruning import Scoring
from emergence.pruning import prune, report, scored_step
from emergence.training.checkpoints import paths, read


@job
def make_masks(given: JobFile) -> None:
    run, dataset = given.of_run, read_processed(given.file("data", "dataset"))
    steps = paths(given.file("scored", "checkpoints"))
    step = scored_step(run.method, list(steps))
    checkpoint = read(steps[step], given.builders)
    scoring = given.section(Scoring, "pruning", "scoring")
    mask = prune(checkpoint, dataset, run.method, run.sparsity, scoring, run.mask)
    split = dataset.of_seed(run.seeds[0])
    densities = report(mask, checkpoint, split.normalise(split.part("probe")[0][:1]))
    write_dataset(given.output("densities"), densities, {**given.made_from, "step": str(step)})
    mask.write(given.output("mask"))  # last: later jobs need it alone, so where it is, nothing is missing
