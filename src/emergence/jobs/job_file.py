"""A job as its script sees it: what it reads, what it writes, and the settings that it declares."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import torch

from emergence.core import stamps
from emergence.core.runs import Run
from emergence.core.seals import read_sealed
from emergence.parameters.base import Section
from emergence.parameters.compute import Compute
from emergence.training.compute import prepare

AnySection = TypeVar("AnySection", bound=Section)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobFile:
    """The content of a job file.

    `settings` are nested as in ``params.yaml`` and hold what the table of rules declares for the job; `derived` follows
    from other ones. `inputs` lists, by the name of each source, its files (name -> path) with the run they belong to.
    `work` is a folder in which unfinished work is kept. `timing` is where the job notes how long it took and the
    `amount` of what it had to do, `cost` where training does. `code` is a digest of the definitions that the script
    uses. `parts` are the keys of parts of the result that may be there already. `arguments` follow the job file on the
    command line.
    """

    rule: str
    name: str
    settings: Mapping[str, Any]
    derived: Mapping[str, Any]
    compute: Compute
    inputs: Mapping[str, list[dict[str, Any]]]
    outputs: Mapping[str, Sequence[Path]]
    run: Run | None = None
    work: Path = Path()
    cost: Path | None = None
    timing: Path | None = None
    amount: Mapping[str, float] = field(default_factory=dict)
    stamp: Path | None = None
    records: Sequence[Mapping[str, Any]] = ()
    code: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path, *arguments: str) -> "JobFile":
        """Read a job file; OSError names it where it is damaged, or a file of a fixed place that it lists."""
        content = read_sealed(path)
        for stamp in content.pop("stamps"):
            stamps.check(Path(stamp))
        run = content["run"]
        content |= {
            "compute": Compute.model_validate(content["compute"]),
            "outputs": {name: [Path(file) for file in files] for name, files in content["outputs"].items()},
            "run": run and Run.of(run),
            "work": Path(content["work"]),
            **{name: content[name] and Path(content[name]) for name in ("cost", "timing", "stamp")},
        }
        return cls(**content, arguments=arguments)

    @classmethod
    def of_job(cls, given: "JobFile") -> "JobFile":
        """Return the job itself."""
        return given

    @cached_property
    def device(self) -> torch.device:
        """Where to compute."""
        return prepare(self.compute)

    @property
    def of_run(self) -> Run:
        """The run that the job is about; ValueError where it is about none."""
        if self.run is None:
            raise ValueError(f"{self.rule} of {self.name} is about no run")
        return self.run

    @property
    def seeds(self) -> list[int]:
        """Those seeds of the run that the job is about."""
        return list(self.derived.get("seeds", self.of_run.seeds))

    @property
    def builders(self) -> tuple[str, ...]:
        """The functions of the user's that may build the run's networks."""
        described = self.setting("networks", self.of_run.network)
        return tuple(described[key] for key in ("builder", "model") if key in described)

    @property
    def made_from(self) -> dict[str, Any]:
        """The origin of a file of results, as the file states it."""
        seeds = {"seeds": self.seeds} if self.run else {}
        return {**self.settings, **self.derived, **seeds}

    def section(self, model: type[AnySection], *path: str) -> AnySection:
        """Return the settings below a key (parts of its path); others than the declared ones cannot be read."""
        return model.of_declared(self.setting(*path))

    def setting(self, *path: str) -> Any:
        """Return the setting of a key (parts of its path); KeyError names one that is not declared for the job."""
        value: Any = self.settings
        for part in path:
            if part not in value:
                raise KeyError(f"{self.rule} reads {'.'.join(path)}, but the table of rules does not declare it")
            value = value[part]
        return value

    def files(self, source: str, name: str) -> list[Path]:
        """Return the files of this name that a source has."""
        return [Path(entry[name]) for entry in self.inputs[source] if name in entry]

    def file(self, source: str, name: str = "") -> Path:
        """Return the only file of a source, or that of this name; ValueError where there is not one."""
        (file,) = self.files(source, name or source)
        return file

    def output(self, name: str) -> Path:
        """Return the only file that is to be written under this name; ValueError where there is not one."""
        (file,) = self.outputs[name]
        return file
