"""The part of a plan that makes networks: data, dense training, masks, and training under them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from emergence.parameters import Parameters
from emergence.parameters.checks.methods import rounds, scored_run, scored_with
from emergence.parameters.pruning import method_and_step
from emergence.parameters.training import Checkpoints, Training
from emergence.parameters.variations import UNVARIED, Variation
from emergence.plugins import module_of
from emergence.study.jobs import DENSE, L1_PENALISED, NONE, UNPRUNED, Job, Run
from emergence.study.registry import Registry, once_per_run


class NetworkJobs:
    """The runs of a study, and the jobs that make their networks."""

    def __init__(self, parameters: Parameters, registry: Registry) -> None:
        self.parameters = parameters
        self._registry = registry

    @cached_property
    def runs(self) -> list[Run]:
        """Every configuration and block of seeds: the dense network, its pruned versions, then its variations."""
        study, pruning = self.parameters.study, self.parameters.pruning
        size = study.seeds_per_block
        blocks = [range(study.seeds)[start : start + size] for start in range(0, study.seeds, size)]
        pruned = [
            (method, sparsity, retraining)
            for method, retraining in self._ways_of_pruning
            for sparsity in pruning.sparsities
        ]
        configurations = [(*unvaried, UNVARIED) for unvaried in [(DENSE, 0.0, NONE), *pruned]]
        return [
            Run(dataset, network, method, sparsity, tuple(seeds), retraining, variation)
            for dataset, network in study.pairs
            for method, sparsity, retraining, variation in [*configurations, *self._variations(network)]
            for seeds in blocks
        ]

    def _variations(self, network: str) -> list[tuple[str, float, str, Variation]]:
        return [(DENSE, 0.0, NONE, variation) for variation in self.parameters.variations.of(network)]

    @cached_property
    def _ways_of_pruning(self) -> list[tuple[str, str]]:
        """Every method with every retraining; a method that prunes during training is not followed by another."""
        pruning = self.parameters.pruning
        return [
            (method, retraining)
            for method in pruning.methods
            for retraining in ([NONE] if self._scored_run(method) == "itself" else pruning.retraining)
        ]

    @property
    def reference(self) -> dict[str, str]:
        """The way of pruning by which claims are judged and that all figures show: the first."""
        method, retraining = self._ways_of_pruning[0]
        return {"reference_method": method, "reference_retraining": retraining}

    @cached_property
    def reference_runs(self) -> list[Run]:
        """The dense runs, none of them varied, and those pruned in the way of reference."""
        ways = [(DENSE, NONE), self._ways_of_pruning[0]]
        return [run for run in self.runs if (run.method, run.retraining) in ways and run.variation == UNVARIED]

    @property
    def reference_start(self) -> str:
        """The weights from which networks pruned in the way of reference are trained: a step, last, or new."""
        return str(self._start(self.reference_runs[-1])["start"])

    def all_masks(self) -> tuple[Job, ...]:
        """The jobs that make the masks of all runs; those pruned during training have none."""
        return tuple(dict.fromkeys(self._masks(run) for run in self.runs if run.retraining != NONE))

    def _scored_run(self, method: str) -> str:
        return scored_run(method_and_step(method)[0], self._registry.root)

    def data(self, dataset: str) -> Job:
        """The job that prepares a data set."""
        section = self.parameters.data
        entry, split = section.entry(dataset), section.model_dump(exclude={"sets"})
        parameters = {"dataset": dataset, "entry": entry.samples_made_from, "data": split}
        return self._registry.job("prepare_data", dataset, parameters, entry.code("load"))

    def network(self, run: Run) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Describe a run's network, and name the module that holds its builder."""
        variation = run.variation
        network = self.parameters.networks[run.network].resized(variation.width, variation.depth)
        return network.model_dump(), (module_of("networks", network.builder),)

    @once_per_run
    def training(self, run: Run) -> Job:
        """The job that makes a run's checkpoints and metrics."""
        tuning = self.tuning(run)
        chosen = {"tuning": tuning} if tuning else {}
        training = self._training(run)
        settings = _without_rate(training) if tuning else training.model_dump()
        if run.method == L1_PENALISED:
            settings["l1_penalty"] = self.parameters.pruning.l1_penalty
        rule = "train_networks" if run.method in UNPRUNED else "retrain_networks"
        return self._train(rule, run, {"training": settings}, **chosen)

    def _training(self, run: Run) -> Training:
        """The settings of training as the run's variation changes them."""
        training, way = self.parameters.training, run.variation.inhibition
        inhibition = training.inhibition.model_copy(update={"way": way} if way else {})
        return training.model_copy(update={"inhibition": inhibition})

    @once_per_run
    def tuning(self, run: Run) -> Job | None:
        """The job that chooses a run's learning rate, if rates are given.

        It trains the run's configuration from seeds that only tuning uses, in all else as the study does: the masks of
        a pruned configuration are those of dense networks trained from the same seeds.
        """
        tuning = self.parameters.tuning
        if not tuning.learning_rates:
            return None
        of_network = tuning.scope == "network" or run.method in UNPRUNED
        configuration = replace(run.dense if of_network else run, seeds=tuning.block)
        length = {"epochs": tuning.epochs, "checkpoints": Checkpoints(early_iterations=[])}
        settings = _without_rate(self._training(run).model_copy(update=length))
        parameters = {"training": settings, "learning_rates": sorted(tuning.learning_rates)}
        rule = "tune_learning_rate" if configuration.method == DENSE else "retune_learning_rate"
        return self._train(rule, configuration, parameters)

    def _train(self, rule: str, run: Run, parameters: Mapping[str, Any], **inputs: Job) -> Job:
        """A job that trains a run's networks, once or at several rates: dense, or pruned."""
        network, plugins = self.network(run)
        if run.method not in UNPRUNED:
            parameters = {**parameters, **self._start(run)}
            inputs = {**inputs, "dense": self.training(run.dense)}
            if run.retraining == NONE:  # training itself calls the method
                plugins = (*plugins, module_of("pruning", run.method))
            else:
                inputs = {**inputs, "mask": self._masks(run)}
        if run.variation.alpha != 1:
            parameters = {**parameters, "alpha": run.variation.alpha}
        parameters = {"network": network, **parameters, "seeds": list(run.seeds)}
        return self._registry.job(rule, run, parameters, plugins, data=self.data(run.dataset), **inputs)

    def _start(self, run: Run) -> dict[str, Any]:
        """From which weights a pruned run starts (a step of the dense run, or new ones), and what its masks are."""
        pruning = self.parameters.pruning
        steps = {"new_initialisation": "new", "rewind": pruning.rewind_to, "fine_tune": "last"}
        start: dict[str, Any] = {"start": steps.get(run.retraining, "ep0")}
        if run.retraining == "shuffled_mask":
            start["shuffled_mask"] = True
        if run.retraining == NONE:
            start["gradual"] = {"method": run.method, "sparsity": run.sparsity, "until": pruning.gradual_until}
        return start

    @once_per_run
    def _masks(self, run: Run) -> Job:
        method, _ = method_and_step(run.method)
        scoring = self.parameters.pruning.scoring.model_dump(include=scored_with(method, self._registry.root))
        parameters = {"method": run.method, "sparsity": run.sparsity, "scoring": scoring}
        data, plugins = self.data(run.dataset), (module_of("pruning", method),)
        masked = replace(run, retraining=NONE)
        return self._registry.job("make_masks", masked, parameters, plugins, data=data, scored=self._scored(run))

    def _scored(self, run: Run) -> Job:
        """The training of the networks whose weights decide what is removed."""
        scored = self._scored_run(run.method)
        if scored == "l1_penalised":
            return self.training(replace(run.dense, method=L1_PENALISED))
        before = rounds(run.sparsity, self.parameters.pruning.share_per_round) if scored == "previous_round" else []
        return self.training(replace(run, sparsity=before[-1], retraining="rewind") if before else run.dense)


def _without_rate(training: Training) -> dict[str, Any]:
    """The settings of training that the choice of a learning rate leaves as they are."""
    return training.model_dump(exclude={"optimizer": {"learning_rate"}})
