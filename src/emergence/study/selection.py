"""Which runs a study has, and which of them a job reads."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from emergence.core.raw_files import RawFiles
from emergence.core.runs import (
    DENSE,
    L1_PENALISED,
    NONE,
    UNPRUNED,
    UNVARIED,
    VARIED,
    Run,
    Variation,
)
from emergence.drawing.catalogue import catalogue
from emergence.parameters import Parameters
from emergence.parameters.checks.methods import draws, rounds, scored_run
from emergence.parameters.pruning import method_and_step
from emergence.study.rules import Subject

if TYPE_CHECKING:
    from emergence.study.plan import Plan

Selector = TypeVar("Selector", bound=Callable[..., object])

OF_RUNS = ("study", "variations", "pruning.methods", "pruning.sparsities", "pruning.retraining", "pruning.masks")
"""Settings that decide which runs there are."""


class Selection:
    """The runs of a study; `root` holds the folders scripts/ and src/, in which the files of pruning methods lie.

    `finished` names the runs that a partial study is of.
    """

    def __init__(self, parameters: Parameters, root: Path, finished: Collection[str] | None = None) -> None:
        self._parameters = parameters
        self._root = root
        self._finished = finished

    @cached_property
    def all(self) -> list[Run]:
        """The runs that there are, in the order of those that there will be."""
        return [run for run in self.planned if self._finished is None or run.name in self._finished]

    @cached_property
    def planned(self) -> list[Run]:
        """Every configuration and block of seeds: the dense network, its pruned versions, then its variations."""
        study, pruning = self._parameters.study, self._parameters.pruning
        size = study.seeds_per_block
        blocks = [range(study.seeds)[start : start + size] for start in range(0, study.seeds, size)]
        pruned = [
            (method, sparsity, retraining, UNVARIED, mask)
            for method, retraining in self.ways_of_pruning
            for sparsity in pruning.sparsities
            for mask in range(1, self.masks(method) + 1)
        ]
        return [
            Run(dataset, network, method, sparsity, tuple(seeds), retraining, variation, mask)
            for dataset, network in study.pairs
            for method, sparsity, retraining, variation, mask in [
                (DENSE, 0.0, NONE, UNVARIED, 1),
                *pruned,
                *((DENSE, 0.0, NONE, variation, 1) for variation in self._parameters.variations.of(network)),
            ]
            for seeds in blocks
        ]

    @cached_property
    def ways_of_pruning(self) -> list[tuple[str, str]]:
        """Every method with every retraining; a method that prunes during training is not followed by another."""
        pruning = self._parameters.pruning
        return [
            (method, retraining)
            for method in pruning.methods
            for retraining in ([NONE] if self.scored_by(method) == "itself" else pruning.retraining)
        ]

    @cached_property
    def reference(self) -> list[Run]:
        """The dense runs, none of them varied, and those pruned in the way of reference, which is the first.

        Of several masks that the way draws, the first is meant.
        """
        ways = [(DENSE, NONE), self.ways_of_pruning[0]]
        first = [run for run in self.all if run.mask == 1 and run.variation == UNVARIED]
        return [run for run in first if (run.method, run.retraining) in ways]

    @cached_property
    def varied_on_purpose(self) -> list[Run]:
        """The runs whose landscapes C6 compares: dense ones of all alphas, and masks that vary emergence on purpose.

        Of the masks, those of the first retraining, as many as `landscape.masks` says.
        """
        pruning, landscape = self._parameters.pruning, self._parameters.landscape
        return [
            run
            for run in self.all
            if (run.method == DENSE and run.variation == Variation(run.variation.alpha))
            or (run.family == VARIED and run.mask <= landscape.masks and run.retraining == pruning.retraining[0])
        ]

    @property
    def dense(self) -> list[Run]:
        """The dense runs that are not varied."""
        return [run for run in self.reference if run.method == DENSE]

    @property
    def wide(self) -> list[Run]:
        """The runs that vary in width."""
        return [run for run in self.all if run.variation.width != UNVARIED.width]

    def masks(self, method: str) -> int:
        """Return the number of masks that a method makes for each network and sparsity."""
        return self._parameters.pruning.masks if draws(method_and_step(method)[0], self._root) else 1

    def scored_by(self, method: str) -> str:
        """Return which networks a method scores, see `scored_run`."""
        return scored_run(method_and_step(method)[0], self._root)

    def scored(self, run: Run) -> Run:
        """Return the run whose weights decide what is removed from a run."""
        scored = self.scored_by(run.method)
        if scored == "l1_penalised":
            return replace(run.dense, method=L1_PENALISED)
        share = self._parameters.pruning.share_per_round
        before = rounds(run.sparsity, share) if scored == "previous_round" else []
        return replace(run, sparsity=before[-1], retraining="rewind") if before else run.dense

    def sampled_seeds(self, run: Run) -> list[int]:
        """Return the seeds of a run whose landscape is sampled."""
        return [seed for seed in run.seeds if seed < self._parameters.landscape.seeds]

    def tuned(self, run: Run) -> Run | None:
        """Return the run that chooses the learning rate of another; None where the rate is given.

        It is the same configuration from seeds that only tuning uses: its masks are those of dense networks trained
        from the same seeds. All masks that a method draws for a network train at the rate of the first.
        """
        tuning = self._parameters.tuning
        if not tuning.learning_rates:
            return None
        of_network = tuning.scope == "network" or run.method in UNPRUNED
        return replace(run.dense if of_network else run, seeds=tuning.block, mask=1)


def decided_by(*keys: str) -> Callable[[Selector], Selector]:
    """Note on which settings a selection depends."""

    def note(selector: Selector) -> Selector:
        vars(selector)["keys"] = keys
        return selector

    return note


def keys_of(selector: Callable[..., object]) -> tuple[str, ...]:
    """Return the settings on which a selection depends."""
    keys: tuple[str, ...] = vars(selector).get("keys", ())
    return keys


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


@decided_by("pruning.share_per_round")
def its_scored(plan: "Plan", run: Run) -> Iterable[Run]:
    """Select the run whose weights decide what is removed."""
    return (plan.selection.scored(run),)


@decided_by("tuning.learning_rates", "tuning.scope", "tuning.seeds")
def its_tuned(plan: "Plan", run: Run) -> Iterable[Run]:
    """Select the run that chooses the learning rate."""
    tuned = plan.selection.tuned(run)
    return (tuned,) if tuned else ()


@decided_by(*OF_RUNS)
def every(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select all runs."""
    return plan.runs


@decided_by(*OF_RUNS)
def reference(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs and those pruned in the way of reference."""
    return plan.selection.reference


@decided_by("study")
def dense(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs that are not varied."""
    return plan.selection.dense


@decided_by(*OF_RUNS)
def measured(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs of which baselines are measured: those of first masks, and of varied ones those inhibited."""
    return [
        run for run in plan.runs if run.mask == 1 and run.variation == Variation(inhibition=run.variation.inhibition)
    ]


@decided_by(*OF_RUNS, "landscape.seeds")
def sampled(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs of reference whose landscape is sampled."""
    return [run for run in plan.selection.reference if plan.selection.sampled_seeds(run)]


@decided_by(*OF_RUNS, "landscape.seeds", "landscape.masks")
def compared(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs of which slices of the landscape are sampled: of reference, and varied on purpose."""
    runs = dict.fromkeys([*plan.selection.reference, *plan.selection.varied_on_purpose])
    return [run for run in runs if plan.selection.sampled_seeds(run)]


@decided_by("study", "variations", "data")
def examined(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs, and of those that vary in width the ones that learn skills."""
    return [*plan.selection.dense, *(run for run in plan.selection.wide if _learns(plan, run, "skills"))]


@decided_by("study", "variations")
def inhibited(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs in whose training units are held back as a variation."""
    return [run for run in plan.runs if run.variation.inhibition]


@decided_by(*OF_RUNS, "tuning.learning_rates", "tuning.scope", "tuning.seeds")
def tuned(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs that choose learning rates, but for those of variations."""
    unvaried = [run for run in plan.runs if run.variation == UNVARIED]
    return dict.fromkeys(found for run in unvaried if (found := plan.selection.tuned(run)))


@decided_by(*OF_RUNS)
def masked(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the masks of all runs."""
    return dict.fromkeys(made for run in plan.runs for made in its_masked(plan, run))


@decided_by("study", "data")
def skilled(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs that learn skills, controls among them."""
    return [run for run in plan.selection.dense if _learns(plan, run, "skills")]


@decided_by("study", "data")
def language(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs that learn a language, without controls."""
    dense = [run for run in plan.selection.dense if _learns(plan, run, "language")]
    return [run for run in dense if plan.parameters.data.entry(run.dataset).has_skills]


@decided_by("study", "data")
def over_data(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the dense runs of networks that learn the same skills from data sets of several sizes."""
    sizes = defaultdict[str, set[int]](set)
    for run in plan.selection.dense:
        if task := _task(plan, run):
            size = plan.parameters.data.entry(run.dataset).size(RawFiles(()))
            sizes[task].add(size.samples if size else 0)
    return [run for run in plan.selection.dense if len(sizes[_task(plan, run)]) > 1]


@decided_by("study", "variations", "data")
def over_width(plan: "Plan", subject: str) -> Iterable[Run]:
    """Select the runs that vary in width and have skills to learn."""
    return [run for run in plan.selection.wide if _task(plan, run)]


def once(name: str) -> Callable[["Plan", Subject], Iterable[str]]:
    """Return a selection of the result of this name, of which a study has one."""
    return lambda plan, subject: (name,)


def figures(plan: "Plan", subject: str) -> Iterator[str]:
    """Select all figures."""
    yield from catalogue()


def _learns(plan: "Plan", run: Run, what: str) -> bool:
    return plan.parameters.data.entry(run.dataset).learnt_as == what


def _task(plan: "Plan", run: Run) -> str:
    """Which network learns which skills, from however many samples; empty where there are none to learn."""
    task = plan.parameters.data.entry(run.dataset).task
    return task and f"{run.network}: {task}"
