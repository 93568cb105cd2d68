"""Trust results for a change of code that does not alter them: what the earlier code made stays current.

Command line: ``python -m emergence.study.trust REVISION --reason TEXT`` compares the code of all jobs with that of a
git revision and notes that the present code stands for the earlier one.
"""

import argparse
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from emergence.parameters import Parameters
from emergence.parameters.reading import read
from emergence.study import trusted
from emergence.study.plan import Plan


def trust(parameters: Parameters, root: Path, revision: str, reason: str) -> list[str]:
    """Note that the code of a study's jobs stands for that of a git revision; return the rules that this concerns."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", revision], cwd=root, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        earlier = {(job.rule, job.name): job.code for job in Plan(parameters, Path(folder)).jobs}
    entries = {
        job.code: trusted.Trust(stands_for=earlier[job.rule, job.name], rule=job.rule, reason=reason)
        for job in Plan(parameters, root).jobs
        if earlier.get((job.rule, job.name), job.code) != job.code
    }
    if entries:
        trusted.write(root, {**trusted.read(root), **entries})
    return sorted({entry.rule for entry in entries.values()})


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m emergence.study.trust", description=__doc__.splitlines()[0])
    parser.add_argument("revision", help="git revision whose results stay current, such as HEAD")
    parser.add_argument("--reason", required=True, help="why results do not change")
    options = parser.parse_args()
    rules = trust(read(Path("params.yaml")), Path(), options.revision, options.reason)
    print(f"trusted: {', '.join(rules)}" if rules else "no code that the study uses has changed")


if __name__ == "__main__":
    main()
