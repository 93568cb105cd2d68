"""The plan of the study, and the few functions by which rules ask it for files.

What is current is decided by names, not by times: a job's folder (or its stamp) carries a key of all that it is made
from, so that a changed parameter or function is a missing file or stamp. No time of a file decides anything.
"""

import json
import os
import shlex
import sys
import time
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

# Jobs run the code beside this Snakefile, in the Python that runs Snakemake.
ROOT = Path(workflow.basedir)
SOURCES = [str(ROOT / "src"), str(ROOT)]
PROGRAMS = [str(Path(sys.executable).parent), os.getenv("PATH", "")]
sys.path[:0] = SOURCES
SCRIPTS = shlex.quote(os.path.relpath(ROOT / "scripts"))
os.environ.update(PYTHONPATH=os.pathsep.join(SOURCES), PATH=os.pathsep.join(PROGRAMS))

from emergence.parameters.reading import read
from emergence.raw_files import RAW_DATA
from emergence.study import currency, manifests
from emergence.study.layout import KEY, PLACES, RESUME, SAMPLED, cost, log, manifest, pattern, timing
from emergence.study.plan import Plan
from emergence.study.status import failures

# Files are read here: Snakemake would run Python in them, and take the last of two equal keys. params.yaml is first,
# unless it is to be replaced; of the files named on the command line, later ones win, and values there win over all.
NAMED = workflow.overwrite_configfiles
DEFAULTS = (
    [] if workflow.config_settings.replace_workflow_config else [f for f in workflow.configfiles if f not in NAMED]
)
GIVEN = dict(workflow.config_settings.config)

# Part of the runs, chosen on the command line: --config only='digits/mlp/global_magnitude~0.9/*'.
ONLY = str(GIVEN.pop("only", "*"))

try:
    PLAN = Plan(read(*(Path(os.path.relpath(file)) for file in [*DEFAULTS, *NAMED]), given=GIVEN), ROOT)
    PLAN.of_phase("train", ONLY)
except ValueError as error:
    raise WorkflowError(str(error)) from None

config.clear()
config.update(PLAN.parameters.model_dump())

# What is needed to tell, after an error, which jobs of this run it concerns and how to repeat one of them.
STARTED = time.time()
REPEAT = ["snakemake"]
if workflow.overwrite_configfiles:
    REPEAT += ["--configfile", *map(os.path.relpath, workflow.overwrite_configfiles)]
if workflow.config_settings.config:
    REPEAT += ["--config", *(f"{key}={json.dumps(value)}" for key, value in workflow.config_settings.config.items())]

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
    return file if PLACES[job.rule].keyed else here(file)


def is_done(job):
    """Whether a job need not be done; of what lies in storage elsewhere, Snakemake itself finds out what is missing."""
    return (ELSEWHERE and PLACES[job.rule].keyed) or currency.is_done(job, Path())


@cache
def jobs_to_do():
    """The jobs that this command has to do; Snakemake, which asks only whether the files named exist, is told them.

    To be called when Snakemake knows what it is asked for, that is from input functions.
    """
    workflow.dag.check_output_mtime = regardless_of_times
    if not workflow.is_main_process:
        return set()
    rules = workflow.dag.targetrules
    files = workflow.dag.targetfiles.union(*(rule.output or rule.input for rule in rules))
    asked = [job for job in PLAN.jobs if not files.isdisjoint(job.files)]
    jobs = currency.to_do(PLAN.jobs, asked, is_done)
    workflow.dag.forcefiles.update(file for job in jobs for file in job.files)
    return jobs


async def regardless_of_times(job, files):
    """In place of Snakemake's check, by which a job fails that read a file from ahead of this machine's clock."""


def read_by(job, files):
    """Files as inputs of a job: never newer than its own, but where it is to be done it waits for their jobs."""
    return files if job in jobs_to_do() else list(map(ancient, files))


def job_of(wildcards):
    """The job of the plan that a folder's key names."""
    if wildcards.key not in PLAN.by_key:
        raise WorkflowError(f"{wildcards.name}/{wildcards.key} is not made from the current parameters and code")
    return PLAN.by_key[wildcards.key]


def made_by(source, *files):
    """Input function: the named files of the jobs that a job reads under the name `source`; none where it has none."""

    def paths(wildcards):
        job = job_of(wildcards)
        return read_by(job, [made.file(file) for made in job.sources.get(source, ()) for file in files])

    return paths


def parameter(name):
    """Params function: one of the values that determine a job's result, as a word of the command line."""

    def text(wildcards):
        value = job_of(wildcards).parameters[name]
        return value if isinstance(value, str) else json.dumps(value, sort_keys=True)

    return text


def builder(wildcards):
    """What builds the networks whose checkpoints a job reads, as the parameters name it."""
    sources = [source for jobs in job_of(wildcards).sources.values() for source in jobs]
    return next(job.parameters["network"]["builder"] for job in sources if "network" in job.parameters)


def all_parameters(wildcards):
    """All values that determine a job's result, as one line of JSON."""
    return json.dumps(job_of(wildcards).parameters, sort_keys=True)


def compute(wildcards):
    """How to compute, which no result depends on, as one line of JSON."""
    return PLAN.parameters.compute.model_dump_json()


def seeds(wildcards):
    """The seeds of a job, separated by commas."""
    return ",".join(map(str, job_of(wildcards).parameters["seeds"]))


def steps(wildcards):
    """The steps of a job, separated by commas."""
    return ",".join(job_of(wildcards).parameters["steps"])


def start(wildcards):
    """Options that say from which weights networks are trained, where not from those of their seeds, and how masked."""
    parameters = job_of(wildcards).parameters
    options = []
    for name in ("start", "alpha"):
        if name in parameters:
            options += [f"--{name}", str(parameters[name])]
    if parameters.get("shuffled_mask"):
        options.append("--shuffled-mask")
    if "gradual" in parameters:
        options += ["--gradual", json.dumps(parameters["gradual"], sort_keys=True)]
    return options


def entry_of_data_set(wildcards):
    """What data.sets says of a data set, as JSON; nothing of a built-in one."""
    entries, dataset = PLAN.parameters.data.sets, job_of(wildcards).parameters["dataset"]
    return entries[dataset].model_dump_json() if dataset in entries else ""


def memory(megabytes):
    """Resource function: more memory for every further attempt."""
    return lambda wildcards, attempt: megabytes * attempt


def together(group, of=None):
    """Group function: the group of jobs too small to be sent to a cluster alone, if the profile says its size.

    Of jobs that read pruned networks as `of`, some wait for the training that others are needed for: each stays alone.
    Jobs on this machine beside storage elsewhere have no group.
    """

    def name(wildcards):
        alone = of and job_of(wildcards).sources[of][0].rule == "retrain_networks"
        return None if alone or group not in workflow.group_settings.group_components else group

    return None if ELSEWHERE else name


def gpus(wildcards):
    """Resource function: one GPU where compute.device asks for it, or, by default, where `--resources gpu=N` offers some."""
    offered = "gpu" in workflow.resource_settings.resources
    return int({"cpu": False, "cuda": True, "auto": offered}[PLAN.parameters.compute.device])


def gpus_to_examine(wildcards):
    """Resource function: as `gpus`, but none for data sets whose networks are examined on the CPU."""
    on_cpu = PLAN.parameters.data.entry(job_of(wildcards).run.dataset).on_cpu
    return 0 if on_cpu else gpus(wildcards)


def inputs_of(job):
    """All files that a job reads, by the name of the input: for rules of one job.

    The stamps of files with a fixed place come last, since what lies there may be made from something else.
    """
    results = {
        name: [as_input(source, file) for source in jobs for file in source.results]
        for name, jobs in job.sources.items()
    }
    fixed = [source for jobs in job.sources.values() for source in jobs if not PLACES[source.rule].keyed]
    results["stamps"] = [as_input(source, source.stamp) for source in fixed]
    return {name: lambda wildcards, files=files: read_by(job, files) for name, files in results.items()}


def manifest_of(job, files, **more):
    """A file that lists what a job reads, each with the run it belongs to: too long for a command line.

    `files` are the job's inputs: where they lie on the machine that runs it, stamps last.
    """
    names = [file for jobs in job.sources.values() for source in jobs for file in source.results]
    where = dict(zip(names, map(str, files)))
    listed = {
        name: [
            {key: where.get(value, value) if isinstance(value, str) else value for key, value in entry.items()}
            for entry in entries
        ]
        for name, entries in job.manifest.items()
    }
    path = manifest(job.key)
    if not workflow.dryrun:
        manifests.write(Path(path), {**listed, **more}, list(map(str, files[len(names) :])))
    return path


def resume_folder(wildcards):
    """Where training keeps what it needs to go on after an interruption, or to more epochs."""
    return f"{RESUME}/{PLAN.trajectory(job_of(wildcards))}"


def sampled_folder(wildcards):
    """Where sampling keeps the points that are finished, to go on after an interruption."""
    return f"{SAMPLED}/{wildcards.key}"


wildcard_constraints:
    name=r"[^/].*",
    key=KEY,
