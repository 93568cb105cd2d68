"""How far the time left is off, in finished studies: at every job that ended, from what was known then.

Command line: ``python -m benchmarks.time_left [--at-a-time N] [--alone] FOLDER...`` replays the studies of every
folder in their order, each after the earlier ones or, `--alone`, as the first; ``--write`` instead makes the times of
reference from all of them. When a job ended and how long it took stands in logs/timings. Studies are found by the
parameters that they left, so the code must be that which made them.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

from emergence.report.records import noted
from emergence.study import studies
from emergence.study.jobs import Job
from emergence.study.plan import Plan
from emergence.study.time_left import SHORTEST, TimeLeft, Timings

CLOSE = 2.0
"""Seconds that the time left may be off, however little is left."""

FROM = 0.1
"""Share of the jobs from which on the time left is judged."""

SMALL = 1e-3
"""Seconds below which a part of the times of reference is left out."""

SHOWN = (0.1, 0.25, 0.5, 0.75)

WRITTEN = Path("src/emergence/study/reference.yaml")
HEAD = "# Written by benchmarks/time_left.py: seconds per job of a rule, and per step, value and product of it.\n"


@dataclass(frozen=True)
class Ended:
    """A job that ended, in seconds since 1970, the seconds that it took, and those that a processor worked for it."""

    job: Job
    end: float
    took: float
    used: float

    @property
    def began(self) -> float:
        """When it began."""
        return self.end - self.took


def ended(folder: Path, root: Path) -> dict[str, list[Ended]]:
    """Return the jobs of every study in a folder in the order in which they ended, studies in the same order."""
    found: dict[str, list[Ended]] = {}
    for name in studies.present(folder):
        plan = Plan(studies.parameters_of(name, folder), root)
        files = {job: folder / job.notes["timing"] for job in plan.jobs}
        times = {job: noted(file) for job, file in files.items() if file.exists()}
        jobs = [Ended(job, files[job].stat().st_mtime, time["s"], time["cpu_time"]) for job, time in times.items()]
        found[name] = sorted(jobs, key=lambda job: job.end)
    return dict(sorted(found.items(), key=lambda study: study[1][-1].end))


def replay(study: Sequence[Ended], known: Sequence[Ended], at_a_time: int) -> Iterator[tuple[float, float]]:
    """Yield the time left, as it is told and as it was, at the end of every job but the last."""
    timings, last = Timings(), study[-1].end
    for job in known:
        timings.add(job.job, job.took)
    tell, left = TimeLeft([job.job for job in study], timings), {job.job: job for job in study}
    for ended in study[:-1]:
        timings.add(ended.job, ended.took)
        del left[ended.job]
        running = {job.job: ended.end - job.began for job in left.values() if job.began <= ended.end}
        yield tell(left.keys(), at_a_time, running), last - ended.end


def factor(told: float, true: float) -> float:
    """Return by how much what is told is too long or too short; 1 where it is close."""
    return 1.0 if abs(told - true) <= CLOSE else max(told / true, true / told)


def reference(jobs: Sequence[Ended]) -> Iterator[tuple[str, list[float]]]:
    """Yield the seconds per job, step, value and product of every rule whose logarithms are nearest to those found.

    Where others use the machine too, a job waits: what a processor worked for it is nearer to what it takes by itself.
    """
    for rule in sorted({job.job.rule for job in jobs}):
        of_rule = [job for job in jobs if job.job.rule == rule]
        took = np.array([max(min(job.took, job.used), SHORTEST) for job in of_rule])
        amounts = np.array([(1.0, *job.job.amount) for job in of_rule])
        most = amounts.max(axis=0)
        shares = amounts[:, most > 0] / most[most > 0]
        first, _ = nnls(shares / took[:, None], np.ones(len(took)))
        found = least_squares(_errors, first + SMALL, bounds=(0, np.inf), args=(shares, took)).x
        each = np.zeros(len(most))
        each[most > 0] = np.where(found > SMALL, found, 0) / most[most > 0]
        yield rule, [float(f"{value:.3g}") for value in each]


def _errors(each: NDArray[np.float64], shares: NDArray[np.float64], took: NDArray[np.float64]) -> NDArray[np.float64]:
    errors: NDArray[np.float64] = np.log(shares @ each / took)
    return errors


def beside(study: Sequence[Ended]) -> list[float]:
    """Return the seconds between the end of each job and the beginning of that which took its place."""
    gaps, free = [], list[float]()
    for time, is_end in sorted(chain(((job.began, False) for job in study), ((job.end, True) for job in study))):
        if is_end:
            free.append(time)
        elif free:
            gaps.append(time - free.pop())
    return gaps


def write(found: Sequence[Sequence[Ended]]) -> None:
    """Write the times of reference."""
    every = [job for study in found for job in study]
    rows = {
        "beside": [round(median(chain(*map(beside, found))), 2)],
        "other": [round(median(job.used for job in every), 2), 0.0, 0.0, 0.0],
        **dict(reference(every)),
    }
    WRITTEN.write_text(HEAD + yaml.safe_dump(rows, sort_keys=False, default_flow_style=None))


def show(name: str, study: Sequence[Ended], earlier: Sequence[Ended], at_a_time: int) -> None:
    """Print how far the time left of a study was off."""
    began = perf_counter()
    told = list(replay(study, earlier, at_a_time))
    each = (perf_counter() - began) / len(told)
    factors = [factor(*pair) for pair in told]
    judged = [(value, place) for place, value in enumerate(factors, 1) if place >= FROM * len(study)]
    worst, place = max(judged)
    print(f"{name}: {len(study)} jobs in {study[-1].end - min(job.began for job in study):.0f} s", end="; ")
    print(f"largest factor {worst:.2f} at {place / len(study):.0%}; {1000 * each:.1f} ms each")
    for share in SHOWN:
        number = int(share * len(study))
        print(f"  at {share:.0%}: told {told[number][0]:.0f} s, true {told[number][1]:.0f} s, {factors[number]:.2f}")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.time_left", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="where studies lie")
    parser.add_argument("--root", type=Path, default=Path(), help="the code that made them")
    parser.add_argument("--at-a-time", type=int, default=2, help="how many jobs ran at the same time")
    parser.add_argument("--alone", action="store_true", help="forget the studies before each")
    parser.add_argument("--write", action="store_true", help="make the times of reference from these studies")
    options = parser.parse_args()
    found = [ended(folder, options.root) for folder in options.folders]
    if options.write:
        write([study for of_folder in found for study in of_folder.values()])
        return
    for of_folder in found:
        earlier: list[Ended] = []
        for name, study in of_folder.items():
            there = {job.job.key for job in earlier}
            made = [job for job in study if job.job.key not in there]
            show(name, made, [] if options.alone else earlier, options.at_a_time)
            earlier += made


if __name__ == "__main__":
    main()
