"""Training position: epoch plus iterations."""

import re
from collections.abc import Sequence
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


def step_before(step: Step, steps: Sequence[Step]) -> Step | None:
    """Return the step since which change is read, among the ordered steps of a run; None for the first of them.

    Whole epochs are compared with the whole epoch before, so that all of them have changed for as long, steps within an
    epoch with the step before. A whole epoch with none before it is compared with the start of the run.

    >>> steps = [Step(0), Step(0, 1), Step(0, 5), Step(1), Step(2)]
    >>> [str(step_before(step, steps)) for step in steps]
    ['None', 'ep0', 'ep0it1', 'ep0', 'ep1']
    """
    earlier = [other for other in steps if other < step]
    if step.iteration == 0:
        earlier = [other for other in earlier if other.iteration == 0] or earlier[:1]
    return earlier[-1] if earlier else None
