"""The plan of a study: all its jobs, made from the parameters alone."""

import fnmatch
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from emergence.figures import catalogue
from emergence.parameters import Parameters
from emergence.parameters.variations import UNVARIED
from emergence.plugins import module_of
from emergence.raw_files import RawFiles
from emergence.study.analysis_jobs import AnalysisJobs
from emergence.study.jobs import DENSE, Job, Run
from emergence.study.layout import PLACES, timing
from emergence.study.network_jobs import NetworkJobs
from emergence.study.registry import Registry


class Plan:
    """All jobs of a study with given parameters; `root` holds the folders scripts/ and src/."""

    def __init__(self, parameters: Parameters, root: Path) -> None:
        self.parameters = parameters
        self._registry = Registry(root)
        self._networks = NetworkJobs(parameters, self._registry)
        self._analyses = AnalysisJobs(self._networks, self._registry)
        self.networks = self._gather_networks()
        self.report = self._write_report()

    @property
    def jobs(self) -> list[Job]:
        """All jobs, each after those whose files it reads."""
        return self._registry.jobs

    @property
    def runs(self) -> list[Run]:
        """Every configuration and block of seeds: the dense network, its pruned versions, then its variations."""
        return self._networks.runs

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
            raise ValueError(f"only = {runs!r}: no run fits; allowed: patterns of {', '.join(names)}")
        return [job for job in jobs if job.run and fnmatch.fnmatch(job.run.name, runs)]

    @property
    def records(self) -> list[dict[str, Any]]:
        """What the report says of each job, in the order of the phases: its files, its key, where its time is noted."""
        jobs = sorted(self.jobs, key=lambda job: list(PLACES).index(job.rule))
        return [
            {
                "rule": job.rule,
                "name": job.name,
                "key": job.key,
                "files": job.results,
                "timing": timing(job.rule, job.name, job.key),
            }
            for job in jobs
        ]

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

    def _gather_networks(self) -> Job:
        training = tuple(self._networks.training(run) for run in self.runs)
        return self._registry.job("gather_networks", "networks", {}, training=training)

    @cached_property
    def _study(self) -> Job:
        return self._registry.job(
            "collect_runs",
            "study",
            {"accuracy_targets": self.parameters.statistics.accuracy_targets},
            training=tuple(self._networks.training(run) for run in self.runs),
            emergence=tuple(self._analyses.paths(run) for run in self.runs),
            measures=tuple(self._analyses.measures(run) for run in self.runs),
            controls=tuple(
                self._analyses.controls(run) for run in self._networks.reference_runs if run.method == DENSE
            ),
            skills=self._skills,
            ruggedness=self._analyses.of_reference(self._analyses.ruggedness),
            curvature=self._analyses.of_reference(self._analyses.curvature),
            minima=self._analyses.of_reference(self._analyses.minima),
        )

    def _of_dense(self, make: Callable[[Run], Job | None]) -> tuple[Job, ...]:
        """The jobs of those dense networks that have one, because of what their data set is."""
        dense = [run for run in self._networks.reference_runs if run.method == DENSE]
        return tuple(job for run in dense if (job := make(run)))

    @property
    def _skills(self) -> tuple[Job, ...]:
        """The jobs that examine what networks know: the dense ones, and with skills those that vary in width."""
        return self._of_dense(self._analyses.skills) + self._of_widths(self._learnt_as("skills"))

    def _learnt_as(self, what: str) -> Callable[[Run], Job | None]:
        """The jobs that examine networks for skills, or for a language."""
        data = self.parameters.data
        return lambda run: self._analyses.skills(run) if data.entry(run.dataset).learnt_as == what else None

    def _of_widths(self, make: Callable[[Run], Job | None]) -> tuple[Job, ...]:
        """The jobs of those networks that vary in width that have one, because of what their data set is."""
        varied = [run for run in self.runs if run.variation.width != UNVARIED.width]
        return tuple(job for run in varied if (job := make(run)))

    def _skills_over_data(self) -> tuple[Job, ...]:
        """The jobs that measure skills of the same network after learning them from different numbers of samples."""
        sizes = defaultdict[str, set[int]](set)
        for run in self.runs:
            if (task := self._task(run)) and (size := self.parameters.data.entry(run.dataset).size(RawFiles(()))):
                sizes[task].add(size.samples)
        return self._of_dense(lambda run: self._analyses.skills(run) if len(sizes[self._task(run)]) > 1 else None)

    def _skills_over_width(self) -> tuple[Job, ...]:
        """The jobs that measure skills of networks that vary in width and have skills to learn."""
        return self._of_widths(lambda run: self._analyses.skills(run) if self._task(run) else None)

    def _task(self, run: Run) -> str:
        """Which network learns which skills, from however many samples; empty where there are none to learn."""
        task = self.parameters.data.entry(run.dataset).task
        return f"{run.network}: {task}" if task else ""

    def _is_learnt(self, job: Job) -> bool:
        """Whether the data set of a job's run is one with something to learn, and no control."""
        return job.run is not None and job.run.dataset in self.parameters.data.with_skills

    @cached_property
    def _claims(self) -> Job:
        parameters = {**self.parameters.statistics.model_dump(), **self._networks.reference}
        return self._registry.job("judge_claims", "claims", parameters, study=self._study)

    @cached_property
    def _robustness(self) -> Job:
        parameters = {**self.parameters.statistics.model_dump(), **self._networks.reference}
        return self._registry.job("map_robustness", "robustness", parameters, study=self._study)

    @cached_property
    def _rivals(self) -> Job:
        parameters = {"statistics": self._estimation, "measures": self.parameters.measures.names}
        return self._registry.job("compare_rivals", "rivals", parameters, study=self._study)

    @cached_property
    def _stopping(self) -> Job:
        parameters = {"statistics": self._estimation, **self.parameters.stopping.model_dump()}
        return self._registry.job("compare_stopping", "stopping", parameters, study=self._study)

    @cached_property
    def _scoreboard(self) -> Job | None:
        """The job that says which measures see skills emerge; none where the study has none to learn."""
        if not {name for name, _ in self.parameters.study.pairs} & self.parameters.data.with_skills:
            return None
        scoreboard = self.parameters.scoreboard.model_dump(exclude={"samples"})
        names = self.parameters.measures.names
        parameters = {"statistics": self._estimation, "scoreboard": scoreboard, "measures": names}
        return self._registry.job("score_measures", "scoreboard", parameters, study=self._study)

    @cached_property
    def _estimation(self) -> dict[str, Any]:
        """The settings of the statistics, and the way of pruning of reference, as far as they concern estimates."""
        unused = {"resamples", "seed", "accuracy_targets"}
        return self.parameters.statistics.model_dump(exclude=unused) | self._networks.reference

    def _tuning(self) -> tuple[Job, ...]:
        """The jobs that choose learning rates, but for those of variations."""
        unvaried = [run for run in self.runs if run.variation == UNVARIED]
        return tuple(dict.fromkeys(job for run in unvaried if (job := self._networks.tuning(run))))

    def _figure(self, name: str) -> Job | None:
        """The job that draws a figure, unless nothing of what it needs is made."""
        parameters = {
            "figures": self.parameters.figures.model_dump(),
            "statistics": self._estimation | {"reference_start": self._networks.reference_start},
            "ruggedness": self.parameters.ruggedness.model_dump(include={"noise_floor"}),
        }
        needs: dict[str, Callable[[], Job | tuple[Job, ...]]] = {
            "study": lambda: self._study,
            "claims": lambda: self._claims,
            "robustness": lambda: self._robustness,
            "rivals": lambda: self._rivals,
            "stopping": lambda: self._stopping,
            "scoreboard": lambda: self._scoreboard or (),
            "emergence": lambda: tuple(self._analyses.paths(run) for run in self._networks.reference_runs),
            "landscape": lambda: self._analyses.of_reference(self._analyses.landscape),
            "training": lambda: self._analyses.of_reference(
                lambda run: self._networks.training(run) if self._analyses.landscape(run) else None
            ),
            "dense": lambda: self._of_dense(self._networks.training),
            "skills": lambda: self._of_dense(self._learnt_as("skills")),
            "skills_over_data": self._skills_over_data,
            "skills_over_width": self._skills_over_width,
            "language": lambda: tuple(
                job for job in self._of_dense(self._learnt_as("language")) if self._is_learnt(job)
            ),
            "inhibition": lambda: tuple(self._networks.training(run) for run in self.runs if run.variation.inhibition),
            "tuning": self._tuning,
            "densities": self._networks.all_masks,
        }
        inputs = {need: needs[need]() for need in catalogue()[name].needs}
        if () in inputs.values():
            return None
        rule = "animate_figure" if catalogue()[name].animated else "draw_figure"
        return self._registry.job(rule, name, parameters, (module_of("figures", name),), **inputs)

    def _write_report(self) -> Job:
        parameters = self.parameters.model_dump(exclude={"compute"})
        figures = tuple(figure for name in catalogue() if (figure := self._figure(name)))
        scoreboard = {"scoreboard": self._scoreboard} if self._scoreboard else {}
        return self._registry.job(
            "write_report",
            "report",
            parameters,
            (),
            study=self._study,
            claims=self._claims,
            robustness=self._robustness,
            rivals=self._rivals,
            stopping=self._stopping,
            **scoreboard,
            figures=figures,
            landscape=self._analyses.of_reference(self._analyses.landscape),
        )
