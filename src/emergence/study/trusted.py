"""The record of code changes that leave results as they are: digest of the code -> the digest that it stands for."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from emergence.core.files import write_text
from emergence.parameters.reading import ParametersError, load_yaml

FILE = "workflow/trusted.yaml"
HEADER = "# Code that leaves results as they are: its digest, and that of the code it stands for (docs/currency.md).\n"


class Trust(BaseModel):
    """That code leaves the results of a rule as earlier code made them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stands_for: str
    rule: str
    reason: str


def read(root: Path) -> dict[str, Trust]:
    """Return the record of a project; ParametersError for one that is damaged."""
    if not (root / FILE).exists():
        return {}
    try:
        return TypeAdapter(dict[str, Trust]).validate_python(load_yaml(root / FILE))
    except ValidationError as error:
        raise ParametersError(f"{FILE}: {error}") from error


def write(root: Path, entries: Mapping[str, Trust]) -> None:
    """Replace the record of a project."""
    content = {code: trust.model_dump() for code, trust in entries.items()}
    write_text(root / FILE, HEADER + yaml.safe_dump(content))
