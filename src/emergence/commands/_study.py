"""Which study a command is about."""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emergence.core.plugins import unknown

if TYPE_CHECKING:
    from emergence.parameters import Parameters

PARAMETERS = Path("params.yaml")


@dataclass(frozen=True)
class Chosen:
    """A study by its files of parameters, later ones laid over earlier ones; `left` where it is as it was last made."""

    files: tuple[Path, ...]
    left: bool = False

    def read(self) -> "Parameters":
        """Read the study's parameters; ValueError where they are refused."""
        from emergence.parameters.reading import read

        return read(*self.files)


def add_study(parser: ArgumentParser) -> None:
    """Declare which study a command is about."""
    text = "a preset, a YAML file laid over params.yaml, or a study in results/studies (default: that of params.yaml)"
    parser.add_argument("study", nargs="?", metavar="STUDY", help=text)


def chosen(study: str | None) -> Chosen:
    """Return the study of this name in the working folder; ValueError for one that there is not."""
    from emergence.parameters.presets import preset_file, presets
    from emergence.study import layout, studies

    if not PARAMETERS.is_file():
        raise ValueError(
            f"there is no {PARAMETERS} in {Path.cwd()}: call this in the folder of the project or of studies"
        )
    if not study:
        return Chosen((PARAMETERS,))
    there = studies.present(Path())
    if study.endswith((".yaml", ".yml")) or study in presets():
        return Chosen((PARAMETERS, preset_file(study)))
    if study not in there:
        raise ValueError(unknown(study, sorted({*presets(), *there}), "study"))
    studies.parameters_of(study, Path())  # whole, or it says what is wrong
    return Chosen((Path(layout.parameters(study)),), left=True)
