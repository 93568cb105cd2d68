"""Section ``compute``: where jobs run; changes recompute nothing."""

import os
from typing import Annotated, Literal

from pydantic import Field

from emergence.core.seeds import SPACE
from emergence.parameters.base import LARGEST, Section


class Compute(Section):
    """Hardware."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes a GPU where one is at hand."""

    deterministic: bool = True
    """Use only algorithms that give the same bits every time; an operation without one is refused by name."""

    memory: Annotated[float, Field(gt=0, le=LARGEST)] | Literal["auto"] = "auto"
    """GB that one job may use; a study that needs more is refused. auto: the memory of the machine that plans."""

    seeds_at_once: Annotated[int, Field(ge=1, le=SPACE)] | Literal["auto"] = "auto"
    """Seeds trained as one stack of tensors; auto: as many as are fastest on the device and fit."""

    @property
    def bytes(self) -> int:
        """The memory that one job may take, in bytes."""
        if self.memory == "auto":
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return round(self.memory * 1e9)
