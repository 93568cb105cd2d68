"""Keep parameter files: ``python -m emergence.parameters {write,check,apply,restore}``.

write: write params.yaml with the defaults, and the schema; check: say whether both files are what write would make;
apply: write a preset's (or any YAML file's) values into params.yaml, comments kept; restore: write those that a study
left, so that params.yaml is as it was but for how to compute.
"""

import argparse
import sys
from pathlib import Path

from emergence.core.files import write_text
from emergence.parameters import Parameters
from emergence.parameters.presets import preset_file
from emergence.parameters.reading import ParametersError, read
from emergence.parameters.rendering import SCHEMA_FILE, as_schema, as_yaml

PARAMETERS_FILE = "params.yaml"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m emergence.parameters", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("write", help="write params.yaml with the defaults, and the schema")
    commands.add_parser("check", help="exit with 1 if params.yaml or the schema differ from the defaults")
    apply = commands.add_parser("apply", help="write the values of a preset into params.yaml")
    apply.add_argument("preset", help="a name in workflow/presets, or a YAML file")
    restore = commands.add_parser("restore", help="write the parameters of an earlier study into params.yaml")
    restore.add_argument("file", type=Path, help="params.yaml of the study, in results/studies")
    arguments = parser.parse_args()
    generated = {PARAMETERS_FILE: as_yaml(Parameters()), SCHEMA_FILE: as_schema()}
    if arguments.command == "check":
        different = [name for name, text in generated.items() if Path(name).read_text(encoding="utf-8") != text]
        sys.exit(f"differ from the models: {', '.join(different)}" if different else 0)
    if arguments.command == "apply":
        generated = {PARAMETERS_FILE: as_yaml(read(Path(PARAMETERS_FILE), preset_file(arguments.preset)))}
    if arguments.command == "restore":
        compute = read(Path(PARAMETERS_FILE)).compute
        generated = {PARAMETERS_FILE: as_yaml(read(arguments.file).model_copy(update={"compute": compute}))}
    for name, text in generated.items():
        write_text(Path(name), text)


if __name__ == "__main__":
    try:
        main()
    except ParametersError as error:
        sys.exit(str(error))
