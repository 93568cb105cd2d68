"""What all parameter sections share: unknown keys are refused and values cannot change after reading."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of ``params.yaml``; every field carries its default and a one-line description."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
