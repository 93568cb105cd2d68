"""Registrations: what a study computes and what decides its claims, written down before it is made."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xarray as xr
import yaml
from pydantic import ValidationError

from emergence.core.files import checksum
from emergence.parameters import Parameters
from emergence.parameters.base import Section, flat
from emergence.parameters.yaml_files import load_yaml
from emergence.study.table import RULES

FOLDER = Path("registrations")
DECIDING = "judge_claims"
"""The script whose code decides the claims."""

RULES_FILE = Path("src/emergence/statistics/rules.yaml")
WITHOUT_EFFECT = ("compute", "figures")
"""Sections that change no number."""


class Split(Section):
    """A data set and the seed of its split."""

    dataset: str
    split_seed: int

    def __str__(self) -> str:
        return f"{self.dataset} (split seed {self.split_seed})"


class Registration(Section):
    """The content of a file in registrations/."""

    date: str
    commit: str | None
    """Commit of git that the code was at, where there is one."""
    rules: str
    """SHA-256 of rules.yaml."""
    code: str
    """Digest of the code that decides, see `emergence.study.code`."""
    parameters: dict[str, Any]
    """All but those of `WITHOUT_EFFECT`."""
    looked_at: list[Split]
    """Data sets of which there were results before, with the seeds of their splits."""


def file_of(name: str, root: Path) -> Path:
    """Return the file of a registration."""
    return root / FOLDER / f"{name}.yaml"


def register(parameters: Parameters, root: Path, code: str, date: str, commit: str | None) -> Registration:
    """Return the registration of a study, in a workspace `root` with what has been looked at there before."""
    return Registration(
        date=date,
        commit=commit,
        rules=checksum(root / RULES_FILE),
        code=code,
        parameters=_registered(parameters),
        looked_at=looked_at(root),
    )


def as_yaml(registration: Registration) -> str:
    """Write a registration as its file holds it."""
    return yaml.safe_dump(registration.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)


def read(name: str, root: Path) -> Registration:
    """Read a registration; ValueError says what is wrong with its file."""
    file = file_of(name, root)
    if not file.is_file():
        raise ValueError(
            f"study.registration = {name!r}: there is no {FOLDER / file.name}; before the study is made, "
            "python -m emergence.study.register writes it"
        )
    try:
        return Registration.model_validate(load_yaml(file))
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def standing(parameters: Parameters, root: Path, code: str) -> dict[str, Any]:
    """Return how a study stands to the registration that it names, as plain values; empty where it names none.

    ``differences`` lists what is not as registered (``what``, ``registered``, ``found``), ``looked_at`` the data sets
    and splits of the study of which there were results before; ``statement`` says it in one line. Raises ValueError
    where there is no such registration.
    """
    name = parameters.study.registration
    if not name:
        return {}
    registration, digest = read(name, root), checksum(file_of(name, root))
    now = register(parameters, root, code, registration.date, registration.commit)
    differences = list(_differences(registration, now))
    before = [str(split) for split in splits(parameters) if split in registration.looked_at]
    title = f"the registration {name} of {registration.date} (digest {digest[:12]})"
    return {
        "name": name,
        "date": registration.date,
        "commit": registration.commit,
        "digest": digest,
        "differences": differences,
        "looked_at": before,
        "statement": _statement(title, [difference["what"] for difference in differences], before),
    }


def splits(parameters: Parameters) -> list[Split]:
    """Return the data sets of a study with the seed of their splits."""
    return [Split(dataset=name, split_seed=parameters.data.split_seed) for name in parameters.study.networks_of]


def looked_at(root: Path) -> list[Split]:
    """Return the data sets on which networks were trained in a workspace, or in one that it registered, with splits."""
    found = [split for file in sorted((root / FOLDER).glob("*.yaml")) for split in read(file.stem, root).looked_at]
    for file in sorted((root / RULES["prepare_data"].folder).rglob(RULES["prepare_data"].files["dataset"])):
        name = file.relative_to(root / RULES["prepare_data"].folder).parts[0]
        if (root / RULES["train_networks"].folder / name).is_dir():
            with xr.open_dataset(file) as data:
                made_from = json.loads(data.attrs["parameters"])
            found.append(Split(dataset=name, split_seed=made_from["data"]["split_seed"]))
    return sorted(set(found), key=str)


def _registered(parameters: Parameters) -> dict[str, Any]:
    values = parameters.model_dump(mode="json", exclude=set(WITHOUT_EFFECT))
    for name in ("name", "registration"):
        del values["study"][name]
    return values


def _differences(registered: Registration, now: Registration) -> Iterator[dict[str, str]]:
    before, after = ({"rules": r.rules, "code that decides": r.code, **flat(r.parameters)} for r in (registered, now))
    for what in dict.fromkeys([*before, *after]):
        if before.get(what) != after.get(what):
            yield {"what": what, "registered": _shown(before.get(what)), "found": _shown(after.get(what))}


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value[:12] if len(value) == hashlib.sha256().digest_size * 2 else value
    return "nothing" if value is None else json.dumps(value)


def _statement(title: str, differences: list[str], before: list[str]) -> str:
    if differences:
        return f"not confirmatory: departs from {title} in {', '.join(differences)}"
    if before:
        return f"not confirmatory: follows {title}, but results had been seen before of {', '.join(before)}"
    return f"confirmatory: follows {title}, made before results of its data sets and splits had been seen"
