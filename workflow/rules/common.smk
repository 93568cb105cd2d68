"""The plan of the study, and the few functions by which rules ask it for files.

What is current is decided by names, not by times: a job's folder (or its stamp) carries a key of all that it is made
from, so that a changed parameter or function is a missing file or stamp. No time of a file decides anything.
"""

import json
import os
import shlex
import sys
import time
from copy import deepcopy
from functools import cache, partial
from pathlib import Path

from snakemake.exceptions import WorkflowError

# Jobs run the code beside this Snakefile, in the Python that runs Snakemake.
SOURCES = [str(ROOT / "src"), str(ROOT)]
PROGRAMS = [str(Path(sys.executable).parent), os.getenv("PATH", "")]
sys.path[:0] = SOURCES
SCRIPTS = shlex.quote(os.path.relpath(ROOT / "scripts"))
START = shlex.quote(os.path.relpath(ROOT / "src/emergence/processes/start.py"))
os.environ.update(PYTHONPATH=os.pathsep.join(SOURCES), PATH=os.pathsep.join(PROGRAMS))

from emergence.parameters.base import overlay
from emergence.parameters.reading import read
from emergence.study import currency, job_files
from emergence.core.stamps import KEY
from emergence.study import layout
from emergence.study.console import Course, outcome
from emergence.study.plan import Plan
from emergence.study.rules import Resources as Needed
from emergence.study.status import failures
from emergence.study.table import RULES

# Files are read here: Snakemake would run Python in them, and take the last of two equal keys. params.yaml is first,
# unless it is to be replaced; of the files named on the command line, later ones win, then the config of a module that
# this is, and values on the command line win over all.
NAMED = workflow.overwrite_configfiles
DEFAULTS = (
    [] if workflow.config_settings.replace_workflow_config else [f for f in workflow.configfiles if f not in NAMED]
)
GIVEN = deepcopy(dict(config)) if workflow.modifier.skip_configfile else {}
overlay(GIVEN, workflow.config_settings.config)

# Part of the runs, chosen on the command line: --config only='digits/mlp/global_magnitude~0.9/*'.
ONLY = str(GIVEN.pop("only", "*"))

# Of a study that goes on, the runs that are finished: --config finished=FILE, which emergence.study.partial writes.
FINISHED = json.loads(Path(GIVEN.pop("finished")).read_text()) if "finished" in GIVEN else None

try:
    PLAN = Plan(read(*(Path(os.path.relpath(file)) for file in [*DEFAULTS, *NAMED]), given=GIVEN), ROOT, FINISHED)
    PLAN.of_phase("train", ONLY)
except ValueError as error:
    raise WorkflowError(str(error)) from None

if workflow.modifier.is_main_snakefile():
    config.clear()
    config.update(PLAN.parameters.model_dump())

BY_STAMP = {job.stamp: job for job in PLAN.jobs if not job.entry.keyed}

# What is needed to tell, after an error, which jobs of this run it concerns.
STARTED = time.time()

# With default storage elsewhere (S3), what has a fixed place is still made here, where stamps can speak for it.
ELSEWHERE = bool(workflow.storage_settings.default_storage_provider)


def files_of(*phases):
    """Everything that the given phases make, or what they make of the runs in ONLY; never compared by time."""
    return [placed(job, file) for phase in phases for job in PLAN.of_phase(phase, ONLY) for file in job.files]


def here(file):
    """A file of a fixed place."""
    return local(file) if ELSEWHERE else file


def placed(job, file):
    """A file of a job as an input that never counts as newer."""
    return ancient(as_input(job, file))


def as_input(job, file):
    """A file of a job as an input."""
    return file if job.entry.keyed else here(file)


def is_done(job):
    """Tell whether a job need not be done; of what lies in storage elsewhere, Snakemake itself finds out what is missing."""
    return (ELSEWHERE and job.entry.keyed) or currency.is_done(job, Path())


@cache
def jobs_to_do():
    """The jobs that this command has to do; Snakemake, which asks only whether the files named exist, is told them.

    To be called when Snakemake knows what it is asked for, that is from input functions.
    """
    workflow.dag.check_output_mtime = regardless_of_times
    if workflow.local_exec and workflow.scheduling_settings:
        # A limit of jobs started per second, which is for clusters, has all that wait looked at again every second.
        workflow.scheduling_settings.max_jobs_per_timespan = None
    if not workflow.is_main_process:
        return set()
    rules = workflow.dag.targetrules
    files = workflow.dag.targetfiles.union(*(rule.output or rule.input for rule in rules))
    asked = [job for job in PLAN.jobs if not files.isdisjoint(job.files)]
    jobs = currency.to_do(PLAN.jobs, asked, is_done)
    workflow.dag.forcefiles.update(file for job in jobs for file in job.files)
    at_a_time = workflow.resource_settings.nodes or workflow.resource_settings.cores or 1
    if not ELSEWHERE:
        logger.info(None, extra={"course": Course(PLAN, jobs, at_a_time)})
    return jobs


async def regardless_of_times(job, files):
    """In place of Snakemake's check, by which a job fails that read a file from ahead of this machine's clock."""


def read_by(job, files):
    """Files as inputs of a job: never newer than its own, but where it is to be done it waits for their jobs."""
    return files if job in jobs_to_do() else list(map(ancient, files))


def read_by_key(wildcards):
    """Inputs of a job that a folder's key names: the files that it reads, by the name of each source."""
    job = job_of(wildcards)
    return {
        name: read_by(job, [as_input(source, file) for source, _, file in files]) for name, files in job.reads.items()
    }


def makes(rule):
    """Outputs of a keyed rule: its files by their names; what has no suffix is a folder."""
    paths = {name: layout.pattern(RULES[rule], name) for name in RULES[rule].files}
    return {name: path if Path(path).suffix else directory(path) for name, path in paths.items()}


def notes(rule):
    """Files in which jobs of a keyed rule note what happens and how long they took."""
    return layout.notes(RULES[rule])


def job_of(wildcards, output=None):
    """The job of the plan that a folder's key names, or a stamp among the files to be made."""
    if "stamp" in (output or {}).keys():
        return BY_STAMP[output.stamp]
    if wildcards.key not in PLAN.by_key:
        raise WorkflowError(f"{wildcards.name}/{wildcards.key} is not made from the current parameters and code")
    return PLAN.by_key[wildcards.key]


def script(wildcards, output):
    """The script that does a job."""
    return job_of(wildcards, output).entry.program


def written(wildcards, input, output):
    """Write the file that tells a job all it needs to know, with where its files lie on this machine; return its name."""
    outputs = {name: [files] if isinstance(files, str) else files for name, files in output.items() if name != "stamp"}
    return job_files.write(PLAN, job_of(wildcards, output), list(map(str, input)), outputs, dry=workflow.dryrun)


def needs(resources):
    """Resources of a job, given a function of its wildcards that returns those of the table of rules."""
    return {
        "mem_mb": lambda wildcards, attempt: resources(wildcards).memory * attempt,
        "runtime": lambda wildcards: resources(wildcards).minutes,
        "gpu": lambda wildcards: resources(wildcards).gpu and gpus(),
    }


def needs_by_key(wildcards):
    """Resources of the job that a folder's key names."""
    return job_of(wildcards).entry.resources


def only(rule):
    """The only job of a rule with fixed files."""
    (job,) = PLAN.of_rule(rule)
    return job


def reads_once(job):
    """Inputs of a rule with one job; last the stamps of files with a fixed place, which may be made from other things."""
    found = {name: [as_input(source, file) for source, _, file in files] for name, files in job.reads.items()}
    fixed = [source for sources in job.inputs.values() for source in sources if not source.entry.keyed]
    found["stamps"] = [as_input(source, source.stamp) for source in fixed]
    return {name: partial(read_once, job, files) for name, files in found.items()}


def read_once(job, files, wildcards):
    """Input function: given files of the job."""
    return read_by(job, files)


def makes_once(job):
    """Outputs of a rule with one job, that is its files by their names and its stamp."""
    return {**{name: here(job.file(name)) for name in job.entry.files}, "stamp": here(job.stamp)}


def together(group, of=None):
    """Group function: the group of jobs too small to be sent to a cluster alone, if the profile says its size.

    Of jobs that read pruned networks as `of`, some wait for the training that others are needed for: each stays alone.
    Jobs on this machine beside storage elsewhere have no group.
    """

    def name(wildcards):
        alone = of and job_of(wildcards).inputs[of][0].rule == "retrain_networks"
        return None if alone or group not in workflow.group_settings.group_components else group

    return None if ELSEWHERE else name


def gpus():
    """One GPU where compute.device asks for it, or, by default, where `--resources gpu=N` offers some."""
    offered = "gpu" in workflow.resource_settings.resources
    return int({"cpu": False, "cuda": True, "auto": offered}[PLAN.parameters.compute.device])


wildcard_constraints:
    name=r"[^/].*",
    key=KEY,


def start(wildcards, resources):
    """The command that runs scripts: by a server that has imported what they need, or by themselves with a GPU."""
    return "python" if resources.gpu else f"python -IS {START} {os.getpid()}"


COMMAND = "{params.start} " f"{SCRIPTS}/" "{params.script}.py {params.job:q} 2> {log.log:q}"
