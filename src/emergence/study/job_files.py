"""Job files: all that a script is told, written before it starts from the plan of the machine that runs it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emergence.core.seals import write_sealed
from emergence.study import studies
from emergence.study.jobs import Job
from emergence.study.layout import RESUME, SAMPLED, job_file
from emergence.study.plan import Plan
from emergence.study.table import REPORT, RESUMED


def write(plan: Plan, job: Job, files: Sequence[str], outputs: Mapping[str, Sequence[str]], dry: bool = False) -> str:
    """Write the file of a job, and what its study is, unless that is `dry`; return the file's name.

    `files` say where those that the job reads lie on this machine, in the order of `Job.reads`; what follows them are
    stamps of those with a fixed place. `outputs` are to be written.
    """
    path = job_file(job.rule, job.key)
    if not dry:
        studies.leave(plan.parameters)
        write_sealed(Path(path), content(plan, job, files, outputs))
    return path


def content(plan: Plan, job: Job, files: Sequence[str], outputs: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what a job file holds, see `emergence.jobs.JobFile`."""
    places = iter(files)
    inputs: dict[str, list[dict[str, Any]]] = {name: [] for name in job.inputs}
    for name, read in job.reads.items():
        entries: dict[str, dict[str, Any]] = {}
        for source, file, _ in read:
            entry = entries.setdefault(source.key, {**(source.run.described if source.run else {})})
            entry[file] = next(places)
        inputs[name] = list(entries.values())
    return {
        "rule": job.rule,
        "name": job.name,
        "run": job.run.described if job.run else None,
        "settings": settings_of(job),
        "derived": dict(job.derived),
        "code": job.code,
        "compute": plan.parameters.compute.model_dump(),
        "inputs": inputs,
        "outputs": {name: list(paths) for name, paths in outputs.items()},
        "work": _work(plan, job),
        "cost": job.notes.get("cost"),
        "timing": job.notes["timing"],
        "amount": job.amount._asdict(),
        "stamp": None if job.entry.keyed else job.stamp,
        "stamps": list(places),
        "parts": plan.parts(job),
        "records": plan.records if job.entry is REPORT else [],
    }


def settings_of(job: Job) -> dict[str, Any]:
    """Return all settings that a job is given, nested as in ``params.yaml``."""
    return _merged(job.settings, job.unkeyed)


def _work(plan: Plan, job: Job) -> str:
    """The folder in which a job that can be continued keeps unfinished work."""
    if job.rule in RESUMED:
        return f"{RESUME}/{plan.trajectory(job)}"
    return f"{SAMPLED}/{job.key}"


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for name, value in second.items():
        merged[name] = _merged(merged[name], value) if isinstance(value, Mapping) and name in merged else value
    return merged
