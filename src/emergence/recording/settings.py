"""What is recorded of a network."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from emergence.core.plugins import load
from emergence.graph.activity import CRITERIA, WEIGHT_CHANGE, check_criterion, check_threshold
from emergence.graph.counting import Through
from emergence.graph.unit_graph import check_through

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)

MEASURES = ("effective_complexity", "hoyer_sparsity", "weight_norm")
"""Measures that cost a few forward passes together."""

ALLOWED = [criterion for criterion in CRITERIA if criterion != WEIGHT_CHANGE]
"""Criteria of recording: how far weights moved would depend on which steps were recorded."""


def usual_measures(probe: Tensor) -> tuple[str, ...]:
    """Return MEASURES, for tokens without `effective_complexity`, whose cost then grows with their vocabulary."""
    return tuple(name for name in MEASURES if probe.is_floating_point() or name != "effective_complexity")


@dataclass(frozen=True)
class Settings:
    """Choices of counting, as in `count_paths`, and of measures; ValueError names one that is not allowed.

    >>> Settings(criteria=["weight-change"])
    Traceback (most recent call last):
    ValueError: unknown criterion 'weight-change'; allowed: mean, any, all, fraction, sample
    """

    thresholds: Sequence[float] = THRESHOLDS
    criteria: Sequence[str] = ("mean",)
    through: Sequence[Through] = ("all",)
    fraction: float = 0.5
    measures: Sequence[str] = MEASURES
    landscape_points: int = 25

    def __post_init__(self) -> None:
        for name, values in self.listed().items():
            if isinstance(values, str) or len(set(values)) < max(len(values), name != "measures"):
                raise ValueError(f"{name} {values!r} must be a list without repeats, with at least one entry")
        for criterion in self.criteria:
            check_criterion(criterion, ALLOWED)
        for threshold in self.thresholds:
            check_threshold(threshold, self.fraction)
        for kind in self.through:
            check_through(kind)
        for measure in self.measures:
            load("measures", measure, "measure")
        if self.landscape_points < 2:
            raise ValueError(f"landscape_points {self.landscape_points} must be at least 2")

    def listed(self) -> dict[str, Any]:
        """Return the settings that are lists."""
        return {name: getattr(self, name) for name in ("thresholds", "criteria", "through", "measures")}

    @property
    def counting(self) -> dict[str, Any]:
        """Arguments of `emergence_grid`."""
        names = ("thresholds", "criteria", "through", "fraction")
        return {name: getattr(self, name) for name in names}

    def described(self) -> dict[str, Any]:
        """Return all settings as JSON has them."""
        return asdict(self) | {name: list(values) for name, values in self.listed().items()}
