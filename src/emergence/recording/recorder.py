"""A recorder of emergence in one's own training loop."""

import time
from collections.abc import Sequence
from operator import index
from pathlib import Path
from typing import Any

import torch
import xarray as xr
from torch import Tensor, nn

from emergence.graph.counting import Through
from emergence.recording.budget import Budget
from emergence.recording.courses import Courses
from emergence.recording.measuring import Measuring
from emergence.recording.settings import THRESHOLDS, Settings, usual_measures


class Recorder:
    """Records emergence, measures, loss and accuracy of a network while it trains.

    The network is traced when the recorder is made, so make it once the network lies where it trains. Wrappers of
    `torch.compile`, of several processes or devices, and of Lightning are looked through; of several processes, one
    records. Between records nothing is kept in the network, and nothing of it changes: mode, gradients, buffers, hooks,
    random numbers.

    Parameters
    ----------
    model
        A feed-forward network that maps the probe to logits (sample, class, ...), or a model of Hugging Face.
    probe
        Samples that it is looked at with, always the same: (sample, ...), some hundreds that training does not see.
    labels
        Their classes (sample, ...). Without labels there is no loss, nor a measure that needs them.
    thresholds
        Thresholds of activity, see `count_paths`.
    criteria
        Criteria of activity; `weight-change` is none.
    through
        Units that paths run through: `all`, `active`.
    fraction
        Share of the samples that the criterion `fraction` asks for.
    measures
        Files of `emergence.measures` or module:function; by default effective_complexity (not for tokens),
        hoyer_sparsity and weight_norm, which take a few forward passes.
    landscape_points
        Points per axis of a landscape.
    file
        Where all that is recorded is written after each record (netCDF-4). A file that is there is continued.
    share
        Recording takes at most this share of the time since the first record: records that would exceed it are skipped.

    Raises
    ------
    MissingRuleError
        For an operation that paths cannot be counted through.
    ValueError
        For a network that cannot be traced, settings that are not allowed, or a `file` recorded with others.

    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> recorder = Recorder(model, torch.randn(9, 2), torch.arange(9) % 2, thresholds=[0.05, 0.5])
    >>> optimizer = torch.optim.SGD(model.parameters(), 0.1)
    >>> for step in range(3):
    ...     if recorder.record(step):
    ...         model(torch.randn(4, 2)).sum().backward()
    ...         optimizer.step()
    >>> recorder.data["emergence"].sizes["step"], recorder.data["probe_loss"].dims
    (3, ('step',))
    """

    def __init__(
        self,
        model: nn.Module,
        probe: Tensor,
        labels: Tensor | None = None,
        *,
        thresholds: Sequence[float] = THRESHOLDS,
        criteria: Sequence[str] = ("mean",),
        through: Sequence[Through] = ("all",),
        fraction: float = 0.5,
        measures: Sequence[str] | None = None,
        landscape_points: int = 25,
        file: Path | str | None = None,
        share: float | None = None,
    ) -> None:
        chosen = usual_measures(probe) if measures is None else measures
        settings = Settings(thresholds, criteria, through, fraction, chosen, landscape_points)
        self._budget = Budget(share)
        self._measuring = Measuring(model, probe, labels, settings)
        self._courses = Courses(self._measuring.described(), None if file is None else Path(file))

    def record(self, step: int, *, landscape: bool = False, force: bool = False) -> bool:
        """Record the network as it is at a step, which must come after the last; tell whether that was done.

        With `landscape` the loss on a plane in two random directions around the weights is part of it. With `force` it
        is done also where it exceeds the share. The first record after a file was continued may lie within it: what the
        file has of this step and later ones is replaced. Raises ValueError for a step that is no integer from 0 or does
        not come after the last.
        """
        number = _checked(step)
        kind = "landscape" if landscape else "plain"
        self._courses.check(number)
        if not force and not self._budget.allows(kind):
            self._courses.skip(number)
            return False
        if torch.accelerator.is_available():
            torch.accelerator.synchronize()  # what training still computes is not time of recording
        with self._budget.spending(kind):
            start = time.perf_counter()
            found = self._measuring(landscape)
            self._courses.add(number, found, time.perf_counter() - start)
        return True

    @property
    def last(self) -> int | None:
        """The last step recorded."""
        return self._courses.last

    @property
    def data(self) -> xr.Dataset:
        """All records, over `step`; ValueError where there is none.

        Names are those of the workflow's files: emergence, log10_emergence, relative_emergence and normalised_emergence
        (step, criterion, threshold, through), active_units (..., site), the measures; `probe_loss` (nat) and
        `probe_accuracy`, `record_seconds`; planes of landscapes (landscape_step, alpha, beta); and `skipped_step`.
        """
        return self._courses.data

    def report(self, path: Path | str) -> Path:
        """Write what is recorded as one page of HTML that needs no other file; return its path."""
        from emergence.recording.page import write_page  # Matplotlib is loaded for this alone

        return write_page(self.data, Path(path))


def _checked(step: Any) -> int:
    try:
        number = index(step)
    except TypeError:
        number = -1
    if number < 0:
        raise ValueError(f"step {step!r} must be an integer from 0")
    return number
