"""Write down what a study computes and what decides its claims, before it is made.

Command line: ``python -m emergence.study.register [FILE...]`` registers the study of params.yaml, overlaid by FILEs,
under the name that its `study.registration` gives.
"""

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from emergence.core.files import checksum, write_text
from emergence.parameters import Parameters
from emergence.parameters.reading import read
from emergence.study import currency, registration, studies
from emergence.study.plan import Plan, digests_of


def register(parameters: Parameters, root: Path) -> Path:
    """Write the registration of a study below `root` and return its file.

    Raises ValueError where the study names none, where the file is there, and where the study was concluded before.
    """
    name = parameters.study.registration
    if not name:
        raise ValueError("study.registration is empty: give it the name that the registration is to have")
    file = registration.file_of(name, root)
    if file.exists():
        raise ValueError(f"{file} is there, and a registration does not change; give study.registration another name")
    if concluded := _concluded(parameters, root):
        raise ValueError(f"{concluded} is the result of this very study: it cannot be registered any more")
    now = datetime.now(UTC).date().isoformat()
    code = digests_of(root).digest(registration.DECIDING)
    write_text(file, registration.as_yaml(registration.register(parameters, root, code, now, commit_of(root))))
    return file


def _concluded(parameters: Parameters, root: Path) -> str | None:
    """Return a file of statistics that a study has already, under any name, as one that follows no registration."""
    for name in studies.present(root):
        unregistered = parameters.study.model_copy(update={"name": name, "registration": ""})
        plan = Plan(parameters.model_copy(update={"study": unregistered}), root)
        for job in plan.of_phase("statistics"):
            if currency.is_done(job, root):
                return job.results[0]
    return None


def commit_of(root: Path) -> str | None:
    """Return the commit of a working tree; None where there is none."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m emergence.study.register", description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="presets laid over params.yaml")
    options = parser.parse_args()
    try:
        file = register(read(Path("params.yaml"), *options.files), Path())
    except ValueError as error:
        sys.exit(str(error))
    print(f"{file}: SHA-256 {checksum(file)}. Commit it, or publish the digest, before the study is made.")


if __name__ == "__main__":
    main()
