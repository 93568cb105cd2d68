"""Show the courses of training that runs: loss and accuracy over epochs, again and again until nothing runs."""

import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from emergence.commands._study import add_study

CLEAR = "\033[H\033[J"
"""Lets a terminal begin anew at its top."""

RECENT = 600
"""Seconds after which training that wrote nothing is taken for one that was ended."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what is given on the command line."""
    add_study(parser)
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="how often (default: 5)")
    parser.add_argument("--once", action="store_true", help="show it once, and all that was ended too")


def run(given: Namespace) -> None:
    """Show it until nothing runs, or Ctrl-C."""
    from emergence.commands._study import chosen
    from emergence.study.plan import Plan
    from emergence.study.watch import show

    if not given.every > 0:
        raise ValueError(f"--every {given.every:g}: more than 0 seconds are needed")
    plan = Plan(chosen(given.study).read(), Path())
    if given.once:
        print(show(plan, Path()))
        return
    try:
        while "\n" in (shown := show(plan, Path(), time.time() - RECENT)):
            print(CLEAR if sys.stdout.isatty() else "", shown, sep="", flush=True)
            time.sleep(given.every)
    except KeyboardInterrupt:
        return
    print(shown)
