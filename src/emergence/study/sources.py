"""Which runs, and what else, a job reads."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from emergence.core.raw_files import RawFiles
from emergence.core.runs import NONE, UNPRUNED, UNVARIED, Run, Variation
from emergence.drawing.catalogue import catalogue
from emergence.study.rules import Subject

if TYPE_CHECKING:
    from emergence.study.plan import Plan


def itself(plan: "Plan", run: Run) -> Iterable[Run]:
    """Select the run that the job is about."""
    return (run,)


def its_data(plan: "Plan", run: Run) -> Iterable[str]:
    """Select the data set of the run."""
    return (run.dataset,)


def its_dense(plan: "Plan", run: Run) -> Iterable[Run]:
    """Select the dense run that a pruned one comes from."""
    return () if run.method in UNPRUNED else (run.dense,)


def its_masked(plan: "Plan", run: Run) -> Iterable[Run]:
    """Select the run's masks, which are the same whatever follows; none of one whose masks grow in training."""
    return () if run.method in UNPRUNED or run.retraining == NONE else (replace(run, retraining=NONE),)


def its_scored(plan: "Plan", run: Run) -> Iterable[Run]:
    """Select the run whose weights decide what is removed."""
    return (plan.selection.scored(run),)


def its_tuned(plan: "Plan", run: Run) -> Iterable[Run]:
    """Select the run that chooses the learning rate."""
    tuned = plan.selection.tuned(run)
    return (tuned,) if tuned else ()


def every(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select all runs."""
    return plan.runs


def reference(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs and those pruned in the way of reference."""
    return plan.selection.reference


def dense(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs that are not varied."""
    return plan.selection.dense


def measured(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs of which baselines are measured: those of first masks, and of varied ones those inhibited."""
    return [
        run for run in plan.runs if run.mask == 1 and run.variation == Variation(inhibition=run.variation.inhibition)
    ]


def sampled(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs of reference whose landscape is sampled."""
    return [run for run in plan.selection.reference if plan.selection.sampled_seeds(run)]


def compared(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs of which slices of the landscape are sampled: of reference, and varied on purpose."""
    runs = dict.fromkeys([*plan.selection.reference, *plan.selection.varied_on_purpose])
    return [run for run in runs if plan.selection.sampled_seeds(run)]


def examined(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs, and of those that vary in width the ones that learn skills."""
    return [*plan.selection.dense, *(run for run in plan.selection.wide if _learns(plan, run, "skills"))]


def inhibited(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs in whose training units are held back as a variation."""
    return [run for run in plan.runs if run.variation.inhibition]


def tuned(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs that choose learning rates, but for those of variations."""
    unvaried = [run for run in plan.runs if run.variation == UNVARIED]
    return dict.fromkeys(found for run in unvaried if (found := plan.selection.tuned(run)))


def pruned(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the pruned runs."""
    return [run for run in plan.runs if run.method not in UNPRUNED]


def retrained(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs of reference trained again, where there are several ways of that."""
    several = len(plan.parameters.pruning.retraining) > 1
    return [run for run in plan.selection.reference if several and run.retraining != NONE]


def masked(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the masks of all runs."""
    return dict.fromkeys(made for run in plan.runs for made in its_masked(plan, run))


def skilled(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs that learn skills, controls among them."""
    return [run for run in plan.selection.dense if _learns(plan, run, "skills")]


def language(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs that learn a language, without controls."""
    dense = [run for run in plan.selection.dense if _learns(plan, run, "language")]
    return [run for run in dense if plan.parameters.data.entry(run.dataset).has_skills]


def over_data(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs of networks that learn the same skills from data sets of several sizes."""
    sizes = defaultdict[str, set[int]](set)
    for run in plan.selection.dense:
        if task := _task(plan, run):
            size = plan.parameters.data.entry(run.dataset).size(RawFiles(()))
            sizes[task].add(size.samples if size else 0)
    return [run for run in plan.selection.dense if len(sizes[_task(plan, run)]) > 1]


def over_width(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs that vary in width and have skills to learn."""
    return [run for run in plan.selection.wide if _task(plan, run)]


def random_features(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs of random features that vary in width."""
    return [run for run in plan.selection.wide if plan.parameters.networks[run.network].builder == "random_features"]


def once(name: str) -> Callable[["Plan", Subject], Iterable[str]]:
    """Return a selection of the result of this name, of which a study has one."""
    return lambda plan, subject: (name,)


def figures(plan: "Plan", subject: str) -> Iterator[str]:
    """Select all figures, those of the user's own among them."""
    yield from catalogue(plan.parameters.figures.own)


def _learns(plan: "Plan", run: Run, what: str) -> bool:
    return plan.parameters.data.entry(run.dataset).learnt_as == what


def _task(plan: "Plan", run: Run) -> str:
    """Which network learns which skills, from however many samples; empty where there are none to learn."""
    task = plan.parameters.data.entry(run.dataset).task
    return task and f"{run.network}: {task}"
