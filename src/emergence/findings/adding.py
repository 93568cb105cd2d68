"""Making the entry of a finished study from its results and from what its report was told."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import xarray as xr
from pydantic import BaseModel

from emergence.core import stamps
from emergence.core.storage import read_dataset
from emergence.drawing.inputs import read_conclusions
from emergence.findings.entry import FOLDER, PARAMETERS, Accuracy, Answer, Claim, Entry, Found, Quantity, Study
from emergence.jobs.job_file import JobFile
from emergence.parameters import Parameters
from emergence.parameters.base import overlay
from emergence.parameters.presets import presets
from emergence.parameters.reading import check
from emergence.parameters.yaml_files import load_yaml
from emergence.report import texts
from emergence.report.evidence import Evidence
from emergence.report.pictures import read_pictures
from emergence.report.records import Record, noted, read_records
from emergence.report.requests import answer
from emergence.report.versions import versions_in
from emergence.report.wording import settings
from emergence.statistics.entries import CLAIMS_FILE, ClaimEntry
from emergence.statistics.estimate import mean_interval
from emergence.statistics.rules import read_rules
from emergence.statistics.shares import shares
from emergence.statistics.study import runs_of
from emergence.study import layout
from emergence.study.register import commit_of
from emergence.study.table import REPORT

SHOWN = ("Python", "nn-emergence", "numpy", "scipy", "torch")
"""Software whose versions are kept."""

DIGITS = 6
"""Significant digits of numbers that are kept."""


def entry_of(study: str) -> Entry:
    """Make the entry of a study in the working folder; ValueError where its report was not made there."""
    report, key = report_of(study)
    told = Path(layout.job_file(REPORT.name, key))
    if not told.is_file():
        raise ValueError(f"{told} is missing: study '{study}' was not made in this folder")
    given = JobFile.read(told)
    if given.derived.get("unfinished"):
        raise ValueError(f"study '{study}' is not finished: {given.derived['unfinished']}")
    parameters = Parameters.model_validate(given.settings)
    records, data = read_records(given.records), read_dataset(given.file("study"))
    found = Evidence(
        {name: claim.model_dump() for name, claim in read_claims(given.file("claims")).items()},
        parameters,
        read_pictures(given.files("figures", "png"), parameters.model_dump(mode="json")),
        records,
        read_conclusions(given.inputs),
        data,
        given.derived.get("registration", {}),
    )
    return make_entry(found, data, versions_in(report.read_text(encoding="utf-8")), commit_of(Path()) or "unknown")


def make_entry(found: Evidence, data: xr.Dataset, versions: Mapping[str, str], revision: str) -> Entry:
    """Make an entry of what a study found; `data` are its joined runs."""
    parameters = found.parameters
    changed = _changed(Parameters().model_dump(mode="json"), parameters.model_dump(mode="json", exclude={"compute"}))
    answers = {name: answer(request, found) for name, request in texts.requests().items()}
    used = [network for _, network in parameters.study.pairs]
    study = Study(
        command=command_of(parameters),
        revision=revision,
        cpu_hours=_rounded(sum(_cpu_seconds(record) for record in found.records) / 3600),
        networks_trained=int(data["test_accuracy"].isel(step=-1).notnull().sum()),
        seeds=parameters.study.seeds,
        confidence=parameters.statistics.confidence,
        networks={name: settings(parameters.networks[name]) for name in dict.fromkeys(used)},
        training=training_in_words(parameters),
        versions={name: versions[name] for name in SHOWN if name in versions},
        accuracies=list(accuracies(data, parameters)),
        answers={
            name: Answer(state=found.state, hits=found.counted.hits, of=found.counted.of)
            for name, found in answers.items()
        },
    )
    return Entry(
        name=parameters.study.name,
        claims={name: _claim(name, ClaimEntry.model_validate(claim)) for name, claim in found.claims.items()},
        choices=shares(found.conclusions["robustness"]),
        study=study,
        parameters=changed,
    )


def read_claims(file: Path) -> dict[str, ClaimEntry]:
    """Read a study's claims.json."""
    return CLAIMS_FILE.validate_json(file.read_bytes())


def command_of(parameters: Parameters) -> str:
    """Return the command that makes a study: of the default one, of a preset, or else with the parameters kept of it.

    >>> command_of(Parameters())
    'emergence run'
    """
    if parameters.model_dump(exclude={"compute"}) == Parameters().model_dump(exclude={"compute"}):
        return "emergence run"
    name = parameters.study.name
    if name in presets():
        values = Parameters().model_dump(mode="json")
        overlay(values, load_yaml(presets()[name]))
        if check(values).model_dump(exclude={"compute"}) == parameters.model_dump(exclude={"compute"}):
            return f"emergence run {name}"
    return f"emergence run {FOLDER / name / PARAMETERS}"


def training_in_words(parameters: Parameters) -> str:
    """Say how networks train.

    >>> training_in_words(Parameters())
    '20 epochs, batches of 64, sgd, learning rate 0.05, constant schedule'
    """
    training, rates = parameters.training, parameters.tuning.learning_rates
    rate = (
        f"learning rate chosen among {', '.join(f'{rate:g}' for rate in rates)}"
        if rates
        else f"learning rate {training.optimizer.learning_rate:g}"
    )
    parts = [f"{training.epochs} epochs", f"batches of {training.batch_size}", training.optimizer.name, rate]
    return ", ".join([*parts, f"{training.schedule.name} schedule"])


def accuracies(data: xr.Dataset, parameters: Parameters) -> Iterator[Accuracy]:
    """Yield what networks reach that did not diverge: dense ones, and those pruned by the first method."""
    method, first = parameters.pruning.methods[0], parameters.pruning.retraining[0]
    for run, values in runs_of(data).items():
        if run.is_reference or (run.method == method and run.mask == 1):
            last = values.isel(step=-1)
            kept = last.isel(seed=last["test_accuracy"].notnull().values)
            if kept.sizes["seed"] > 1:
                mean, low, high = mean_interval(kept["test_accuracy"].values, parameters.statistics.confidence)
                pruned = f"{run.method}~{run.sparsity:g}"
                again = "" if run.retraining in (first, "none") else f"/{run.retraining}"
                yield Accuracy(
                    experiment=run.experiment.name,
                    way="dense" if run.is_reference else f"{pruned}{again}",
                    seeds=kept.sizes["seed"],
                    accuracy=_rounded(mean),
                    interval_low=_rounded(max(low, 0)),
                    interval_high=_rounded(min(high, 1)),
                    loss=_rounded(float(kept["test_loss"].mean())),
                )


def report_of(study: str) -> tuple[Path, str]:
    """Return the report of a study and its key; ValueError where it is not there as it was made."""
    folder = Path(layout.STUDY_FOLDER.format(study=study))
    for stamp in folder.glob("stamps/report/*"):
        if stamps.holds(stamp, Path()):
            return folder / REPORT.files["report"], stamp.suffix[1:]
    raise ValueError(f"study '{study}' has no report, or not as it was made: emergence run {study} makes it")


def _claim(name: str, claim: ClaimEntry) -> Claim:
    rules = read_rules().claims[name].quantities
    headline = next(iter(rules))
    found = {headline: claim, **claim.further}
    kept = {
        key: rule for key, rule in rules.items() if rule.role == "decides" or key in read_rules().claims[name].beside
    }
    return Claim(
        statement=claim.statement,
        verdict=claim.verdict,
        reason=claim.reason,
        registration=claim.registration,
        quantities={
            key: Quantity(
                role=rule.role,
                quantity=found[key].quantity,
                direction=found[key].direction,
                smallest_effect=found[key].smallest_effect,
                experiments={test: Found(**_found(entry)) for test, entry in found[key].experiments.items()},
                **_found(found[key]),
            )
            for key, rule in kept.items()
        },
    )


def _found(entry: BaseModel) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in Found.model_fields}
    return {name: _rounded(value) if isinstance(value, float) else value for name, value in values.items()}


def _cpu_seconds(record: Record) -> float:
    """Return the processor time that a job noted, or else how long it took."""
    found = noted(Path(record.timing))
    return found.get("cpu_time", found.get("s", 0.0))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _changed(default: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested values that are not the default ones."""
    changed: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and isinstance(default.get(name), Mapping):
            if inner := _changed(default[name], value):
                changed[name] = inner
        elif name not in default or value != default[name]:
            changed[name] = value
    return changed
