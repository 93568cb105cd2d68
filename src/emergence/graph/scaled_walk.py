"""A pass whose numbers may outgrow float64: they share a power of two that follows the largest of them."""

import math
from typing import Any

from torch import Tensor, fx
from torch.utils._pytree import tree_leaves, tree_map

from emergence.graph.edges import Edges
from emergence.graph.scaled import Scaled
from emergence.graph.tracing import Trace
from emergence.graph.walk import Flow, Walk, indicator

_LARGE, _TARGET = 900, 800  # rescale numbers beyond 2**_LARGE so that the largest is near 2**_TARGET
_NEGLIGIBLE = 60  # what is 2**60 times smaller than its sum does not change it beyond float64's rounding
_SMALL = -1000  # below this power of two float64 begins to lose digits


class ScaledWalk(Walk):
    """Count one pattern of any size; true numbers are those held times 2**power.

    `lossy` tells that small numbers of paths were lost beside very large ones of other units, which may matter where
    the large ones lead to no target. `largest` holds the base-2 logarithm of each node's largest number, `weighted` the
    nodes whose rule multiplies by numbers of edges.
    """

    def __init__(self, trace: Trace, edges: Edges) -> None:
        super().__init__(trace, edges, in_parts=trace.rules)
        self.largest: dict[fx.Node, float] = {}
        self.weighted: set[fx.Node] = set()

    def count_scaled(self, flow: Flow) -> Scaled:
        """Paths from sources to targets: (1, sites)."""
        assert flow.rows == 1, "numbers of one pattern share their power of two"
        self.power, self.lossy = 0, False
        self.powers = [0] * len(flow.targets)
        arrived = self.count(flow)
        return Scaled.of(arrived.cpu().numpy(), [self.powers])

    def finish(self, node: fx.Node, value: Any) -> Any:
        """Rescale everything that later nodes will use if this node's numbers have become large."""
        top = max(
            (float(v.detach().max()) for v in tree_leaves(value) if isinstance(v, Tensor) and v.numel()), default=0.0
        )
        self.largest[node] = math.log2(top) + self.power if top > 0 else 0.0
        if top <= 2.0**_LARGE:
            return value
        shift = math.frexp(top)[1] - _TARGET
        self.power += shift
        for held in self.reached & self.env.keys():
            self.env[held] = tree_map(lambda v: self._shrink(v, shift), self.env[held])
        return tree_map(lambda v: self._shrink(v, shift), value)

    def _apply_rule(self, node: fx.Node) -> Any:
        before = self.edges.asked
        value = super()._apply_rule(node)
        if self.edges.asked > before:
            self.weighted.add(node)
        return value

    def _shrink(self, value: Any, shift: int) -> Any:
        if not isinstance(value, Tensor):
            return value
        small = value * 2.0**-shift
        self.lossy |= bool(((value > 0) & (small < 2.0**_SMALL)).any())
        return small

    def _pass_site(self, site: int, value: Tensor, node: fx.Node) -> Tensor:
        self.powers[site] = self.power
        return super()._pass_site(site, value, node)

    def add_sources(self, flat: Tensor, sources: Tensor) -> Tensor:
        """Add one path per source, or none where it is negligible beside those that arrive."""
        if self.power <= -_SMALL - _NEGLIGIBLE:
            return flat + indicator(sources, flat.dtype) * 2.0**-self.power
        self.lossy |= bool((sources & (flat < 2.0 ** (_SMALL + 2 * _NEGLIGIBLE))).any())
        return flat
