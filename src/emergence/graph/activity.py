"""Which units are active: activations at the sites, and the criteria over samples."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from emergence.core.plugins import unknown
from emergence.graph.operations import TraceError, tensors_in
from emergence.graph.preserving import untouched
from emergence.graph.recorder import Value
from emergence.graph.tracing import Trace
from emergence.graph.watching import Reader

SAMPLE, WEIGHT_CHANGE = "sample", "weight-change"
POOLED_CRITERIA = ["mean", "any", "all", "fraction"]
CRITERIA = [*POOLED_CRITERIA, SAMPLE, WEIGHT_CHANGE]


class Recording:
    """Run a network on samples and keep the absolute activations of its sites, or with `signed` the activations."""

    def __init__(self, trace: Trace, signed: bool = False) -> None:
        self.trace, self.signed = trace, signed
        self._inputs = {index: trace.inputs.index(v) for index, v in enumerate(trace.sites) if v in trace.inputs}
        self._calls: dict[int, tuple[int, int]] = {}
        wanted = {}
        for index, value in enumerate(trace.sites):
            call = trace.made_by.get(value)
            if call is not None and call.number is not None:
                wanted[call.number] = call.operation
                self._calls[index] = call.number, call.outputs.index(value)
        self._reader = Reader(trace.model, wanted, self._keep)

    def magnitudes(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Activations per site, (samples, units); ActivationError where one is not a number."""
        self._seen: dict[tuple[int, int], Tensor] = {}
        self._samples = len(inputs[0])
        try:
            with untouched(self.trace.model) if self.trace.keeps_state else nullcontext():
                outputs = self._reader.read(inputs)
        except TraceError as error:
            raise ValueError(f"{type(self.trace.model).__name__} cannot be read: {error}") from error
        found = []
        for index, (value, name) in enumerate(zip(self.trace.sites, self.trace.site_names, strict=True)):
            if index in self._calls:
                site = self._seen.pop(self._calls[index])
            elif index in self._inputs:
                site = self._of_site(value, inputs[self._inputs[index]])
            else:
                site = self._of_site(value, outputs[self.trace.output_places[value]])
            if site.numel() and torch.isnan(site.amax()):
                raise ActivationError(f"activations at site '{name}' are not numbers (NaN)")
            found.append(site)
        return found

    def _keep(self, number: int, result: Any) -> None:
        """Keep what a site holds before a later operation may overwrite it."""
        leaves = list(tensors_in(result))
        for index, (call, place) in self._calls.items():
            if call == number:
                self._seen[number, place] = self._of_site(self.trace.sites[index], leaves[place])

    def _of_site(self, value: Value, tensor: Tensor) -> Tensor:
        tensor = tensor.detach()
        seen = self.trace.by_row(value, tensor.clone() if self.signed else tensor.abs(), self._samples)
        return seen if seen.is_floating_point() else seen.float()


class ActivationError(ValueError):
    """Activations are not numbers, as after a training that diverged."""


class Activity:
    """Statistics of absolute activations from which the criteria over all samples are decided."""

    def __init__(self, criteria: Sequence[str], thresholds: Sequence[float], fraction: float) -> None:
        self.criteria = [criterion for criterion in criteria if criterion in POOLED_CRITERIA]
        self.thresholds, self.fraction, self.samples = thresholds, fraction, 0
        self._statistics: dict[str, list[Tensor]] = {}

    def add(self, magnitudes: Sequence[Tensor]) -> None:
        """Take in the activations of some samples, (samples, units) per site."""
        self.samples += len(magnitudes[0])
        self._dtype = magnitudes[0].dtype
        for criterion in self.criteria:
            new = [self._reduce(criterion, site) for site in magnitudes]
            old = self._statistics.get(criterion)
            merge = _MERGE[criterion]
            self._statistics[criterion] = new if old is None else [merge(a, b) for a, b in zip(old, new, strict=True)]

    def active(self, criterion: str) -> list[Tensor]:
        """Active units per site, bool (thresholds, units)."""
        return [self._decide(criterion, statistic) for statistic in self._statistics[criterion]]

    def _reduce(self, criterion: str, site: Tensor) -> Tensor:
        if criterion == "mean":
            return site.sum(0, dtype=torch.float64)
        if criterion in ("any", "all"):
            return site.amax(0) if criterion == "any" else site.amin(0)
        return torch.stack([(site > threshold).sum(0) for threshold in self.thresholds])

    def _decide(self, criterion: str, statistic: Tensor) -> Tensor:
        if criterion == "fraction":
            return statistic.double() / self.samples >= self.fraction
        # The mean is compared in the activations' own precision, as a single activation is.
        level = (statistic / self.samples).to(self._dtype) if criterion == "mean" else statistic
        return torch.stack([level > threshold for threshold in self.thresholds])


_MERGE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": torch.add,
    "any": torch.maximum,
    "all": torch.minimum,
    "fraction": torch.add,
}


def check_criterion(criterion: str, allowed: Sequence[str] = CRITERIA) -> None:
    """Raise ValueError for an unknown criterion."""
    if criterion not in allowed:
        raise ValueError(unknown(criterion, list(allowed), "criterion"))


def check_threshold(threshold: float, fraction: float) -> None:
    """Raise ValueError for a threshold below zero or a share that is none."""
    if not threshold >= 0:
        raise ValueError(f"threshold {threshold} must be at least 0")
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction {fraction} must lie in (0, 1]")


def in_blocks(inputs: Sequence[Tensor], rows: int) -> Iterator[list[Tensor]]:
    """Some samples of every input at a time."""
    for start in range(0, len(inputs[0]), rows):
        yield [x[start : start + rows] for x in inputs]
