"""Names in parameters that stand for nothing, or for something else."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from emergence.core.plugins import available, unknown
from emergence.core.raw_files import RAW_DATA, RawFiles
from emergence.parameters import Parameters
from emergence.parameters.checks.functions import mistake
from emergence.parameters.figures import Figures
from emergence.parameters.landscape import NO_MEASURES
from emergence.parameters.messages import Key
from emergence.parameters.networks import CustomNetwork
from emergence.parameters.pruning import method_and_step
from emergence.parameters.trained_elsewhere import TrainedElsewhere

Mistakes = Iterator[tuple[Key, str]]


def _unknown_experiments(parameters: Parameters) -> Mistakes:
    datasets = [*available("datasets"), *parameters.data.sets]
    for position, (dataset, network) in enumerate(parameters.study.pairs):
        key = ("study", "experiments", position)
        if dataset not in datasets:
            yield key, f" = '{dataset}/{network}': " + unknown(dataset, datasets, "data set")
        if network not in parameters.networks:
            yield key, f" = '{dataset}/{network}': " + unknown(network, list(parameters.networks), "network")
    trained = [name for name, network in parameters.networks.items() if not isinstance(network, TrainedElsewhere)]
    for place, network in enumerate(parameters.variations.networks):
        if network not in trained:
            yield ("variations", "networks", place), f" = {network!r}: " + unknown(network, trained, "network")


def _unknown_functions(parameters: Parameters) -> Mistakes:
    """Find networks, methods and measures that are in no module, or cannot be called as they will be."""
    for name, described in parameters.networks.items():
        if isinstance(described, CustomNetwork):
            key, options = ("networks", name, "builder"), list(described.options)
            yield from _unknown_function(key, described.builder, [], 2, options)
        elif isinstance(described, TrainedElsewhere) and described.program:
            yield from _unknown_function(("networks", name, "model"), described.program, [], 0, list(described.options))
    for position, method in enumerate(parameters.pruning.methods):
        name, _ = method_and_step(method)
        yield from _unknown_function(("pruning", "methods", position), name, available("pruning"), 3)
    for position, measure in enumerate(parameters.measures.names):
        yield from _unknown_function(("measures", "names", position), measure, available("measures"), 3)
    for position, metric in enumerate(parameters.landscape.metrics):
        known = [*NO_MEASURES, *available("measures")]
        yield from _unknown_function(("landscape", "metrics", position), metric, known, 3)


def _unknown_function(key: Key, name: str, known: list[str], arguments: int, options: Sequence[str] = ()) -> Mistakes:
    if ":" in name:
        told = mistake(name, arguments, options)
        if told:
            yield key, f" = {name!r}: {told}"
    elif name not in known:
        yield key, f" = {name!r}: " + unknown(name, known, "name") + "; or write module:function"


def _mistaken_data_sets(parameters: Parameters) -> Mistakes:
    """Find data sets that are named as built-in ones, or whose files or functions are not what they should be."""
    built_in, files = available("datasets"), RawFiles.below(Path(RAW_DATA))
    for name, entry in parameters.data.sets.items():
        if name in built_in:
            told = f": another data set has this name; allowed: any but {', '.join(built_in)}"
            yield ("data", "sets", name), told
        for key, told in entry.misnomers(name, files):
            yield ("data", "sets", name, *key), told


def _unknown_colour_map(parameters: Parameters) -> Mistakes:
    name = parameters.figures.colour_map
    if name == Figures().colour_map:
        return
    from matplotlib import colormaps  # which planning does without otherwise

    if name not in colormaps:
        known = [other for other in colormaps if not other.endswith("_r")]
        yield ("figures", "colour_map"), f" = {name!r}: " + unknown(name, known, "colour map")


MISNOMERS = (_unknown_experiments, _unknown_functions, _mistaken_data_sets, _unknown_colour_map)
"""Checks that find names without a meaning."""
