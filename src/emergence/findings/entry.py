"""What is kept of a finished study: the part of its results that the page of findings needs, in small files."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from emergence.core.files import write_json, write_text
from emergence.parameters.base import Section, dotted
from emergence.parameters.yaml_files import load_yaml
from emergence.statistics.estimate import Direction
from emergence.statistics.rules import read_rules
from emergence.statistics.shares import Shares
from emergence.statistics.verdict import Verdict, judge_claim, judge_quantity

FOLDER = Path("docs/findings")
"""Where entries lie, each in a folder with the name of its study."""

CLAIMS, CHOICES, STUDY, PARAMETERS = "claims.json", "choices.json", "study.json", "params.yaml"


class Found(Section):
    """An estimate with its interval, and the verdict on it."""

    estimate: float | None
    interval_low: float | None
    interval_high: float | None
    verdict: Verdict


class Quantity(Found):
    """A quantity of a claim, over all its tests and by test (digits/mlp, digits/mlp/global_magnitude~0.5/rewind)."""

    role: Literal["decides", "reported"]
    quantity: str
    direction: Direction
    smallest_effect: float
    experiments: dict[str, Found]

    def of(self, experiment: str) -> dict[str, Found]:
        """Return the tests of one experiment."""
        return {name: test for name, test in self.experiments.items() if "/".join(name.split("/")[:2]) == experiment}


class Claim(Section):
    """A claim as a study judged it, with the quantities that decide it or stand beside these; the headline is first."""

    statement: str
    verdict: Verdict
    reason: str | None
    registration: str
    quantities: dict[str, Quantity]

    @property
    def deciding(self) -> dict[str, Quantity]:
        """The quantities that decide."""
        return {name: found for name, found in self.quantities.items() if found.role == "decides"}


class Accuracy(Section):
    """Mean over seeds of what trained networks reach on test data, with its interval; the loss is in nats."""

    experiment: str
    way: str
    """dense, or the method and sparsity: global_magnitude~0.5."""
    seeds: int
    accuracy: float
    interval_low: float
    interval_high: float
    loss: float


class Answer(Section):
    """How far a study answers what reviewers asked, and what was counted."""

    state: Literal["yes", "partly", "no"]
    hits: int
    of: int


class Study(Section):
    """How a study was made, and how well its networks learnt."""

    command: str
    revision: str
    """The commit of git whose code lay there when the study was added."""
    cpu_hours: float
    networks_trained: int
    seeds: int
    confidence: float
    networks: dict[str, str]
    """The networks by name, in words."""
    training: str
    versions: dict[str, str]
    accuracies: list[Accuracy]
    answers: dict[str, Answer]
    """By the name of the request (R1)."""


class Entry(Section):
    """All that is kept of a study; `parameters` are those that differ from the default ones, to be laid over these."""

    name: str
    claims: dict[str, Claim]
    choices: dict[str, Shares]
    study: Study
    parameters: dict[str, Any]

    @cached_property
    def experiments(self) -> list[str]:
        """The experiments of the study (digits/mlp)."""
        return list(dict.fromkeys(accuracy.experiment for accuracy in self.study.accuracies))

    def verdict(self, name: str, experiment: str) -> Verdict:
        """Return the verdict on a claim from the tests of one experiment, by the rules for all claims."""
        found = {key: quantity.of(experiment) for key, quantity in self.claims[name].deciding.items()}
        return decide(name, {key: [test.verdict for test in tests.values()] for key, tests in found.items()})


def decide(claim: str, verdicts: Mapping[str, list[Verdict]]) -> Verdict:
    """Return the verdict on a claim from those of the tests of each quantity that decides it.

    >>> decide("C5", {"near_zero": ["contradicted"], "fall": ["inconclusive", "contradicted"]})
    'contradicted'
    """
    rules = read_rules()
    together = {name: judge_quantity(found, rules.general.more_than) for name, found in verdicts.items()}
    supposed = {name: rule.supposes for name, rule in rules.claims[claim].quantities.items() if rule.supposes}
    return judge_claim(together, {name: other for name, other in supposed.items() if name in together})


def write(entry: Entry, root: Path) -> list[Path]:
    """Write the files of an entry below `root`, and return their paths there."""
    values, folder = entry.model_dump(mode="json"), FOLDER / entry.name
    choices = {name: found._asdict() for name, found in entry.choices.items()}
    files = {CLAIMS: values["claims"], CHOICES: choices, STUDY: values["study"]}
    for file, content in files.items():
        write_json(root / folder / file, content)
    text = yaml.safe_dump(values["parameters"], sort_keys=False, allow_unicode=True, width=100)
    write_text(root / folder / PARAMETERS, text)
    return [folder / file for file in (*files, PARAMETERS)]


def read(folder: Path) -> Entry:
    """Read an entry; ValueError names a file that is missing, damaged or of another version of the format."""
    for file in (CLAIMS, CHOICES, STUDY, PARAMETERS):
        if not (folder / file).is_file():
            raise ValueError(f"{folder / file} is missing: emergence findings add {folder.name} writes it")
    return Entry(
        name=folder.name,
        claims=_read(folder / CLAIMS, TypeAdapter(dict[str, Claim])),
        choices={name: Shares(**found) for name, found in _read(folder / CHOICES, TypeAdapter(dict[str, Any])).items()},
        study=_read(folder / STUDY, TypeAdapter(Study)),
        parameters=dict(load_yaml(folder / PARAMETERS)),
    )


def read_all(folder: Path) -> list[Entry]:
    """Read all entries, `default` first, the others by their names; ValueError where there is none."""
    entries = [read(path) for path in sorted(folder.glob("*/"), key=lambda path: (path.name != "default", path.name))]
    if not entries:
        raise ValueError(f"{folder} holds no findings: emergence findings add STUDY adds those of a finished study")
    return entries


def _read(file: Path, model: TypeAdapter[Any]) -> Any:
    try:
        return model.validate_python(json.loads(file.read_text(encoding="utf-8")))
    except (ValidationError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{file} is damaged or of another version of the format ({_first(error)}): add the study anew"
        ) from None


def _first(error: ValidationError | json.JSONDecodeError) -> str:
    """Say what is wrong first."""
    if isinstance(error, json.JSONDecodeError):
        return str(error)
    found = error.errors()[0]
    return f"{dotted(found['loc'])}: {found['msg']}"
