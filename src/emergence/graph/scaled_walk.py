"""A pass whose numbers may outgrow float64: they share a power of two that follows the largest of them."""

import math
from typing import Any

from torch import Tensor

from emergence.graph.edges import Edges
from emergence.graph.recorder import Call, Value
from emergence.graph.scaled import Scaled
from emergence.graph.tracing import Trace
from emergence.graph.walk import Flow, Walk, indicator

_LARGE, _TARGET = 900, 800  # rescale numbers beyond 2**_LARGE so that the largest is near 2**_TARGET
_NEGLIGIBLE = 60  # what is 2**60 times smaller than its sum does not change it beyond float64's rounding
_SMALL = -1000  # below this power of two float64 begins to lose digits


class ScaledWalk(Walk):
    """Count one pattern of any size; true numbers are those held times 2**power.

    `lossy` tells that small numbers of paths were lost beside very large ones of other units, which may matter where
    the large ones lead to no target. `largest` holds the base-2 logarithm of each call's largest number, `weighted` the
    calls whose rule multiplies by numbers of edges.
    """

    def __init__(self, trace: Trace, edges: Edges) -> None:
        super().__init__(trace, edges, in_parts=trace.calls)
        self.largest: dict[Call, float] = {}
        self.weighted: set[Call] = set()

    def count_scaled(self, flow: Flow) -> Scaled:
        """Paths from sources to targets: (1, sites)."""
        assert flow.rows == 1, "numbers of one pattern share their power of two"
        self.power, self.lossy = 0, False
        self.powers = [0] * len(flow.targets)
        arrived = self.count(flow)
        return Scaled.of(arrived.cpu().numpy(), [self.powers])

    def finish(self, call: Call, value: Value, paths: Tensor) -> Tensor:
        """Rescale everything that later calls will use if these numbers have become large."""
        top = float(paths.detach().max()) if paths.numel() else 0.0
        self.largest[call] = max(self.largest.get(call, 0.0), math.log2(top) + self.power if top > 0 else 0.0)
        if top <= 2.0**_LARGE:
            return paths
        shift = math.frexp(top)[1] - _TARGET
        self.power += shift
        for held in self.reached & self.held.keys():
            self.held[held] = self._shrink(self.held[held], shift)
        return self._shrink(paths, shift)

    def _apply_rule(self, call: Call) -> Any:
        before = self.edges.asked
        found = super()._apply_rule(call)
        if self.edges.asked > before:
            self.weighted.add(call)
        return found

    def _shrink(self, paths: Tensor, shift: int) -> Tensor:
        small = paths * 2.0**-shift
        self.lossy |= bool(((paths > 0) & (small < 2.0**_SMALL)).any())
        return small

    def _pass_site(self, value: Value, paths: Tensor) -> Tensor:
        if value in self.site_of:
            self.powers[self.site_of[value]] = self.power
        return super()._pass_site(value, paths)

    def add_sources(self, flat: Tensor, sources: Tensor) -> Tensor:
        """Add one path per source, or none where it is negligible beside those that arrive."""
        if self.power <= -_SMALL - _NEGLIGIBLE:
            return flat + indicator(sources, flat.dtype) * 2.0**-self.power
        self.lossy |= bool((sources & (flat < 2.0 ** (_SMALL + 2 * _NEGLIGIBLE))).any())
        return flat
