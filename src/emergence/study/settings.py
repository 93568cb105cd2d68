"""Which parameters reach a job: those that the table of rules declares, and no others."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emergence.core.runs import Run
from emergence.study.rules import Rule, Subject

if TYPE_CHECKING:
    from emergence.study.plan import Plan


def chosen(rule: Rule, plan: "Plan", subject: Subject) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings of a job, nested as in ``params.yaml``: those in its key, and those on which nothing depends.

    What has no entry, such as that of a data set which needs none, is left out.
    """
    keyed: dict[str, Any] = {}
    unkeyed: dict[str, Any] = {}
    for setting in rule.declared:
        if setting.when(plan, subject):
            path = _path(setting.key, subject)
            found = _value(plan.values_of(subject), path)
            if setting.only:
                found = {name: found[name] for name in setting.only(plan, subject)}
            if found is not None:
                beside = [name for name in setting.unkeyed(plan, subject) if name in found]
                _put(keyed, path, _without(found, (*setting.without, *beside)))
                for name in beside:
                    _put(unkeyed, [*path, name], found[name])
    return keyed, unkeyed


def _path(key: str, subject: Subject) -> list[str]:
    """The parts of a dotted key, with names of the user's filled in: these may have dots themselves."""
    names = {"{dataset}": subject, "{network}": ""}
    if isinstance(subject, Run):
        names = {"{dataset}": subject.dataset, "{network}": subject.network}
    return [str(names.get(part, part)) for part in key.split(".")]


def _value(values: Any, path: list[str]) -> Any:
    for part in path:
        if part not in values:
            return None
        values = values[part]
    return values


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a nested entry; mappings that are there already keep what they have."""
    *sections, last = path
    for part in sections:
        target = target.setdefault(part, {})
    if isinstance(value, Mapping):
        for name, entry in value.items():
            _put(target.setdefault(last, {}), [name], entry)
        target.setdefault(last, {})
    else:
        target[last] = value


def _without(value: Any, keys: tuple[str, ...]) -> Any:
    """Return a value without the entries of some dotted keys below it."""
    if not keys:
        return value
    return {
        name: _without(entry, tuple(key.removeprefix(f"{name}.") for key in keys if key.startswith(f"{name}.")))
        for name, entry in value.items()
        if name not in keys
    }
