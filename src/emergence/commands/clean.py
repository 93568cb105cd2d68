"""Remove results that no study uses, and studies.

Lists with sizes what neither the studies in results/studies nor the one of params.yaml use, of each STUDY that is named
all that it alone uses too, and removes that when told so.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="a study to be removed with what it alone uses")
    parser.add_argument("--yes", action="store_true", help="remove without asking")
    parser.add_argument("--directory", type=Path, default=Path(), metavar="FOLDER", help="where the studies lie")


def run(given: Namespace) -> None:
    """List, ask and remove."""
    from emergence.study.clean import plans_of, remove, size, unused

    try:
        plans = plans_of(given.directory, Path(), given.studies)
    except ValueError as error:
        raise ValueError(f"nothing is removed: {error}") from None
    found = {path: size(path) for path in unused(plans, given.directory)}
    for path, bytes_ in found.items():
        print(f"{bytes_ / 1e6:10.1f} MB  {path}")
    names = ", ".join(dict.fromkeys(plan.parameters.study.name for plan in plans)) or "none"
    print(f"{sum(found.values()) / 1e6:10.1f} MB  in {len(found)} places that no study uses (studies: {names})")
    if found and (given.yes or _confirmed()):
        for path in found:
            remove(path, given.directory)
        print("Removed")


def _confirmed() -> bool:
    try:
        return input("Remove this? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        sys.exit("\nNothing is removed: nobody answers. --yes removes without asking")
