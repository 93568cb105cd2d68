"""The result of counting paths."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from emergence.core.arrays import Floats, Integers
from emergence.graph.scaled import Scaled


@dataclass(frozen=True, repr=False)
class PathCounts:
    """Paths from inactive to active units of a network, as it was when they were counted.

    >>> import torch
    >>> from emergence import count_paths
    >>> count_paths(torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Flatten()), torch.tensor([[0.0, 1.0]]))
    PathCounts(emergence=0, log10=-inf, normalised=0, active=1 of 2 units at 1 site)
    """

    sites: tuple[str, ...]
    """Names of the sites, in topological order."""
    size: Integers
    """Units per site."""
    active: Integers | Floats
    """Active units per site; with the criterion `sample` their mean over samples."""
    nonzero_parameters: int
    """Parameters that are not zero."""
    scaled: Scaled = field(repr=False)
    """Emergence, in a form that no number of paths exceeds."""
    total: Scaled = field(repr=False)
    """All paths between units of different sites, in that form."""
    _count_pairs: Callable[[], Scaled] = field(repr=False)
    _count_exactly: Callable[[], int | Fraction] = field(repr=False)

    def __repr__(self) -> str:
        active, sites = f"{self.active.sum():g} of {self.size.sum()} units", len(self.sites)
        told = f"emergence={self.emergence:.6g}, log10={self.log10:.4f}, normalised={self.normalised:.4g}"
        return f"PathCounts({told}, active={active} at {sites} site{'s' * (sites > 1)})"

    @property
    def emergence(self) -> float:
        """Number of paths from inactive to active units; the largest float where it exceeds the floats."""
        return float(self.scaled.to_float())

    @property
    def log10(self) -> float:
        """Decimal logarithm of the emergence, right at any size; minus infinity where there are no paths."""
        return float(self.scaled.log10())

    @property
    def relative(self) -> float:
        """Emergence per non-zero parameter."""
        return float((self.scaled / self.nonzero_parameters).to_float())

    @property
    def normalised(self) -> float:
        """Share of all paths between units of different sites that lead from an inactive to an active one."""
        return min(float((self.scaled / self.total).to_float()), 1.0)

    @cached_property
    def pairs(self) -> Floats:
        """Paths from inactive units of the row's site to active units of the column's (sites, sites)."""
        return self._count_pairs().to_float()

    def exact(self) -> int | Fraction:
        """Emergence without rounding: an integer; with the criterion `sample` the mean over samples as a fraction."""
        return self._count_exactly()
