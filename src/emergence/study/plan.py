"""The plan of a study: all its jobs, made from the parameters alone."""

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from emergence.figures import catalogue
from emergence.parameters import Parameters
from emergence.parameters.landscape import EMERGENCE, NO_MEASURES
from emergence.parameters.pruning import method_and_step
from emergence.parameters.training import Checkpoints, Training
from emergence.plugins import module_of
from emergence.study import trusted
from emergence.study.code import CodeDigests
from emergence.study.jobs import DENSE, L1_PENALISED, NONE, UNPRUNED, Job, Run
from emergence.study.layout import PLACES, timing
from emergence.study.methods import rounds, scored_run, scored_with

TEXT_LOADER = "emergence.datasets._text:load"


class Plan:
    """All jobs of a study with given parameters; `root` holds the folders scripts/ and src/."""

    def __init__(self, parameters: Parameters, root: Path) -> None:
        self.parameters = parameters
        self._root = root
        self._digests = CodeDigests(root / "src", root)
        self._trusted = trusted.read(root)
        self._jobs: dict[tuple[str, str], Job] = {}
        self._code: dict[tuple[str, ...], str] = {}
        self.report = self._write_report()

    @property
    def jobs(self) -> list[Job]:
        """All jobs, each after those whose files it reads."""
        return list(self._jobs.values())

    @cached_property
    def by_key(self) -> dict[str, Job]:
        """All jobs by their keys."""
        return {job.key: job for job in self.jobs}

    def of_phase(self, phase: str, runs: str = "*") -> list[Job]:
        """The jobs of one phase, or those of them for runs whose names fit a pattern as file names do.

        Raises ValueError where a pattern fits no run of the plan.
        """
        jobs = [job for job in self.jobs if PLACES[job.rule].phase == phase]
        if runs == "*":
            return jobs
        names = [run.name for run in self.runs]
        if not fnmatch.filter(names, runs):
            raise ValueError(f"no run fits '{runs}'; there are {', '.join(names)}")
        return [job for job in jobs if job.run and fnmatch.fnmatch(job.run.name, runs)]

    @property
    def timings(self) -> list[dict[str, str]]:
        """Where the workflow notes how long each job took, in the order of the phases."""
        jobs = sorted(self.jobs, key=lambda job: list(PLACES).index(job.rule))
        return [{"rule": job.rule, "file": timing(job.rule, job.name, job.key)} for job in jobs]

    def trajectory(self, job: Job) -> str:
        """Key of a training job as far as more epochs can continue it: under most schedules, all but their number.

        Removal of weights during training is spread over all epochs, so more of them cannot continue it. A job that
        trains at several rates keeps what it has when further rates join.
        """
        parameters = {name: value for name, value in job.parameters.items() if name != "learning_rates"}
        training = dict(parameters["training"])
        if not self.parameters.training.schedule.depends_on_length and "gradual" not in parameters:
            del training["epochs"]
        return replace(job, parameters={**parameters, "training": training}).key

    @cached_property
    def runs(self) -> list[Run]:
        """Every configuration and block of seeds: the dense network first, then its pruned versions."""
        study, pruning = self.parameters.study, self.parameters.pruning
        size = study.seeds_per_block
        blocks = [range(study.seeds)[start : start + size] for start in range(0, study.seeds, size)]
        pruned = [
            (method, sparsity, retraining)
            for method, retraining in self._ways_of_pruning
            for sparsity in pruning.sparsities
        ]
        return [
            Run(dataset, network, method, sparsity, tuple(seeds), retraining)
            for dataset, network in study.pairs
            for method, sparsity, retraining in [(DENSE, 0.0, NONE), *pruned]
            for seeds in blocks
        ]

    @cached_property
    def _ways_of_pruning(self) -> list[tuple[str, str]]:
        """Every method with every retraining; a method that prunes during training is not followed by another."""
        pruning = self.parameters.pruning
        self._check_no_step_during_training(pruning.methods)
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
    def _reference_runs(self) -> list[Run]:
        """The dense runs, and those pruned in the way of reference."""
        ways = [(DENSE, NONE), self._ways_of_pruning[0]]
        return [run for run in self.runs if (run.method, run.retraining) in ways]

    def _scored_run(self, method: str) -> str:
        return scored_run(method_and_step(method)[0], self._root)

    def _check_no_step_during_training(self, methods: list[str]) -> None:
        """Raise ValueError for a step behind a method that scores the networks at many steps of their own training."""
        for method in methods:
            name, step = method_and_step(method)
            if step and self._scored_run(method) == "itself":
                raise ValueError(
                    f"pruning.methods: '{method}' names a step to score, but {name} removes weights all the while "
                    f"that networks are trained; write '{name}' (pruning.gradual_until says when it has removed all)"
                )

    def _job(
        self,
        rule: str,
        subject: Run | str,
        parameters: Mapping[str, Any],
        plugins: tuple[str, ...] = (),
        **inputs: Job | tuple[Job, ...],
    ) -> Job:
        name, run = (subject.name, subject) if isinstance(subject, Run) else (subject, None)
        if (rule, name) not in self._jobs:
            used = (rule, *plugins)
            if used not in self._code:
                self._code[used] = self._digest(PLACES[rule].script or rule, plugins)
            self._jobs[rule, name] = Job(rule, name, parameters, self._code[used], inputs, run)
        return self._jobs[rule, name]

    def _digest(self, script: str, plugins: tuple[str, ...]) -> str:
        digest = self._digests.digest(self._root / "scripts" / f"{script}.py", plugins)
        return self._trusted[digest].stands_for if digest in self._trusted else digest

    def _data(self, dataset: str) -> Job:
        text = self.parameters.data.texts.get(dataset)
        loader = TEXT_LOADER if text else self.parameters.data.custom.get(dataset, dataset)
        split = self.parameters.data.model_dump(exclude={"custom", "texts"})
        content = {"text": text.model_dump(exclude={"file"})} if text else {}
        parameters = {"dataset": dataset, "loader": loader, "data": split, **content}
        return self._job("prepare_data", dataset, parameters, (module_of("datasets", loader),))

    def _network(self, run: Run) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Describe a run's network, and name the module that holds its builder."""
        network = self.parameters.networks[run.network]
        return network.model_dump(), (module_of("networks", network.builder),)

    def _training(self, run: Run) -> Job:
        """The job that makes a run's checkpoints and metrics."""
        tuning = self._tuning(run)
        chosen = {"tuning": tuning} if tuning else {}
        settings = _without_rate(self.parameters.training) if tuning else self.parameters.training.model_dump()
        if run.method == L1_PENALISED:
            settings["l1_penalty"] = self.parameters.pruning.l1_penalty
        rule = "train_networks" if run.method in UNPRUNED else "retrain_networks"
        return self._train(rule, run, {"training": settings}, **chosen)

    def _tuning(self, run: Run) -> Job | None:
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
        settings = _without_rate(self.parameters.training.model_copy(update=length))
        parameters = {"training": settings, "learning_rates": sorted(tuning.learning_rates)}
        rule = "tune_learning_rate" if configuration.method == DENSE else "retune_learning_rate"
        return self._train(rule, configuration, parameters)

    def _train(self, rule: str, run: Run, parameters: Mapping[str, Any], **inputs: Job) -> Job:
        """A job that trains a run's networks, once or at several rates: dense, or pruned."""
        network, plugins = self._network(run)
        if run.method not in UNPRUNED:
            parameters = {**parameters, **self._start(run)}
            inputs = {**inputs, "dense": self._training(run.dense)}
            if run.retraining == NONE:  # training itself calls the method
                plugins = (*plugins, module_of("pruning", run.method))
            else:
                inputs = {**inputs, "mask": self._masks(run)}
        parameters = {"network": network, **parameters, "seeds": list(run.seeds)}
        return self._job(rule, run, parameters, plugins, data=self._data(run.dataset), **inputs)

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

    def _masks(self, run: Run) -> Job:
        method, _ = method_and_step(run.method)
        scoring = self.parameters.pruning.scoring.model_dump(include=scored_with(method, self._root))
        parameters = {"method": run.method, "sparsity": run.sparsity, "scoring": scoring}
        data, plugins = self._data(run.dataset), (module_of("pruning", method),)
        masked = replace(run, retraining=NONE)
        return self._job("make_masks", masked, parameters, plugins, data=data, scored=self._scored(run))

    def _scored(self, run: Run) -> Job:
        """The training of the networks whose weights decide what is removed."""
        scored = self._scored_run(run.method)
        if scored == "l1_penalised":
            return self._training(replace(run.dense, method=L1_PENALISED))
        before = rounds(run.sparsity, self.parameters.pruning.share_per_round) if scored == "previous_round" else []
        return self._training(replace(run, sparsity=before[-1], retraining="rewind") if before else run.dense)

    def _paths(self, run: Run) -> Job:
        return self._analysis("count_paths", run, self.parameters.emergence.model_dump())

    def _measures(self, run: Run) -> Job:
        names = self.parameters.measures.names
        plugins = tuple(module_of("measures", name) for name in names)
        return self._analysis("apply_measures", run, {"names": names}, *plugins)

    def _landscape(self, run: Run) -> Job | None:
        """The job that samples a run's landscape, if any of its seeds is among those sampled."""
        section, statistics = self.parameters.landscape, self.parameters.statistics
        seeds = self._sampled(run)
        counting = {
            "threshold": statistics.reference_threshold,
            "criterion": statistics.reference_criterion,
            **self.parameters.emergence.model_dump(include={"fraction", "through"}),
        }
        parameters = {
            "landscape": section.model_dump(exclude={"seeds"}),
            "counting": counting if EMERGENCE in section.metrics else {},
            "seeds": seeds,
        }
        plugins = (module_of("measures", name) for name in section.metrics if name not in NO_MEASURES)
        return self._analysis("sample_landscape", run, parameters, *plugins) if seeds else None

    def _sampled(self, run: Run) -> list[int]:
        """The seeds of a run whose landscape is sampled."""
        return [seed for seed in run.seeds if seed < self.parameters.landscape.seeds]

    def _ruggedness(self, run: Run) -> Job | None:
        """The job that measures how rugged a run's sampled landscape is."""
        landscape, parameters = self._landscape(run), {"ruggedness": self.parameters.ruggedness.model_dump()}
        return self._job("measure_ruggedness", run, parameters, landscape=landscape) if landscape else None

    def _around(self, rule: str, run: Run, **section: dict[str, Any]) -> Job | None:
        """A job that looks around the same networks of a run as its landscape."""
        seeds, steps = self._sampled(run), self.parameters.landscape.steps
        return self._analysis(rule, run, {**section, "seeds": seeds, "steps": steps}) if seeds else None

    def _curvature(self, run: Run) -> Job | None:
        return self._around("measure_curvature", run, curvature=self.parameters.curvature.model_dump())

    def _minima(self, run: Run) -> Job | None:
        return self._around("find_minima", run, minima=self.parameters.minima.model_dump())

    def _of_reference(self, make: Callable[[Run], Job | None]) -> tuple[Job, ...]:
        """The jobs of those runs of reference that have one."""
        return tuple(job for run in self._reference_runs if (job := make(run)))

    def _analysis(self, rule: str, run: Run, parameters: Mapping[str, Any], *plugins: str) -> Job:
        """A job that reads the checkpoints of a run and the probe samples."""
        _, network = self._network(run)
        return self._job(
            rule, run, parameters, (*network, *plugins), data=self._data(run.dataset), training=self._training(run)
        )

    def _study(self) -> Job:
        return self._job(
            "collect_runs",
            "study",
            {"accuracy_targets": self.parameters.statistics.accuracy_targets},
            training=tuple(self._training(run) for run in self.runs),
            emergence=tuple(self._paths(run) for run in self.runs),
            measures=tuple(self._measures(run) for run in self.runs),
            ruggedness=self._of_reference(self._ruggedness),
            curvature=self._of_reference(self._curvature),
            minima=self._of_reference(self._minima),
        )

    def _claims(self) -> Job:
        parameters = {**self.parameters.statistics.model_dump(), **self.reference}
        return self._job("judge_claims", "claims", parameters, study=self._study())

    def _figure(self, name: str) -> Job | None:
        """The job that draws a figure, unless nothing of what it needs is made."""
        unused = {"resamples", "seed", "accuracy_targets"}
        statistics = self.parameters.statistics.model_dump(exclude=unused) | self.reference
        parameters = {"figures": self.parameters.figures.model_dump(), "statistics": statistics}
        needs: dict[str, Callable[[], Job | tuple[Job, ...]]] = {
            "study": self._study,
            "claims": self._claims,
            "emergence": lambda: tuple(self._paths(run) for run in self._reference_runs),
            "landscape": lambda: self._of_reference(self._landscape),
            "tuning": lambda: tuple(dict.fromkeys(job for run in self.runs if (job := self._tuning(run)))),
        }
        inputs = {need: needs[need]() for need in catalogue()[name].needs}
        if () in inputs.values():
            return None
        return self._job("draw_figure", name, parameters, (module_of("figures", name),), **inputs)

    def _write_report(self) -> Job:
        parameters = self.parameters.model_dump(exclude={"compute"})
        figures = tuple(figure for name in catalogue() if (figure := self._figure(name)))
        return self._job("write_report", "report", parameters, claims=self._claims(), figures=figures)


def _without_rate(training: Training) -> dict[str, Any]:
    """The settings of training that the choice of a learning rate leaves as they are."""
    return training.model_dump(exclude={"optimizer": {"learning_rate"}})
