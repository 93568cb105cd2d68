"""Which runs a study has."""

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from pathlib import Path

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
from emergence.parameters import Parameters
from emergence.parameters.checks.methods import draws, rounds, scored_run
from emergence.parameters.pruning import method_and_step


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
        """Every configuration and block of seeds: the dense network, its pruned versions, then its variations.

        Networks trained elsewhere are as they are: neither pruned nor varied.
        """
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
                *(() if network in self._parameters.elsewhere else pruned),
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
        if not tuning.learning_rates or run.network in self._parameters.elsewhere:
            return None
        of_network = tuning.scope == "network" or run.method in UNPRUNED
        return replace(run.dense if of_network else run, seeds=tuning.block, mask=1)
