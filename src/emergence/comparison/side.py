"""One of two studies that are compared, read from the folder of its results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from emergence.core.files import checksum
from emergence.core.storage import read_dataset
from emergence.drawing.catalogue import catalogue, entry_of
from emergence.parameters import Parameters
from emergence.parameters.base import dotted, overlay
from emergence.parameters.reading import check, load_yaml
from emergence.report.pictures import Picture, read_pictures
from emergence.report.versions import versions_in
from emergence.statistics.entries import CLAIMS_FILE, EXPLORATORY
from emergence.statistics.shares import Shares, shares
from emergence.study.partial import FINISHED
from emergence.study.plan import Plan
from emergence.study.registration import DECIDING

CLAIMS, PARAMETERS, ROBUSTNESS, FIGURES, REPORT, STAMPS = FILES = (
    "claims.json",
    "params.yaml",
    "statistics/robustness.nc",
    "figures/png",
    "report.html",
    "stamps/statistics",
)
"""What is read of a study, below its folder; the first two must be there."""


@dataclass(frozen=True)
class Side:
    """A study as it is compared.

    `name` is what it was called by, `parameters` are its parameters as plain values, `confidence` is that of its
    intervals, `claims` the content of its ``claims.json``, `choices` the shares of each claim, `pictures` its figures
    by name, `unknown` the files of figures that this version has no entry for, `versions` those of the packages that
    made it, as its report states them. `code` says how it stands to the code in the working folder, and `partial` how
    much of the study there is; it is empty where that is all.
    """

    name: str
    parameters: Mapping[str, Any]
    confidence: float
    claims: Mapping[str, Any]
    choices: Mapping[str, Shares]
    pictures: Mapping[str, Picture]
    unknown: tuple[str, ...]
    versions: Mapping[str, str]
    code: str
    partial: str

    @property
    def notes(self) -> list[str]:
        """What has to be known of the verdicts, in sentences."""
        registrations = {claim["registration"] for claim in self.claims.values()} - {EXPLORATORY}
        registered = [f"The study is {registration}." for registration in registrations]
        return [self.code, *registered, *([self.partial] if self.partial else [])]


def read_side(name: str, folder: Path) -> Side:
    """Read a study; ValueError or OSError names a file that is missing, damaged or of another version of the format."""
    claims = _read_claims(folder / CLAIMS)
    given = load_yaml(folder / PARAMETERS)
    parameters = _completed(given, folder / PARAMETERS)
    pictures, unknown = _read_pictures(folder / FIGURES, parameters)
    report = folder / REPORT
    code, partial = _standing(folder, given)
    return Side(
        name=name,
        parameters=given,
        confidence=parameters["statistics"]["confidence"],
        claims=claims,
        choices=_read_choices(folder / ROBUSTNESS),
        pictures=pictures,
        unknown=unknown,
        versions=versions_in(report.read_text(encoding="utf-8")) if report.is_file() else {},
        code=code,
        partial=partial,
    )


def _completed(given: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Add the parameters that another version did not have, as they are by default."""
    parameters = Parameters().model_dump(mode="json")
    for section in parameters:
        if not isinstance(given.get(section, {}), Mapping):
            raise ValueError(f"{file}: {section} = {given[section]!r}: should hold keys")
    overlay(parameters, given)
    return parameters


def _read_claims(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise ValueError(f"{file} is missing; allowed: the folder of a study that was concluded")
    try:
        claims = CLAIMS_FILE.validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = dotted(first["loc"]) or "the whole"
        raise ValueError(
            f"{file} is damaged or of another version of the format ({where}: {first['msg']}): make the study anew"
        ) from None
    return {name: claim.model_dump() for name, claim in claims.items()}


def _read_choices(file: Path) -> dict[str, Shares]:
    try:
        return shares(read_dataset(file)) if file.is_file() else {}
    except KeyError as error:
        raise ValueError(f"{file} is of another version of the format (no {error}): make the study anew") from None


def _read_pictures(folder: Path, parameters: Mapping[str, Any]) -> tuple[dict[str, Picture], tuple[str, ...]]:
    """Read the figures that this version has an entry for; return the names of the others too."""
    own = [name for name in parameters["figures"]["own"] if _has_entry(name)]
    settings = {**parameters, "figures": {**parameters["figures"], "own": own}}
    files = {file.stem: file for file in sorted(folder.glob("*.png"))}
    known = [file for name, file in files.items() if name in catalogue(own)]
    pictures = {picture.name: picture for picture in read_pictures(known, settings)}
    return pictures, tuple(name for name in files if name not in pictures)


def _has_entry(own: str) -> bool:
    try:
        entry_of(own.partition(":")[0])
    except ValueError:
        return False
    return True


def _standing(folder: Path, given: Mapping[str, Any]) -> tuple[str, str]:
    """Say whether the code in the working folder makes the claims of a study, and how much of the study there is."""
    content = checksum(folder / CLAIMS)
    stamps = [stamp for stamp in (folder / STAMPS).glob("claims.*") if content in stamp.read_text(errors="replace")]
    finished = folder / "../../.." / FINISHED
    try:
        runs = json.loads(finished.read_bytes()) if finished.is_file() else None
        plan = Plan(check(given), Path(), runs)
    except OSError:
        return "Whether its claims are what the code makes is unknown: no workflow lies in this folder.", ""
    except ValueError as error:
        return f"Its claims cannot be made by the code here: {str(error).splitlines()[0]}.", ""
    (job,) = plan.of_rule(DECIDING)
    if any(stamp.suffix == f".{job.key}" for stamp in stamps):
        return "Its claims are what the code here makes of its parameters.", plan.unfinished
    return "Its claims were made by other code, or from other data, than lie here.", plan.unfinished
