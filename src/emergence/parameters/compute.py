"""Section ``compute``: where jobs run; changes recompute nothing."""

from typing import Literal

from emergence.parameters.base import Section


class Compute(Section):
    """Hardware."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes a GPU where one is at hand."""
