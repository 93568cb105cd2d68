"""Numbers of paths as Python integers, from passes modulo several primes (Chinese remainder theorem)."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from emergence.graph.edges import Edges
from emergence.graph.recorder import Call, Value
from emergence.graph.tracing import Trace
from emergence.graph.walk import Flow, Walk

# Remainders below 2**26 leave float64 room for sums of 2**27 of them without rounding.
_BITS = 26


class _RemainderWalk(Walk):
    """Count modulo a prime."""

    def __init__(self, trace: Trace, edges: Edges) -> None:
        super().__init__(trace, edges)
        self.prime = 1

    def finish(self, call: Call, value: Value, paths: Tensor) -> Tensor:
        return paths.remainder(self.prime)


def exact_arrivals(trace: Trace, edges: Edges, flows: list[Flow], bits: float) -> list[int]:
    """Paths that arrive at each site, summed over all rows of all flows; none may need more than `bits` bits."""
    walk = _RemainderWalk(trace, edges)
    totals, modulus = [0] * len(trace.sites), 1
    primes = _primes()
    while modulus.bit_length() <= bits + 1:
        walk.prime = next(primes)
        remainders = sum(walk.count(flow).remainder(walk.prime).sum(0) for flow in flows)
        assert isinstance(remainders, Tensor)
        inverse = pow(modulus, -1, walk.prime)
        for site, remainder in enumerate(remainders.to(torch.int64).tolist()):
            totals[site] += modulus * ((remainder - totals[site]) * inverse % walk.prime)
        modulus *= walk.prime
    return totals


def _primes() -> Iterator[int]:
    """Primes below 2**26, largest first."""
    for candidate in range(2**_BITS - 1, 2 ** (_BITS - 1), -2):
        if all(candidate % divisor for divisor in range(3, math.isqrt(candidate) + 1, 2)):
            yield candidate
