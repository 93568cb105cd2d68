"""The least memory that parts of a study need, known from the parameters alone."""

from collections.abc import Iterator, Mapping

from emergence.parameters import Parameters
from emergence.parameters.checks.sizes import elements
from emergence.parameters.data_kind import NUMBER, Size
from emergence.parameters.messages import Key
from emergence.parameters.networks import Transformer

COPIES = 3
"""Numbers kept per weight in training, at the least: the weight, its gradient and its momentum."""

UNKNOWN = Size(1, 0, (1,), 1)
"""The least that a data set can be."""

Needs = Iterator[tuple[Key, object, str, int]]
"""Key and value of a parameter, what it is about, and the bytes that it takes."""


def needs(parameters: Parameters, sizes: Mapping[str, Size]) -> Needs:
    """Yield what data sets, networks and landscapes need at the least; `sizes` are those of the data sets known."""
    yield from _of_data(parameters)
    yield from _of_networks(parameters, sizes)
    yield from _of_landscapes(parameters)


def _of_data(parameters: Parameters) -> Needs:
    measured = parameters.scoreboard.samples
    for name, entry in parameters.data.sets.items():
        for field, value, what, size in entry.needs():
            yield ("data", "sets", name, field), value, what, size
        examined = measured * entry.examined_numbers * NUMBER
        yield ("scoreboard", "samples"), measured, f"samples of '{name}'", examined


def _of_networks(parameters: Parameters, sizes: Mapping[str, Size]) -> Needs:
    for dataset, network in parameters.study.pairs:
        described, size = parameters.networks[network], sizes.get(dataset, UNKNOWN)
        key = ("networks", network)
        trained = elements(described, size) * COPIES * NUMBER
        yield key, described.model_dump(exclude={"builder"}), f"'{network}' on '{dataset}'", trained
        if isinstance(described, Transformer):
            attention = described.heads * size.shape[0] ** 2 * NUMBER
            length = ("data", "sets", dataset, "length")
            yield length, size.shape[0], f"attention between all positions in '{network}'", attention
        values = elements(described, size) * NUMBER
        eigenvalues, copies = parameters.curvature.eigenvalues, parameters.minima.copies
        yield ("curvature", "eigenvalues"), eigenvalues, f"eigenvectors of '{network}'", eigenvalues * values
        yield ("minima", "copies"), copies, f"copies of '{network}'", copies * values
        for place, width in enumerate(
            parameters.variations.widths if network in parameters.variations.networks else ()
        ):
            wide = elements(described.resized(width=width), size) * COPIES * NUMBER
            yield ("variations", "widths", place), width, f"'{network}' of this width on '{dataset}'", wide


def _of_landscapes(parameters: Parameters) -> Needs:
    where = parameters.landscape
    first, second = where.grid
    sampled = 2 * NUMBER * len(where.steps) * len(where.metrics)
    yield ("landscape", "points"), where.points, "a plane", first * second * len(where.planes) * sampled
    yield ("landscape", "slice_points"), where.slice_points, "the slices", where.slices * where.slice_points * sampled
    yield ("landscape", "line_points"), where.line_points, "the line", where.line_points * sampled
