"""The plan of the study, and the few functions by which rules ask it for files.

What is current is decided by names, not by times: a job's folder (or its stamp) carries a key of all that it is made
from, so that a changed parameter or function is a missing file. All inputs are therefore `ancient`.
"""

import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT))
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from emergence.parameters.reading import ParametersError, check
from emergence.study import stamps
from emergence.study.layout import PHASES, RAW_DATA, RESUME, log, pattern, timing
from emergence.study.plan import Plan

try:
    PLAN = Plan(check(config, workflow.configfiles), ROOT)
except ParametersError as error:
    raise WorkflowError(str(error)) from None

if workflow.is_main_process:
    stamps.remove_broken(Path())


def files_of(*phases):
    """Everything that the given phases make, never compared by time."""
    return [ancient(file) for phase in phases for job in PLAN.of_phase(phase) for file in job.files]


def job_of(wildcards):
    """The job of the plan that a folder's key names."""
    if wildcards.key not in PLAN.by_key:
        raise WorkflowError(f"{wildcards.name}/{wildcards.key} is not made from the current parameters and code")
    return PLAN.by_key[wildcards.key]


def made_by(source, *files):
    """Input function: the named files (all if none is named) of the jobs that a job reads."""

    def paths(wildcards):
        jobs = job_of(wildcards).sources[source]
        return [job.file(file) for job in jobs for file in files]

    return ancient(paths)


def parameters(wildcards):
    """The parameters that determine a job's result, as one line of JSON."""
    return json.dumps(job_of(wildcards).parameters, sort_keys=True)


wildcard_constraints:
    name=r"[^/].*",
    key=r"[0-9a-f]{12}",
