"""A network traced once, whose paths are counted for many activity patterns and weights."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from emergence.core.arrays import Integers
from emergence.core.plugins import unknown
from emergence.graph.activity import (
    WEIGHT_CHANGE,
    ActivationError,
    Activity,
    Recording,
    check_criterion,
    check_threshold,
    in_blocks,
)
from emergence.graph.counting import PathCounter, Through
from emergence.graph.edges import Edges, presence
from emergence.graph.result import PathCounts
from emergence.graph.scaled import Scaled
from emergence.graph.scope import State, nonzero_parameters, run_in, snapshot
from emergence.graph.tracing import trace
from emergence.graph.weight_change import incoming_change, log_weights

Inputs = Tensor | Sequence[Tensor]
Result = TypeVar("Result")


class UnitGraph:
    """The units, sites and edges of a feed-forward network `model`.

    `example` is a batch of inputs (a tensor, or one per input of the network), batch first. The network is recorded as
    it runs on one sample, and checked on a second one and on both together. `include_input` and `include_output` say
    whether its input, and its output where that is no non-linearity's, are sites.
    Wherever `weights` can be given, it maps names of parameters and buffers to tensors that replace the network's own
    for that call (missing ones stay); without it the network's present weights count. Nothing of the network changes.
    Raises MissingRuleError for an operation without a rule, ValueError for a network that cannot be traced.

    >>> net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> graph = UnitGraph(net, torch.zeros(1, 3))
    >>> graph.sites, graph.size.tolist()
    (('1', 'output'), [4, 2])
    >>> two_patterns = [torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0]]).bool(), torch.tensor([[1, 1], [0, 1]]).bool()]
    >>> graph.count(two_patterns).sum(axis=1).to_float().tolist()
    [4.0, 4.0]
    """

    def __init__(
        self, model: nn.Module, example: Inputs, *, include_input: bool = False, include_output: bool = True
    ) -> None:
        self.model = model
        samples = as_tuple(example)
        self.trace = run_in(model, None, lambda: trace(model, samples, include_input, include_output))
        if not self.trace.sites:
            raise ValueError(f"{type(model).__name__} has no site: no non-linearity and neither input nor output")
        self.sites: tuple[str, ...] = self.trace.site_names
        self.size: Integers = np.array(self.trace.site_sizes, dtype=np.int64)
        self.recording = Recording(self.trace)

    def active(
        self,
        inputs: Inputs,
        *,
        threshold: float = 0.05,
        criterion: str = "mean",
        fraction: float = 0.5,
        weights: State | None = None,
        previous: State | None = None,
    ) -> list[Tensor]:
        """Active units per site, bool (rows, units): a row per sample for the criterion `sample`, else one row.

        `previous` holds the weights that the criterion `weight-change` compares with.
        """
        check_criterion(criterion)
        check_threshold(threshold, fraction)
        if criterion == WEIGHT_CHANGE:
            return [site > threshold for site in self.change(weights, previous)]
        return run_in(self.model, weights, lambda: self._active(as_tuple(inputs), threshold, criterion, fraction))

    def change(self, weights: State | None, previous: State | None) -> list[Tensor]:
        """Euclidean length of the change of each unit's incoming weights since `previous`, (1, units) per site.

        Raises ActivationError where it is not a number, as after a training that diverged, ValueError without previous.
        """
        if previous is None:
            raise ValueError("criterion 'weight-change' compares with earlier weights: give their state as `previous`")
        earlier = run_in(self.model, previous, lambda: log_weights(self.trace, self.device))
        change = run_in(self.model, weights, lambda: incoming_change(self.trace, earlier, self.device))
        if any(site.isnan().any() for site in change):
            raise ActivationError("the change of weights is not a number (NaN)")
        return change

    def count(self, active: Sequence[Tensor], *, through: Through = "all", weights: State | None = None) -> Scaled:
        """Paths from inactive units to the active units of each site, (rows, sites), for many patterns at once.

        `active` holds a bool tensor (rows, units) per site; emergence is the sum over sites.
        """
        self._check_patterns(active)
        return self.counting(weights, lambda counter: counter.arriving(active, check_through(through)))

    def paths(
        self,
        inputs: Inputs,
        *,
        threshold: float = 0.05,
        criterion: str = "mean",
        through: Through = "all",
        fraction: float = 0.5,
        weights: State | None = None,
        previous: State | None = None,
        measure: Callable[[Tensor], Tensor] = presence,
    ) -> PathCounts:
        """Paths from inactive to active units, the activity read from `inputs`; see `count_paths`.

        `measure` maps weights to numbers of edges, by default one where a weight is not zero.
        """
        check_through(through)
        active = self.active(
            inputs, threshold=threshold, criterion=criterion, fraction=fraction, weights=weights, previous=previous
        )
        kept = {**snapshot(self.model), **(weights or {})}
        rows = len(active[0])
        scaled, total, parameters = self.counting(
            kept,
            lambda counter: (counter.arriving(active, through).sum(), counter.total, nonzero_parameters(self.model)),
            measure,
        )
        numbers = np.array([int(torch.count_nonzero(units)) for units in active])
        by_sample = criterion == "sample"

        def exact() -> int | Fraction:
            if measure is not presence:
                raise ValueError("paths weighted by weights have no exact number")
            count = self.counting(kept, lambda counter: counter.exact(active, through))
            return Fraction(count, rows) if by_sample else count

        return PathCounts(
            sites=self.sites,
            size=self.size,
            active=numbers / rows if by_sample else numbers,
            nonzero_parameters=parameters,
            scaled=scaled / rows,
            total=total,
            _count_pairs=lambda: self.counting(kept, lambda c: c.pairs(active, through), measure) / rows,
            _count_exactly=exact,
        )

    def counting(
        self,
        weights: State | None,
        action: Callable[[PathCounter], Result],
        measure: Callable[[Tensor], Tensor] = presence,
    ) -> Result:
        """Run an action with a counter of paths on the network's or on other weights."""
        return run_in(self.model, weights, lambda: action(PathCounter(self.trace, Edges(measure), self.device)))

    @property
    def device(self) -> torch.device:
        """Where the network's parameters lie."""
        return next((p.device for p in self.model.parameters()), torch.device("cpu"))

    def _active(self, inputs: tuple[Tensor, ...], threshold: float, criterion: str, fraction: float) -> list[Tensor]:
        rows = self.trace.rows_per_block(self.device)
        if criterion == "sample":
            blocks = [[m > threshold for m in self.recording.magnitudes(block)] for block in in_blocks(inputs, rows)]
            return [torch.cat(site) for site in zip(*blocks, strict=True)]
        activity = Activity([criterion], [threshold], fraction)
        for block in in_blocks(inputs, rows):
            activity.add(self.recording.magnitudes(block))
        return activity.active(criterion)

    def _check_patterns(self, active: Sequence[Tensor]) -> None:
        if len(active) != len(self.sites):
            raise ValueError(f"{len(active)} patterns for {len(self.sites)} sites ({', '.join(self.sites)})")
        for name, size, units in zip(self.sites, self.size, active, strict=True):
            if units.dtype != torch.bool or units.ndim != 2 or units.shape[1] != size:
                raise ValueError(f"site '{name}' needs bool (rows, {size}), not {units.dtype} {list(units.shape)}")


def as_tuple(inputs: Inputs) -> tuple[Tensor, ...]:
    """The inputs of a network, one tensor each."""
    tensors = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if not tensors or any(x.ndim == 0 or len(x) == 0 for x in tensors):
        raise ValueError("no samples: inputs are empty")
    if len({len(x) for x in tensors}) > 1:
        raise ValueError(f"inputs have {[len(x) for x in tensors]} samples: all need the same number, in dimension 0")
    if any(x.is_meta for x in tensors):
        raise ValueError("inputs are on the device 'meta' and have no values")
    return tensors


def check_through(through: Through) -> Through:
    """Raise ValueError unless `through` is `all` or `active`."""
    if through not in ("all", "active"):
        raise ValueError(unknown(through, ["all", "active"], "value of through"))
    return through
