"""The part of a plan that looks at networks: paths, measures, and the landscape around them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emergence.parameters.landscape import EMERGENCE, NO_MEASURES
from emergence.plugins import module_of
from emergence.study.jobs import Job, Run
from emergence.study.network_jobs import NetworkJobs
from emergence.study.registry import Registry, once_per_run


class AnalysisJobs:
    """The jobs that read the checkpoints of runs."""

    def __init__(self, networks: NetworkJobs, registry: Registry) -> None:
        self._networks = networks
        self._parameters = networks.parameters
        self._registry = registry

    @once_per_run
    def paths(self, run: Run) -> Job:
        """The job that counts a run's paths."""
        return self._analysis("count_paths", run, self._parameters.emergence.model_dump())

    @once_per_run
    def measures(self, run: Run) -> Job:
        """The job that applies the other measures to a run."""
        names = self._parameters.measures.names
        return self._analysis("apply_measures", run, {"names": names}, *self._plugins(names))

    @once_per_run
    def skills(self, run: Run) -> Job | None:
        """The job that examines what a run's networks know, where it is known what their data set has to learn."""
        entry, names = self._parameters.data.entry(run.dataset), self._parameters.measures.names
        if not entry.learnt_as:
            return None
        sampling = self._parameters.scoreboard.model_dump(include={"samples", "seed"})
        parameters = {"entry": entry.model_dump(), "scoreboard": sampling, "measures": names}
        return self._analysis("measure_skills", run, parameters, *entry.code("skills"), *self._plugins(names))

    @staticmethod
    def _plugins(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(module_of("measures", name) for name in names)

    @once_per_run
    def landscape(self, run: Run) -> Job | None:
        """The job that samples a run's landscape, if any of its seeds is among those sampled."""
        section, seeds = self._parameters.landscape, self._sampled(run)
        parameters = {
            "landscape": section.model_dump(exclude={"seeds"}),
            "counting": self._counting if EMERGENCE in section.metrics else {},
            "seeds": seeds,
        }
        plugins = self._plugins([name for name in section.metrics if name not in NO_MEASURES])
        return self._analysis("sample_landscape", run, parameters, *plugins) if seeds else None

    def controls(self, run: Run) -> Job:
        """The job that compares a run's networks with their controls."""
        parameters = {**self._parameters.controls.model_dump(), "counting": self._counting}
        return self._analysis("compare_controls", run, parameters)

    @property
    def _counting(self) -> dict[str, Any]:
        """How paths are counted where they are counted in one way only: that by which claims are judged."""
        statistics = self._parameters.statistics
        return {
            "threshold": statistics.reference_threshold,
            "criterion": statistics.reference_criterion,
            "through": statistics.reference_through,
            "fraction": self._parameters.emergence.fraction,
        }

    def _sampled(self, run: Run) -> list[int]:
        """The seeds of a run whose landscape is sampled."""
        return [seed for seed in run.seeds if seed < self._parameters.landscape.seeds]

    @once_per_run
    def ruggedness(self, run: Run) -> Job | None:
        """The job that measures how rugged a run's sampled landscape is."""
        landscape, parameters = self.landscape(run), {"ruggedness": self._parameters.ruggedness.model_dump()}
        return self._registry.job("measure_ruggedness", run, parameters, landscape=landscape) if landscape else None

    def _around(self, rule: str, run: Run, **section: dict[str, Any]) -> Job | None:
        """A job that looks around the same networks of a run as its landscape."""
        seeds, steps = self._sampled(run), self._parameters.landscape.steps
        return self._analysis(rule, run, {**section, "seeds": seeds, "steps": steps}) if seeds else None

    @once_per_run
    def curvature(self, run: Run) -> Job | None:
        """The job that measures the curvature of the loss around a run's networks."""
        return self._around("measure_curvature", run, curvature=self._parameters.curvature.model_dump())

    @once_per_run
    def minima(self, run: Run) -> Job | None:
        """The job that finds the minima near a run's networks."""
        return self._around("find_minima", run, minima=self._parameters.minima.model_dump())

    def of_reference(self, make: Callable[[Run], Job | None]) -> tuple[Job, ...]:
        """The jobs of those runs of reference that have one."""
        return tuple(job for run in self._networks.reference_runs if (job := make(run)))

    def _analysis(self, rule: str, run: Run, parameters: Mapping[str, Any], *plugins: str) -> Job:
        """A job that reads the checkpoints of a run and the probe samples."""
        _, network = self._networks.network(run)
        return self._registry.job(
            rule,
            run,
            parameters,
            (*network, *plugins),
            data=self._networks.data(run.dataset),
            training=self._networks.training(run),
        )
