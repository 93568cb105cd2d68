"""Recording in a Trainer of Hugging Face."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from emergence.core.extras import prepare
from emergence.recording.every import Every
from emergence.recording.recorder import Recorder

prepare("transformers")

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments  # noqa: E402


class RecordEmergence(TrainerCallback):
    """A callback of Hugging Face's Trainer that records a model at the start, every so many updates, and at the end.

    `probe` is the model's main input alone: `input_ids` (sample, position) or `pixel_values` (sample, channel, height,
    width). `labels` are classes: one per sample, or one per position, which for a causal language model is the token
    that follows. Other arguments are those of `emergence.Recorder`, `report` is where the page is written at the end.
    Of several processes, the first records. Training that goes on from a checkpoint goes on with the `file`.
    """

    def __init__(
        self,
        probe: Tensor,
        labels: Tensor | None = None,
        *,
        every: int = 100,
        report: Path | str | None = None,
        **options: Any,
    ) -> None:
        self._course = Every(every, report, probe=probe, labels=labels, **options)

    @property
    def recorder(self) -> Recorder | None:
        """The recorder, once training has started."""
        return self._course.recorder

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: nn.Module | None = None,
        **_: Any,
    ) -> None:
        """Called by the Trainer."""
        if state.is_world_process_zero and model is not None:
            self._course.begin(model, state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Called by the Trainer."""
        self._course.update(state.global_step)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Called by the Trainer."""
        self._course.end(state.global_step)
