"""The command `emergence`: each file of this room is a subcommand, named as the file.

A file's first line says what the subcommand does. `add_arguments(parser)` declares its arguments, and `run(arguments)`
does it. Packages that take long to load are imported where they are used, so that ``--help`` answers at once.
"""

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
    given = parser.parse_args(arguments)
    try:
        commands[given.command].run(given)
    except (ImportError, NotImplementedError, OSError, ValueError) as error:
        parsers[given.command].error(str(error))
