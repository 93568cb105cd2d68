"""The results of a study as labelled data sets, found by name."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import xarray as xr

from emergence.core.storage import read_dataset
from emergence.parameters import Parameters
from emergence.statistics.collect import RunFile, labelled
from emergence.study import layout, studies
from emergence.study.plan import Plan

ROOT = Path(__file__).parents[3]
"""The folder of this program, whose code decides which results are current."""


class OpenedStudy(Mapping[str, xr.Dataset]):
    """Results by name, each read when it is asked for; see `open_study`."""

    def __init__(self, folder: Path) -> None:
        name = folder.resolve().name
        self.folder, self._root = folder, (folder / "../../..").resolve()
        if folder.resolve() != self._root / layout.STUDIES / name:
            raise ValueError(f"{folder}: allowed: a folder in {layout.STUDIES}")
        self.parameters: Parameters = studies.parameters_of(name, self._root)

    @cached_property
    def claims(self) -> dict[str, Any]:
        """The content of ``claims.json``: a verdict per claim, with what it comes from."""
        found: dict[str, Any] = json.loads((self.folder / "claims.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def _concluded(self) -> dict[str, Path]:
        return {file.stem: file for file in sorted(self.folder.glob("statistics/*.nc"))}

    @cached_property
    def _of_runs(self) -> dict[str, list[RunFile]]:
        """The files of single runs by what they hold, where those of all runs are there."""
        found: dict[str, list[RunFile]] = defaultdict(list)
        for job in Plan(self.parameters, ROOT).jobs:
            if job.run:
                for kind, name in job.entry.files.items():
                    if name.endswith(".nc"):
                        found[kind].append(RunFile(job.run, kind, self._root / job.file(kind)))
        return {kind: files for kind, files in found.items() if all(file.path.is_file() for file in files)}

    def __getitem__(self, name: str) -> xr.Dataset:
        """Read a result; KeyError names those that there are."""
        if name in self._concluded:
            return read_dataset(self._concluded[name])
        if name not in self._of_runs:
            raise KeyError(f"{self.folder} has no current '{name}'; there are: {', '.join(self)}")
        return labelled(self._of_runs[name])

    def __iter__(self) -> Iterator[str]:
        yield from self._concluded
        yield from self._of_runs

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"<study {self.parameters.study.name}: {', '.join(self)}>"


def open_study(folder: Path | str) -> OpenedStudy:
    """Open the results of a study as labelled data sets, found by name, not by the keys of their folders.

    Parameters
    ----------
    folder
        The study's folder, such as ``results/studies/default``.

    Returns
    -------
    OpenedStudy
        A mapping from names to `xarray.Dataset`. ``study`` has all runs (run, seed, step, ...); ``robustness``,
        ``rivals``, ``stopping`` and ``scoreboard`` are what is concluded from it; ``emergence``, ``measures``,
        ``landscape``, ``ruggedness``, ``curvature``, ``minima``, ... are the files of single runs, joined along run and
        seed. Each variable has its unit in ``units`` and its meaning in ``long_name``. ``claims`` has the verdicts,
        ``parameters`` what the study was made with.

    Raises
    ------
    ValueError
        The folder is no study's, or its parameters are damaged.
    KeyError
        For a result that is not there, or that other code than the present made. It names those that are there.

    Variables are explained in docs/results.md.

    >>> open_study("results")
    Traceback (most recent call last):
    ValueError: results: allowed: a folder in results/studies
    """
    return OpenedStudy(Path(folder))
