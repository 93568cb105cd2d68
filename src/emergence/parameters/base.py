"""Base of all parameter sections: allowed numbers and names; nothing changes after reading."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, cast, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationInfo, field_validator

Item = TypeVar("Item")

NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"
"""Characters that may stand in paths, commands and pages as they are."""

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"

FUNCTION = rf"{_IDENTIFIER}(\.{_IDENTIFIER})*:{_IDENTIFIER}"

SMALLEST = 1e-6
LARGEST = 1e6
"""Bounds of factors and distances: beyond them, single precision leaves nothing of the rest of a sum."""

MOST_EPOCHS = 1_000_000
"""Bound of what training repeats; a thousand times what is of use."""

MOST_SAMPLES = 10**12

MOST_UNITS = 1_000_000
"""Bound of the sizes of a layer, a sequence or a grid; what two of them need in memory is looked at apart."""


class Section(BaseModel):
    """A section of ``params.yaml``; every field carries its default and a one-line description."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    @classmethod
    def of_declared(cls, values: Mapping[str, Any]) -> Self:
        """Return a section of which some settings are known: those in `values`, which were checked before.

        Whoever reads another one gets an AttributeError that names it, instead of its default.

        >>> class Example(Section):
        ...     size: int = 1
        ...     seed: int = 0
        >>> Example.of_declared({"size": 5}).size
        5
        >>> Example.of_declared({"size": 5}).seed
        Traceback (most recent call last):
        AttributeError: Example.seed is read, but the table of rules does not declare it for this job
        """
        known = {name: _of_declared(cls.model_fields[name].annotation, value) for name, value in values.items()}
        section = cls.model_construct(**known)
        for name in cls.model_fields.keys() - known.keys():
            vars(section).pop(name)
        return cast(Self, section)

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            if name in type(self).model_fields:
                raise AttributeError(
                    f"{type(self).__name__}.{name} is read, but the table of rules does not declare it for this job"
                )
            return super().__getattr__(name)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what YAML reads as true or false (yes, no, on, off) where a number or a text is meant."""
        listed = value if isinstance(value, list) else [value]
        if any(isinstance(entry, bool) for entry in listed):
            annotation = cls.model_fields[str(info.field_name)].annotation
            if annotation is not bool and bool not in get_args(annotation):
                raise ValueError("true and false (also yes, no, on, off) are no numbers or names here")
        return value


def _of_declared(annotation: Any, value: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Section) and isinstance(value, Mapping):
        return annotation.of_declared(value)
    return TypeAdapter[Any](annotation).validate_python(value)


def without_repeats(values: list[Item]) -> list[Item]:
    """Return the list as it is; ValueError names an entry that stands in it twice, numbers compared in six digits.

    >>> without_repeats([0.5, 0.5000000001])
    Traceback (most recent call last):
    ValueError: 0.5000000001 is listed twice (as 0.5: six digits tell numbers apart)
    """
    shown: dict[str, Item] = {}
    for value in values:
        name = f"{value:g}" if isinstance(value, float) else str(value)
        if name in shown:
            alike = "" if value == shown[name] else f" (as {shown[name]!r}: six digits tell numbers apart)"
            raise ValueError(f"{value!r} is listed twice{alike}")
        shown[name] = value
    return values


def in_six_digits(value: float) -> float:
    """Return a number that is part of the names of runs as it is; ValueError where six digits do not write it.

    >>> in_six_digits(0.9999999)
    Traceback (most recent call last):
    ValueError: runs are named by it in six digits; allowed: 1, or a number of at most six digits
    """
    if float(f"{value:g}") != value:
        raise ValueError(f"runs are named by it in six digits; allowed: {value:g}, or a number of at most six digits")
    return value


def dotted(key: Iterable[int | str]) -> str:
    """Write a key as it is shown to users.

    >>> dotted(["pruning", "sparsities", 1])
    'pruning.sparsities[1]'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).removeprefix(".")


def flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return nested values by their dotted keys.

    >>> flat({"study": {"seeds": 3}, "networks": {}})
    {'study.seeds': 3, 'networks': {}}
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{above}{name}"
        found |= flat(value, f"{key}.") if isinstance(value, Mapping) and value else {key: value}
    return found


Name = Annotated[str, Field(pattern=f"^{NAME}$")]
"""A name of the user's: at most 100 letters (a to z), digits, _, - and dots, the first a letter, digit or _."""

Function = Annotated[str, Field(pattern=f"^{FUNCTION}$", max_length=200)]
"""module:function, of the user's own or of a package."""

NameOrFunction = Annotated[str, Field(pattern=f"^({NAME}|{FUNCTION})$", max_length=200)]
"""A file of the project, or module:function."""

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""A seed of random numbers, of 32 bits as all generators take them."""

Epochs = Annotated[int, Field(ge=1, le=MOST_EPOCHS)]

Factor = Annotated[float, Field(ge=SMALLEST, le=LARGEST)]
"""A factor or distance."""

Distinct = Annotated[list[Item], AfterValidator(without_repeats), Field(min_length=1)]
"""A list with at least one entry and no entry twice."""


def overlay(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Write `changes` over `values` in place, mapping by mapping; lists are replaced."""
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(values.get(key), dict):
            overlay(values[key], value)
        else:
            values[key] = value
