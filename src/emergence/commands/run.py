"""Make a study: all jobs that are not done, and nothing else; say at the end what came of the claims.

STUDY is the name of a preset, a YAML file to be laid over params.yaml, or the name of a study in results/studies as it
was last made; by default that of params.yaml. Parameters can be changed for this command, as in

  emergence run smoke training.epochs=5
  emergence run -- --profile profiles/slurm    everything behind -- is for snakemake
"""

import os
import sys
from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    parser.add_argument("given", nargs="*", metavar="STUDY, KEY=VALUE", help="see above")
    parser.add_argument("-n", "--dry-run", action="store_true", help="say what would be done, and why")
    parser.add_argument("-c", "--cores", metavar="N", help="cores to use (default: all)")
    parser.set_defaults(further=[])


def run(given: Namespace) -> None:
    """Become Snakemake."""
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", *arguments(given)])


def arguments(given: Namespace) -> list[str]:
    """Return the arguments of Snakemake; ValueError for a study that there is not, or two."""
    from emergence.commands._study import PARAMETERS, chosen
    from emergence.parameters.reading import read

    changes = [word for word in given.given if "=" in word]
    names = [word for word in given.given if "=" not in word]
    if len(names) > 1:
        raise ValueError(f"one study at a time, not {' and '.join(names)}; parameters are written KEY=VALUE")
    study = chosen(names[0] if names else None)
    made = ["--configfile", *map(str, study.files)]
    if study.left:  # how to compute is not a study's, but this machine's
        compute = read(PARAMETERS).compute.model_dump()
        made.append("--replace-workflow-config")
        changes = [*(f"compute.{key}={value}" for key, value in compute.items()), *changes]
    made += ["--config", *changes] if changes else []
    made += ["--dry-run"] if given.dry_run else []
    return [*made, *(["--cores", given.cores] if given.cores else []), *given.further]
