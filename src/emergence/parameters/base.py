"""What all parameter sections share: unknown keys are refused and values cannot change after reading."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class Section(BaseModel):
    """A section of ``params.yaml``; every field carries its default and a one-line description."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, use_attribute_docstrings=True)


def without_repeats(values: list[Item]) -> list[Item]:
    """Return the list as it is; ValueError names an entry that stands in it twice."""
    repeated = [value for position, value in enumerate(values) if value in values[:position]]
    if repeated:
        raise ValueError(f"{repeated[0]!r} is listed twice")
    return values


Distinct = Annotated[list[Item], AfterValidator(without_repeats), Field(min_length=1)]
"""A list with at least one entry and no entry twice."""
