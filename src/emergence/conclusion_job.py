"""What the programs that conclude from a whole study share: arguments, the study they read, the file they write."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr

from emergence.core.logs import configure
from emergence.core.storage import read_dataset, write_dataset
from emergence.statistics.study import Study, settings_of


def conclude(
    description: str | None, parameters: str, conclusion: Callable[[Study, dict[str, Any]], xr.Dataset]
) -> xr.Dataset:
    """Read the study at its reference, write what `conclusion` makes of it and of the parameters, and return that.

    `description` says what the program does; `parameters` names what it is given beside statistics and the way of
    pruning of reference.
    """
    configure()
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--study", required=True, type=Path, help="netCDF file with all runs")
    parser.add_argument(
        "--parameters",
        required=True,
        help=f"statistics and the way of pruning of reference, {parameters}, as JSON",
    )
    parser.add_argument("--output", required=True, type=Path, help="netCDF file to write")
    options = parser.parse_args()
    given = json.loads(options.parameters)
    study = Study.at_reference(read_dataset(options.study), *settings_of(given["statistics"]))
    found = conclusion(study, given)
    write_dataset(options.output, found, given)
    return found
