"""Compare two finished studies: parameters, code, verdicts and effects, and their figures on one HTML page.

A and B are each one of
  smoke              the study of this name in results/studies
  FOLDER             the folder of its results, also in another clone
  HEAD~1:smoke       the study as it was at a revision of git, from the cache or the remote of DVC
  HEAD~1:            the same of the study that params.yaml names at that revision
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    parser.add_argument("a", metavar="A", help="a study, see above")
    parser.add_argument("b", metavar="B", help="the one to compare it with")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", default=Path("comparison.html"), help="the page (default: %(default)s)"
    )


def run(given: Namespace) -> None:
    """Print what differs, write the page, and print its path."""
    from emergence.comparison.finding import find
    from emergence.comparison.page import make_page
    from emergence.comparison.side import read_side
    from emergence.comparison.text import write
    from emergence.core.files import check_no_folder, write_text

    check_no_folder(given.output)
    sys.path.insert(0, "")  # figures of the user's own lie where the command is called
    with TemporaryDirectory() as scratch:
        folders = {name: find(name, Path(scratch, letter)) for letter, name in (("A", given.a), ("B", given.b))}
        a, b = (read_side(name, folders[name]) for name in (given.a, given.b))
    print(write(a, b))
    write_text(given.output, make_page(a, b))
    print(f"\n{given.output}")
