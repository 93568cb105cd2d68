"""Reading parameters: all mistakes are told at once, with file, key, value, what is allowed and the nearest name."""

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import Tag, ValidationError
from pydantic_core import ErrorDetails

from emergence.parameters import Parameters
from emergence.parameters.base import Section
from emergence.parameters.networks import CustomNetwork, Transformer
from emergence.parameters.pruning import method_and_step
from emergence.parameters.texts import other_contents
from emergence.plugins import available, unknown
from emergence.raw_files import RawFiles
from emergence.study.layout import RAW_DATA
from emergence.training.step import Step


class ParametersError(ValueError):
    """Parameters that no study can be made from; the message has one line per mistake."""


def read(*files: Path) -> Parameters:
    """Read parameters from YAML files; values of later files replace those of earlier ones, key by key."""
    values: dict[str, Any] = {}
    for file in files:
        overlay(values, load_yaml(file))
    return check(values, files)


def check(values: Mapping[str, Any], files: Sequence[Path] = ()) -> Parameters:
    """Turn plain values into parameters; `files` are those that the values came from, for the messages.

    Raises ParametersError.

    >>> check({"pruning": {"sparsities": [1.5]}})
    Traceback (most recent call last):
    emergence.parameters.reading.ParametersError: parameters: pruning.sparsities[0] = 1.5: input should be less than 1
    """
    try:
        parameters = Parameters.model_validate(values)
    except ValidationError as error:
        mistakes = [_explain(details) for details in error.errors()]
    else:
        checks = (
            _unknown_names,
            _unsaved_steps,
            _unfit_networks,
            _impossible_variations,
            _repeated_data_sets,
            _mistaken_texts,
            _impossible_languages,
        )
        mistakes = [mistake for check_all in checks for mistake in check_all(parameters)]
    if mistakes:
        raise ParametersError("\n".join(f"{_source(key, files)}: {_dotted(key)}{text}" for key, text in mistakes))
    return parameters


def overlay(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Write `changes` over `values` in place, mapping by mapping; lists are replaced."""
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(values.get(key), dict):
            overlay(values[key], value)
        else:
            values[key] = value


def load_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping; ParametersError names the file otherwise."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ParametersError(f"{file}: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ParametersError(f"{file}: should hold sections with keys, but holds {content!r}")
    return content


Key = tuple[int | str, ...]


def _explain(details: ErrorDetails) -> tuple[Key, str]:
    key, section = _resolve(details["loc"])
    message, value = details["msg"].removeprefix("Value error, "), details["input"]
    if details["type"] == "extra_forbidden":
        return key, ": " + unknown(str(key[-1]), list(section.model_fields), "key")
    if details["type"] == "union_tag_invalid":
        kinds = [kind for kind in str(details["ctx"]["expected_tags"]).replace("'", "").split(", ") if kind != "custom"]
        return (*key, "builder"), ": " + unknown(str(value.get("builder")), kinds, "kind of network") + (
            "; or write module:function"
        )
    if details["type"] == "literal_error":
        allowed = str(details["ctx"]["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        return key, ": " + unknown(str(value), allowed, "value")
    shown = "" if isinstance(value, dict | Section) else f" = {value!r}"
    return key, f"{shown}: {message[0].lower()}{message[1:]}" if key else message


def _resolve(location: Key) -> tuple[Key, type[Section]]:
    """Follow pydantic's location to the key in the file (which has no union tags) and the section it lies in."""
    key: list[int | str] = []
    section: type[Section] = Parameters
    kind: Any = Parameters
    for part in location:
        tagged = [option for option in _options(kind) if _tag(option) == part]
        if tagged:
            kind = _plain(tagged[0])
        else:
            key.append(part)
            kind = _member(kind, part)
        if isinstance(kind, type) and issubclass(kind, Section):
            section = kind
    return tuple(key), section


def _member(kind: Any, part: int | str) -> Any:
    if isinstance(kind, type) and issubclass(kind, Section):
        field = kind.model_fields.get(str(part))
        return field.annotation if field else None
    return get_args(_plain(kind))[-1] if get_args(_plain(kind)) else None


def _plain(kind: Any) -> Any:
    return _plain(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(_plain(kind)) if get_origin(_plain(kind)) in (Union, UnionType) else ()


def _tag(option: Any) -> str | None:
    return next((extra.tag for extra in get_args(option)[1:] if isinstance(extra, Tag)), None)


def _unknown_names(parameters: Parameters) -> Iterable[tuple[Key, str]]:
    """Find names that stand for nothing: data sets, networks, methods, measures, modules of the user's own."""
    data = parameters.data
    datasets = [*available("datasets"), *data.texts, *data.parities, *data.languages, *data.custom]
    for position, (dataset, network) in enumerate(parameters.study.pairs):
        if dataset not in datasets:
            yield ("study", "experiments", position), ": " + unknown(dataset, datasets, "data set")
        if network not in parameters.networks:
            yield ("study", "experiments", position), ": " + unknown(network, list(parameters.networks), "network")
    for name, loader in parameters.data.custom.items():
        yield from _unknown_plugin(("data", "custom", name), loader, [])
    for name, described in parameters.networks.items():
        if ":" in described.builder:
            yield from _unknown_plugin(("networks", name, "builder"), described.builder, [])
    for method in parameters.pruning.methods:
        name, _ = method_and_step(method)
        yield from _unknown_plugin(("pruning", "methods"), name, available("pruning"))
    for measure in parameters.measures.names:
        yield from _unknown_plugin(("measures", "names"), measure, available("measures"))


def _unsaved_steps(parameters: Parameters) -> Iterable[tuple[Key, str]]:
    """Find pruning methods that are to score weights of a step at which none are saved."""
    for position, method in enumerate(parameters.pruning.methods):
        step = method_and_step(method)[1]
        if step and step != "last" and not parameters.training.saves(Step.parse(step)):
            allowed = f"{parameters.training.saved_steps}, last"
            yield (
                ("pruning", "methods", position),
                f" = {method!r}: training saves no weights at {step} (training.checkpoints); allowed: {allowed}",
            )


def _unfit_networks(parameters: Parameters) -> Iterable[tuple[Key, str]]:
    """Find built-in networks that cannot read their data set: only the transformer reads words, and nothing else."""
    sequences = [*parameters.data.texts, *parameters.data.languages]
    for position, (dataset, network) in enumerate(parameters.study.pairs):
        described = parameters.networks.get(network)
        if described is None or isinstance(described, CustomNetwork):
            continue
        key, reads_text = ("study", "experiments", position), isinstance(described, Transformer)
        if dataset in sequences and not reads_text:
            allowed = "a network of kind transformer, or a builder module:function"
            yield key, f": '{dataset}' is text, which '{network}' ({described.builder}) cannot read; allowed: {allowed}"
        if dataset in [*available("datasets"), *parameters.data.parities] and reads_text:
            texts = ", ".join(sequences) or "none is given"
            yield (
                key,
                f": '{network}' (transformer) reads text, not '{dataset}'; "
                f"allowed: names in data.texts and data.languages ({texts})",
            )


def _impossible_variations(parameters: Parameters) -> Iterable[tuple[Key, str]]:
    """Find networks to vary that there are not, and widths and depths that a network cannot have."""
    section = parameters.variations
    changes: list[tuple[str, int, dict[str, Any]]] = [
        *(("widths", position, {"width": width}) for position, width in enumerate(section.widths)),
        *(("depths", position, {"depth": depth}) for position, depth in enumerate(section.depths)),
    ]
    for place, network in enumerate(section.networks):
        if network not in parameters.networks:
            yield ("variations", "networks", place), ": " + unknown(network, list(parameters.networks), "network")
            continue
        for key, position, change in changes:
            try:
                parameters.networks[network].resized(**change)
            except ValueError as error:
                yield (
                    ("variations", key, position),
                    f" = {getattr(section, key)[position]:g}: '{network}' cannot be varied so: {error}; "
                    f"leave this out, or '{network}' of variations.networks",
                )


def _repeated_data_sets(parameters: Parameters) -> Iterable[tuple[Key, str]]:
    """Find texts, parities and languages that are named as other data sets."""
    section = parameters.data
    named: list[str] = [*available("datasets"), *section.custom]
    for kind, entries in (
        ("texts", section.texts),
        ("parities", section.parities),
        ("languages", section.languages),
    ):
        for name in entries:
            if name in named:
                yield ("data", kind, name), ": another data set has this name"
        named += entries


def _mistaken_texts(parameters: Parameters) -> Iterable[tuple[Key, str]]:
    """Find texts whose file is another than their checksum says."""
    for name, mistake in other_contents(parameters.data.texts, RawFiles.below(Path(RAW_DATA))):
        yield ("data", "texts", name, "sha256"), f": {mistake}"


def _impossible_languages(parameters: Parameters) -> Iterable[tuple[Key, str]]:
    """Find formal languages in which an entity has no property."""
    if not parameters.data.languages:
        return
    from emergence.testbeds.language.described import language_of  # with all of scipy, for these studies alone

    for name, described in parameters.data.languages.items():
        try:
            language_of(described)
        except ValueError as error:
            yield ("data", "languages", name, "density"), f" = {described.density:g}: {error}"


def _unknown_plugin(key: Key, name: str, known: list[str]) -> Iterable[tuple[Key, str]]:
    if ":" not in name:
        if name not in known:
            yield key, ": " + unknown(name, known, "name") + "; or write module:function"
        return
    module = name.split(":")[0]
    try:
        found = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        found = False
    if not found:
        yield key, f" = {name!r}: no module '{module}' beside the Snakefile or among the installed packages"


def _source(key: Key, files: Sequence[Path]) -> str:
    """Name the last file that holds the key."""
    for file in reversed(files):
        value: Any = load_yaml(file)
        for part in key:
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif not (isinstance(value, list) and isinstance(part, int) and part < len(value)):
                break
        else:
            return str(file)
    return ", ".join(map(str, files)) or "parameters"


def _dotted(key: Key) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")
