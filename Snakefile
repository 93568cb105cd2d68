"""From data to report: prepare, train, prune, count paths, sample landscapes, judge claims, draw, report."""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.20")

# This file may be used as a module of a workflow that lies elsewhere.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))

# In another folder (snakemake --directory), parameters are those beside this file unless it has its own.
PARAMETERS = Path("params.yaml") if Path("params.yaml").exists() else ROOT / "params.yaml"


configfile: str(PARAMETERS)


include: "workflow/rules/common.smk"
include: "workflow/rules/job.smk"
include: "workflow/rules/records.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/prune.smk"
include: "workflow/rules/emergence.smk"
include: "workflow/rules/landscape.smk"
include: "workflow/rules/statistics.smk"
include: "workflow/rules/further.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


localrules:
    all,
    data,
    train,
    prune,
    emergence,
    landscape,
    statistics,
    figures,
    report,


onsuccess:
    logger.info(outcome(PLAN, Path()), extra={"told": True})


onerror:
    logger.error(failures(PLAN, STARTED))


rule all:
    default_target: True
    input:
        files_of("prune", "statistics", "figures", "report"),
