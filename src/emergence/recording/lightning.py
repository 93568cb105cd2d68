"""Recording in a Trainer of Lightning."""

from pathlib import Path
from typing import Any

from torch import Tensor

from emergence.core.extras import prepare
from emergence.recording.every import Every
from emergence.recording.recorder import Recorder

prepare("lightning")

from lightning.pytorch import Callback, LightningModule, Trainer  # noqa: E402


class RecordEmergence(Callback):
    """A callback of Lightning that records a module at the start, every so many updates, and at the end.

    `submodule` names the part of the module that maps the probe to logits, where its own forward does not. Arguments
    are those of `emergence.Recorder`, `report` is where the page is written at the end. Of several processes, the first
    records. Training that goes on from a checkpoint goes on with the `file`.
    """

    def __init__(
        self,
        probe: Tensor,
        labels: Tensor | None = None,
        *,
        every: int = 100,
        submodule: str = "",
        report: Path | str | None = None,
        **options: Any,
    ) -> None:
        self._submodule = submodule
        self._course = Every(every, report, probe=probe, labels=labels, **options)

    @property
    def recorder(self) -> Recorder | None:
        """The recorder, once training has started."""
        return self._course.recorder

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Called by Lightning."""
        if trainer.is_global_zero:
            self._course.begin(pl_module.get_submodule(self._submodule), trainer.global_step)

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Called by Lightning."""
        self._course.update(trainer.global_step)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Called by Lightning."""
        self._course.end(trainer.global_step)
