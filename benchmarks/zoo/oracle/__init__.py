"""An independent count of the paths of one sample, over the operators that torch dispatches a network to.

It shares no code with the library. The network runs once under `make_fx`, which records ATen operators with all
in-place writes resolved; numbers of paths are then pushed through these operators, one after another. The definition
is that of docs/measure.md: an output unit depends on an input unit through a non-zero weight or a wire.
"""

from benchmarks.zoo.oracle import elementwise, moves, products, reductions, windows  # noqa: F401  (registers rules)
from benchmarks.zoo.oracle.units import NotCheckable
from benchmarks.zoo.oracle.walk import Count, Site, count

__all__ = ["Count", "NotCheckable", "Site", "count"]
