"""Counting the paths of many activity patterns on one set of weights."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from emergence.graph.edges import Edges, presence
from emergence.graph.exact import exact_arrivals
from emergence.graph.recorder import Call
from emergence.graph.scaled import Scaled
from emergence.graph.scaled_walk import ScaledWalk
from emergence.graph.tracing import Trace
from emergence.graph.walk import Flow, Walk

Through = Literal["all", "active"]

_FLOAT32_BITS = 24  # integers up to 2**24 are exact in float32
_INTEGER_BITS = 53  # and up to 2**53 in float64
_ROUNDED_LAYERS = 16  # so many long sums in a row round by less than 1e-12 in all; more are taken in parts
_FLOAT64_BITS = 900  # larger numbers are counted with a power of two beside them


class PathCounter:
    """Counts paths on the present weights of a traced network; `total` is the number of all paths between sites.

    A first pass with all units as sources bounds what any pattern can reach at each operation. Operations whose numbers
    stay below 2**24 are then exact in float32, others run in float64, and only networks with more than 2**900 paths
    carry a power of two along.
    """

    def __init__(self, trace: Trace, edges: Edges, device: torch.device) -> None:
        trace = trace.bound()
        self.trace, self.edges, self.device = trace, edges, device
        everything = [torch.ones(1, size, dtype=torch.bool, device=device) for size in trace.site_sizes]
        survey = ScaledWalk(trace, edges)
        self.total = survey.count_scaled(Flow(everything, everything)).sum()
        bits = survey.largest
        self.exceeds_float64 = max(bits.values(), default=0) > _FLOAT64_BITS
        types = self._types(bits) if edges.measure is presence else None
        rounded = {call for call in survey.weighted if bits.get(call, 0) > _INTEGER_BITS}
        self.walk = Walk(trace, edges, types, in_parts=rounded if len(rounded) > _ROUNDED_LAYERS else ())
        self.rows = trace.rows_per_block(device)

    def arriving(self, active: Sequence[Tensor], through: Through = "all", only: int | None = None) -> Scaled:
        """Paths from inactive units to the active units of each site, (rows, sites).

        `active` holds a bool tensor (rows, units) per site; `only` restricts the sources to one site.
        """
        flow = make_flow(active, through, only)
        if self.exceeds_float64:
            return Scaled.concatenate([self._arriving_scaled(flow.block(r, r + 1)) for r in range(flow.rows)])
        blocks = [self.walk.count(block) for block in self._blocks(flow)]
        return Scaled.of(torch.cat(blocks).cpu().numpy())

    def pairs(self, active: Sequence[Tensor], through: Through = "all") -> Scaled:
        """Paths from the inactive units of a site to the active units of a site, summed over rows: (sites, sites)."""
        return Scaled.stack([self.arriving(active, through, only=site).sum(axis=0) for site in range(len(active))])

    def exact(self, active: Sequence[Tensor], through: Through = "all") -> int:
        """Paths from inactive to active units, summed over rows, as a Python integer."""
        return sum(self._exact_arriving(make_flow(active, through)))

    def _exact_arriving(self, flow: Flow) -> list[int]:
        bits = max(float(self.total.log10()) / math.log10(2), 0) + math.log2(flow.rows) + 1
        return exact_arrivals(self.trace, self.edges, self._blocks(flow), bits)

    def _arriving_scaled(self, flow: Flow) -> Scaled:
        walk = ScaledWalk(self.trace, self.edges)
        arrived = walk.count_scaled(flow)
        if not walk.lossy or self.edges.measure is not presence:
            return arrived
        return Scaled.stack([Scaled.of_integer(count) for count in self._exact_arriving(flow)])[None]

    def _blocks(self, flow: Flow) -> list[Flow]:
        return [flow.block(start, start + self.rows) for start in range(0, flow.rows, self.rows)]

    def _types(self, bits: dict[Call, float]) -> dict[Call, torch.dtype]:
        types: dict[Call, torch.dtype] = {}
        for call in self.trace.calls:
            before = (self.trace.made_by.get(source) for source in call.sources)
            wide = any(types[made] is torch.float64 for made in before if made)
            exact = bits.get(call, 0) < _FLOAT32_BITS and not wide
            types[call] = torch.float32 if exact else torch.float64
        return types


def make_flow(active: Sequence[Tensor], through: Through = "all", only: int | None = None) -> Flow:
    """Flow from inactive to active units, from all sites or from one."""
    sources = [~units if only in (None, site) else None for site, units in enumerate(active)]
    return Flow(sources, active, active if through == "active" else None)
