"""Keep what a finished study found, and write the page, the picture and the answer that are made from it.

Actions:
  add STUDY       keep the part of its results that the page needs, in docs/findings/STUDY; of a study of testbeds
                  its scoreboard, in docs/scoreboard.json
  write           write docs/findings.md, docs/images/findings.svg, the answer in README.md and docs/scoreboard.md
  example STUDY   copy its report, which needs no other file, to example.html
"""

import shutil
from argparse import ArgumentParser, Namespace
from pathlib import Path

EXAMPLE = Path("example.html")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    parser.add_argument("action", choices=["add", "write", "example"], help="see above")
    parser.add_argument("study", nargs="?", metavar="STUDY", help="a finished study in results/studies")
    parser.add_argument(
        "--to", type=Path, default=Path(), metavar="FOLDER", help="the project to write into (default: this folder)"
    )


def run(given: Namespace) -> None:
    """Do it, and print the paths of files that are written."""
    if (given.action == "write") == bool(given.study):
        raise ValueError("a study is named with add and example, and only with these: emergence findings add STUDY")
    if given.study:
        _check_left(given.study)
    written: list[Path] = {"add": _add, "write": _write, "example": _example}[given.action](given)
    print("\n".join(str(given.to / file) for file in written))


def _check_left(study: str) -> None:
    from emergence.core.plugins import unknown
    from emergence.study import studies

    there = studies.present(Path())
    if study not in there:
        raise ValueError(unknown(study, there, "study"))


def _add(given: Namespace) -> list[Path]:
    from emergence.findings import scoreboard
    from emergence.findings.adding import entry_of
    from emergence.findings.entry import write

    entry = entry_of(given.study)
    if scoreboard.file_of(given.study).is_file():
        return scoreboard.add(entry, given.to)
    return write(entry, given.to)


def _write(given: Namespace) -> list[Path]:
    from emergence.core.files import write_text
    from emergence.findings import page, scoreboard

    made = page.files(given.to) | scoreboard.files(given.to)
    for file, content in made.items():
        write_text(given.to / file, content)
    return list(made)


def _example(given: Namespace) -> list[Path]:
    from emergence.findings.adding import report_of

    shutil.copyfile(report_of(given.study)[0], given.to / EXAMPLE)
    return [EXAMPLE]
