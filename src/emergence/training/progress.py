"""Progress of training: a bar on a terminal, else one log line per epoch."""

import logging
import sys
from types import TracebackType

import numpy as np
from tqdm import tqdm

from emergence.training.history import History

log = logging.getLogger(__name__)


class Progress:
    """Shows progress while it is open."""

    def __init__(self, epochs: int, per_epoch: int, done: int) -> None:
        self._epochs, self._per_epoch = epochs, per_epoch
        self._bar = tqdm(total=epochs * per_epoch, initial=done, unit="update", disable=not sys.stderr.isatty())

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def show(self, updates: int, history: History) -> None:
        """Show that `updates` updates are done; at the end of an epoch, also its mean loss and accuracy."""
        self._bar.update(updates - self._bar.n)
        if updates % self._per_epoch:
            return
        loss, accuracy, _ = np.mean(history.batches[:, :, updates - self._per_epoch : updates], axis=(1, 2))
        if not np.isfinite(loss):
            log.warning("the loss is no longer finite; a smaller learning rate may help")
        if self._bar.disable:
            epoch = updates // self._per_epoch
            log.info("epoch %d/%d: batch loss %.4f, batch accuracy %.4f", epoch, self._epochs, loss, accuracy)
        else:
            self._bar.set_postfix(loss=f"{loss:.4f}", accuracy=f"{accuracy:.4f}")
