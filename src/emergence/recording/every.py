"""Recording every so many updates, as callbacks of training loops do."""

from pathlib import Path
from typing import Any

from torch import nn

from emergence.recording.recorder import Recorder


class Every:
    """Records at the start of training, `every` so many updates, and at its end; further options are the recorder's.

    `report` is where the page is written at the end. Raises ValueError where `every` is no positive number.
    """

    def __init__(self, every: int, report: Path | str | None = None, **options: Any) -> None:
        if every < 1:
            raise ValueError(f"every {every} must be at least 1")
        self._every, self._report, self._options = every, report, options
        self.recorder: Recorder | None = None

    def begin(self, model: nn.Module, step: int) -> None:
        """Record a network at the step at which its training starts or goes on."""
        self.recorder = Recorder(model, **self._options)
        self.recorder.record(step)

    def update(self, step: int) -> None:
        """Record at a step, which may be told several times, if its turn is now."""
        if self.recorder and step % self._every == 0 and step != self.recorder.last:
            self.recorder.record(step)

    def end(self, step: int) -> None:
        """Record the last step, and write the page."""
        if self.recorder is None:
            return
        if step != self.recorder.last:
            self.recorder.record(step, force=True)
        if self._report is not None:
            self.recorder.report(self._report)
