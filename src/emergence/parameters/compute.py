"""Section ``compute``: where jobs run; changes recompute nothing."""

from typing import Annotated, Literal

from pydantic import Field

from emergence.parameters.base import Section


class Compute(Section):
    """Hardware."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes a GPU where one is at hand."""

    deterministic: bool = True
    """Only algorithms that give the same bits every time; one without such a form is refused with its name."""

    seeds_at_once: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Seeds whose tensors are stacked and trained as one; auto: as many as pay on the device and fit."""
