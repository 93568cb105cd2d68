"""Measure how emergence in a neural network develops while it trains and is pruned."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emergence.graph.dense import dense_emergence
    from emergence.graph.grid import emergence_grid, emergence_grids
    from emergence.graph.initialisation import promote_emergence
    from emergence.graph.measure import count_paths, weighted_paths
    from emergence.graph.registry import MissingRuleError, register_rule
    from emergence.graph.result import PathCounts
    from emergence.graph.unit_graph import UnitGraph
    from emergence.recording.recorder import Recorder
    from emergence.study.opened import open_study as open_study

# Names are imported on first use, so that reading parameters or planning jobs does not wait for torch.
_HOME = {
    "MissingRuleError": "graph.registry",
    "PathCounts": "graph.result",
    "Recorder": "recording.recorder",
    "UnitGraph": "graph.unit_graph",
    "count_paths": "graph.measure",
    "dense_emergence": "graph.dense",
    "emergence_grid": "graph.grid",
    "emergence_grids": "graph.grid",
    "open_study": "study.opened",
    "promote_emergence": "graph.initialisation",
    "register_rule": "graph.registry",
    "weighted_paths": "graph.measure",
}

# open_study needs the extra `workflow`, which whoever imports * may not have.
__all__ = [
    "MissingRuleError",
    "PathCounts",
    "Recorder",
    "UnitGraph",
    "count_paths",
    "dense_emergence",
    "emergence_grid",
    "emergence_grids",
    "promote_emergence",
    "register_rule",
    "weighted_paths",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'emergence' has no attribute '{name}'")
    return getattr(importlib.import_module(f"emergence.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
