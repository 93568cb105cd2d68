"""The command `emergence`: each file of this room is a subcommand, named as the file.

A file's first line says what the subcommand does. `add_arguments(parser)` declares its arguments, and `run(arguments)`
does it. Where it has a default for `further`, that is what stands behind ``--``. Packages that take long to load are
imported where they are used, so that ``--help`` answers at once.
"""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from emergence.core.plugins import available


class _Parser(ArgumentParser):
    """Tells what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a subcommand; what is wrong with the input is told in one line, with exit code 2."""
    parser = _Parser(prog="emergence", description="Measure emergence in neural networks.")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands = {name: import_module(f"emergence.commands.{name}") for name in available("commands")}
    parsers = {}
    for name, command in commands.items():
        text = (command.__doc__ or "").strip()
        parsers[name] = subparsers.add_parser(
            name, help=text.partition("\n")[0], description=text, formatter_class=RawDescriptionHelpFormatter
        )
        command.add_arguments(parsers[name])
    name, *words = list(sys.argv[1:] if arguments is None else arguments) or [""]
    if name not in commands:
        parser.parse_args([name] if name else [])  # says what there is, and ends
    further = []
    if parsers[name].get_default("further") is not None and "--" in words:
        words, further = words[: words.index("--")], words[words.index("--") + 1 :]
    given = parsers[name].parse_intermixed_args(words)
    given.further = further
    try:
        commands[name].run(given)
    except (ImportError, NotImplementedError, OSError, ValueError) as error:
        parsers[name].error(str(error))
