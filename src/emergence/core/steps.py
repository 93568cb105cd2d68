"""Training position: epoch plus iterations."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Step:
    """A point in training: whole epochs plus updates beyond them; steps of one run are ordered by time.

    Its text, used in file names and labels, is ``ep12`` after twelve epochs and ``ep0it35`` after 35 updates.

    >>> str(Step(12)), str(Step(0, 35)), Step.parse("ep0it35")
    ('ep12', 'ep0it35', Step(epoch=0, iteration=35))
    >>> Step(0, 35) < Step(1)
    True
    """

    epoch: int
    iteration: int = 0

    def __post_init__(self) -> None:
        if self.epoch < 0 or self.iteration < 0:
            raise ValueError(f"a step is counted from 0, got epoch {self.epoch}, iteration {self.iteration}")

    def __str__(self) -> str:
        return f"ep{self.epoch}" + (f"it{self.iteration}" if self.iteration else "")

    @classmethod
    def parse(cls, text: str) -> "Step":
        """Read the text form; anything else raises ValueError."""
        found = re.fullmatch(r"ep(\d+)(?:it([1-9]\d*))?", text, flags=re.ASCII)
        if not found:
            raise ValueError(f"'{text}' is no step; write ep12 or ep0it35")
        return cls(int(found[1]), int(found[2] or 0))

    @classmethod
    def after(cls, updates: int, iterations_per_epoch: int) -> "Step":
        """Return the step reached after a number of updates since the start."""
        return cls(*divmod(updates, iterations_per_epoch))

    def updates(self, iterations_per_epoch: int) -> int:
        """Return the number of updates from the start up to this step."""
        return self.epoch * iterations_per_epoch + self.iteration
