"""Random Boolean networks: emergence as a number of paths beside emergence as information.

The system on which the count of paths was first tried (Li, Guerra, Basu and Silva 2023, arXiv:2311.17403). Nodes are on
or off; each reads some others and follows a Boolean function of them, all at once (Kauffman 1969, Journal of
Theoretical Biology 22:437). A node that is on in less than 5 % of the time is inactive.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy import sparse, stats
from scipy.sparse.csgraph import connected_components

from emergence.core.arrays import Bools, Floats, Integers
from emergence.statistics.correlation import rank_correlation

MOST_NODES = 16
"""All 2^nodes states are held in memory."""


@dataclass(frozen=True)
class BooleanNetwork:
    """`inputs` (node, k): the nodes that each node reads; `tables` (node, 2^k): its next value for all values of these.

    The value of the first input is the lowest bit of the place in the table.
    """

    inputs: Integers
    tables: Bools

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.inputs)


@dataclass(frozen=True)
class Attractors:
    """The cycles that the dynamics ends in.

    `weight` (attractor,): share of all states that lead to it; `firing` (attractor, node): share of its states in which
    a node is on.
    """

    weight: Floats
    firing: Floats


def sample_network(nodes: int, inputs: int, bias: float, rng: np.random.Generator) -> BooleanNetwork:
    """Draw a network whose nodes read `inputs` different nodes each; entries of tables are on with probability `bias`.

    Raises ValueError for more than 16 nodes, more inputs than nodes, or a bias that is no probability.

    >>> network = sample_network(nodes=4, inputs=2, bias=0.5, rng=np.random.default_rng(0))
    >>> network.inputs.shape, network.tables.shape
    ((4, 2), (4, 4))
    """
    if not 1 <= nodes <= MOST_NODES:
        raise ValueError(f"nodes: {nodes} is not allowed; from 1 to {MOST_NODES}")
    if not 1 <= inputs <= nodes:
        raise ValueError(f"inputs: {inputs} is not allowed; from 1 to {nodes} nodes")
    if not 0 <= bias <= 1:
        raise ValueError(f"bias: {bias:g} is not allowed; from 0 to 1")
    read = np.array([rng.choice(nodes, size=inputs, replace=False) for _ in range(nodes)], dtype=np.int64)
    return BooleanNetwork(read, rng.random((nodes, 2**inputs)) < bias)


def edges(network: BooleanNetwork) -> Bools:
    """Return (from, to): whether a node's next value depends on another's, for some values of its other inputs.

    >>> copies_first = BooleanNetwork(np.array([[0, 1], [0, 1]]), np.array([[0, 1, 0, 1], [0, 0, 0, 0]], dtype=bool))
    >>> edges(copies_first).astype(int)
    array([[1, 0],
           [0, 0]])
    """
    found = np.zeros((network.nodes, network.nodes), dtype=bool)
    places = np.arange(network.tables.shape[1])
    for bit, read in enumerate(network.inputs.T):
        found[read, np.arange(network.nodes)] = (network.tables != network.tables[:, places ^ (1 << bit)]).any(axis=1)
    return found


def next_states(network: BooleanNetwork) -> Integers:
    """Return the state that follows each of the 2^nodes states; bit i of a state is the value of node i.

    >>> negation = BooleanNetwork(np.array([[0]]), np.array([[True, False]]))
    >>> next_states(negation)
    array([1, 0])
    """
    values = _values(np.arange(2**network.nodes), network.nodes)
    place = values[:, network.inputs] @ (1 << np.arange(network.inputs.shape[1]))
    return network.tables[np.arange(network.nodes), place] @ (1 << np.arange(network.nodes))


def attractors(network: BooleanNetwork) -> Attractors:
    """Return the attractors of a network, from all its states at once.

    >>> negation = BooleanNetwork(np.array([[0]]), np.array([[True, False]]))
    >>> attractors(negation)
    Attractors(weight=array([1.]), firing=array([[0.5]]))
    """
    follows = next_states(network)
    states = len(follows)
    graph = sparse.csr_array((np.ones(states), (np.arange(states), follows)), shape=(states, states))
    count, basin = connected_components(graph, directed=False)
    later = follows
    for _ in range(network.nodes):  # 2^nodes steps: every state is on its cycle by then
        later = later[later]
    on_cycles = np.unique(later)
    cycle = basin[on_cycles]
    firing = np.zeros((count, network.nodes))
    np.add.at(firing, cycle, _values(on_cycles, network.nodes))
    return Attractors(np.bincount(basin) / states, firing / np.bincount(cycle)[:, None])


def active_nodes(found: Attractors, threshold: float = 0.05) -> Bools:
    """Return whether each node is on at least in the share `threshold` of time, in the mean over all initial states.

    >>> active_nodes(Attractors(weight=np.array([0.9, 0.1]), firing=np.array([[0.0, 1.0], [0.4, 1.0]])))
    array([False,  True])
    """
    return found.weight @ found.firing >= threshold


def path_emergence(edge: Bools, active: Bools, length: int) -> float:
    """Count paths of up to `length` edges that start at an inactive node and then run through active ones.

    `edge` is (from, to). The categorical form of emergence (Li et al. 2023): paths among active nodes, from those that
    an inactive node leads to, the single edge included. Networks with cycles have paths without end; `length` ends
    them. They are then the paths from the first layer of the network unrolled in time, a layer per step.

    >>> ring = np.array([[0, 1, 0], [0, 0, 1], [0, 1, 0]], dtype=bool)  # 0 -> 1 <-> 2
    >>> path_emergence(ring, np.array([False, True, True]), length=3)
    3.0
    """
    arriving = (edge[~active].sum(axis=0) * active).astype(np.float64)
    among = edge * np.outer(active, active).astype(np.float64)
    total = 0.0
    for _ in range(length):
        total += float(arriving.sum())
        arriving = arriving @ among
    return total


def information_emergence(found: Attractors) -> float:
    """Return the information that comes out of a network over that which goes in, in [0, 1].

    E = I_out / I_in (Gershenson and Fernandez 2012, Complexity 18:29, arXiv:1205.2026). Out comes the entropy of each
    node's values over time, in the mean over nodes and initial states; in goes one bit per node, as initial states are
    all equally likely.

    >>> information_emergence(Attractors(weight=np.array([0.5, 0.5]), firing=np.array([[0.5, 0.0], [1.0, 1.0]])))
    0.25
    """
    on = np.clip(found.firing, 0, 1)
    return float(found.weight @ stats.entropy(np.stack([on, 1 - on]), base=2).mean(axis=1))


def ensemble(
    nodes: int, inputs: int, bias: float, seeds: Sequence[int], lengths: Sequence[int], threshold: float = 0.05
) -> xr.Dataset:
    """Measure a random network per seed: ``paths`` (seed, length), ``information`` and ``inactive`` nodes (seed).

    >>> found = ensemble(nodes=6, inputs=2, bias=0.5, seeds=range(3), lengths=[1, 6])
    >>> dict(found.paths.sizes), bool((found.paths.sel(length=6) >= found.paths.sel(length=1)).all())
    ({'seed': 3, 'length': 2}, True)
    """
    rows = []
    for seed in seeds:
        network = sample_network(nodes, inputs, bias, np.random.default_rng(seed))
        found, edge = attractors(network), edges(network)
        active = active_nodes(found, threshold)
        paths = [path_emergence(edge, active, length) for length in lengths]
        rows.append((paths, information_emergence(found), float((~active).sum())))
    columns = dict(zip(("paths", "information", "inactive"), map(np.array, zip(*rows, strict=True)), strict=True))
    variables = {
        name: (("seed", "length")[: values.ndim], values, {"units": "1", "long_name": _TEXTS[name]})
        for name, values in columns.items()
    }
    along = {"seed": list(seeds), "length": ("length", list(lengths), _LENGTH)}
    return xr.Dataset(variables, along)


def correlations(measured: xr.Dataset, *, resamples: int, seed: int, confidence: float = 0.95) -> xr.Dataset:
    """Return Spearman's rank correlation of paths with information over networks, per length, with its interval.

    ``correlation`` is plain, ``partial`` given the number of inactive nodes, which both measures depend on. The ends
    ``_low`` and ``_high`` are percentiles over networks drawn again (``scipy.stats.bootstrap``). NaN where one side
    does not vary.
    """
    result = xr.Dataset(coords={"length": measured.length})
    for name, given in {"correlation": (), "partial": (measured.inactive.values,)}.items():
        rows = [
            _with_interval((paths, measured.information.values, *given), resamples, seed, confidence)
            for paths in measured.paths.transpose("length", "seed").values
        ]
        for end, values in zip(("", "_low", "_high"), np.array(rows).T, strict=True):
            text = f"rank correlation of paths with information{_GIVEN[name]}{_ENDS[end]}"
            result[name + end] = ("length", values, {"units": "1", "long_name": text})
    return result


_TEXTS = {
    "paths": "paths from an inactive node through active nodes",
    "information": "entropy of a node over time, as a share of that of its initial value",
    "inactive": "inactive nodes",
}
_LENGTH = {"units": "1", "long_name": "largest number of edges of a path"}
_GIVEN = {"correlation": "", "partial": ", given inactive nodes"}
_ENDS = {"": "", "_low": ": lower end of its interval", "_high": ": upper end of its interval"}


def _with_interval(
    columns: tuple[Floats, ...], resamples: int, seed: int, confidence: float
) -> tuple[float, float, float]:
    drawn = stats.bootstrap(
        columns,
        rank_correlation,
        paired=True,
        vectorized=False,
        n_resamples=resamples,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    return rank_correlation(*columns), float(drawn.confidence_interval.low), float(drawn.confidence_interval.high)


def _values(states: Integers, nodes: int) -> Integers:
    """Return the values of all nodes, (state, node)."""
    return states[:, None] >> np.arange(nodes) & 1
