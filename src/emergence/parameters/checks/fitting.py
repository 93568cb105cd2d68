"""Parameters that do not go together: networks and data, steps and training, sizes and memory."""

from collections.abc import Iterator
from math import ceil, log1p
from pathlib import Path
from typing import Any

from emergence.core.steps import Step
from emergence.parameters import Parameters
from emergence.parameters.checks.elsewhere import missing_checkpoints, steps_elsewhere
from emergence.parameters.checks.methods import draws, scored_run
from emergence.parameters.checks.needs import needs
from emergence.parameters.checks.sizes import elements, known, parts, weights
from emergence.parameters.data import KINDS
from emergence.parameters.landscape import LAST
from emergence.parameters.messages import Key
from emergence.parameters.networks import CustomNetwork, Transformer
from emergence.parameters.pruning import method_and_step
from emergence.parameters.trained_elsewhere import TrainedElsewhere

ROOT = Path(__file__).parents[4]
"""The folder of the project, with modules of the user's own."""

MOST_ROUNDS = 100

MOST_RUNS = 20_000
"""Runs of a study that can be planned in minutes."""

Mistakes = Iterator[tuple[Key, str]]


def _impossible_parts(parameters: Parameters) -> Mistakes:
    """Find parts of data sets that would be empty, or hold no sample of a class."""
    data = parameters.data
    for dataset, size in known(parameters).items():
        test, validation, left = parts(size, data)
        fractions = [("validation_fraction", validation, size.samples - test)]
        if size.test is None:
            fractions = [("test_fraction", test, size.samples), *(fractions if test < size.samples else [])]
        for name, count, total in fractions:
            least = ceil(1 / size.rarest) if size.rarest else 1
            if not least <= count < total:
                told = f"of the {total} samples of '{dataset}' it takes {count}, not some of each class and not all"
                allowed = f"{ceil(1e4 * least / total) / 1e4:g} to {(total - 1) / total:.4g}"
                yield ("data", name), f" = {getattr(data, name):g}: {told}; allowed: {allowed}"
        if not data.probe_samples < left:
            yield (
                ("data", "probe_samples"),
                f" = {data.probe_samples}: of the {size.samples} samples of '{dataset}', {left} are left beside those "
                f"for test and validation, and some are to train with; allowed: 1 to {left - 1}",
            )


def _unsaved_steps(parameters: Parameters) -> Mistakes:
    """Find steps to look at or go back to at which no weights are saved, and two names of one step."""
    elsewhere = steps_elsewhere(parameters)
    others = sorted({step for saved in elsewhere.values() for step in saved})
    for key, value, step in _steps(parameters):
        more = [*map(str, [] if key[0] == "pruning" else others), *([] if key[1] == "rewind_to" else [LAST])]
        if step is not None and str(step) not in more and not _is_saved(parameters, step):
            allowed = ", ".join([parameters.training.saved_steps, *more])
            yield key, f" = {value!r}: training saves no weights at {step} (training.checkpoints); allowed: {allowed}"
    ends = [str(Step(parameters.training_of(dataset).epochs)) for dataset in parameters.study.networks_of]
    for section, steps in (("landscape", parameters.landscape.steps), ("controls", parameters.controls.steps)):
        for end in dict.fromkeys(end for end in ends if LAST in steps and end in steps):
            yield (section, "steps", steps.index(end)), f" = {end!r}: '{LAST}' names the same step; keep one of them"
        for network, saved in elsewhere.items():
            if not {LAST, *map(str, saved)}.intersection(steps):
                yield (
                    (section, "steps"),
                    f" = {steps}: '{network}' has none; it has {', '.join(map(str, saved))}, {LAST}",
                )


def _steps(parameters: Parameters) -> Iterator[tuple[Key, str, Step | None]]:
    """Key and value of everything that names a step, and the step; None of the last one."""
    pruning = parameters.pruning
    named: list[tuple[Key, str, str]] = [
        *((("landscape", "steps", place), step, step) for place, step in enumerate(parameters.landscape.steps)),
        *((("controls", "steps", place), step, step) for place, step in enumerate(parameters.controls.steps)),
        *(
            (("pruning", "methods", place), method, method_and_step(method)[1] or LAST)
            for place, method in enumerate(pruning.methods)
        ),
    ]
    if "rewind" in pruning.retraining or "previous_round" in _scored_runs(parameters):
        named.append((("pruning", "rewind_to"), pruning.rewind_to, pruning.rewind_to))
    for key, value, step in named:
        yield key, value, None if step == LAST else Step.parse(step)


def _scored_runs(parameters: Parameters) -> list[str]:
    """Of which training each pruning method scores the networks."""
    return [scored_run(method_and_step(method)[0], ROOT) for method in parameters.pruning.methods]


def _mistaken_methods(parameters: Parameters) -> Mistakes:
    """Find a step behind a method that prunes during training, and rounds without end."""
    pruning = parameters.pruning
    for place, (method, scored) in enumerate(zip(pruning.methods, _scored_runs(parameters), strict=True)):
        name, step = method_and_step(method)
        if step and scored == "itself":
            told = f"{name} has no step to score, since it removes weights all the while that networks are trained"
            allowed = f"'{name}' (pruning.gradual_until says when it has removed all)"
            yield ("pruning", "methods", place), f" = {method!r}: {told}; allowed: {allowed}"
        share, most = pruning.share_per_round, max(pruning.sparsities, default=0.0)
        if scored == "previous_round" and (needed := ceil(log1p(-most) / log1p(-share))) > MOST_ROUNDS:
            told = f"sparsity {most:g} would take {needed} rounds of training"
            allowed = f"{1 - (1 - most) ** (1 / MOST_ROUNDS):.2g} or more, for {MOST_ROUNDS} rounds"
            yield ("pruning", "share_per_round"), f" = {share:g}: {told}; allowed: {allowed}"


def _is_saved(parameters: Parameters, step: Step) -> bool:
    """Tell whether training on all data sets saves weights at a step; the first epoch of each must be long enough."""
    training = {dataset: parameters.training_of(dataset) for dataset in parameters.study.networks_of}
    if not all(of_one.saves(step) for of_one in training.values()):
        return False
    trained = {
        dataset: parts(size, parameters.data)[2] - parameters.data.probe_samples
        for dataset, size in known(parameters).items()
    }
    return all(
        step.iteration < -(-count // training[dataset].batch_size)
        for dataset, count in trained.items()
        if step.iteration
    )


def _unfit_networks(parameters: Parameters) -> Mistakes:
    """Find networks that cannot read their data set."""
    sets, sizes = parameters.data.sets, known(parameters)
    for position, (dataset, network) in enumerate(parameters.study.pairs):
        described = parameters.networks[network]
        if isinstance(described, CustomNetwork | TrainedElsewhere):
            continue
        key, shown = ("study", "experiments", position), f" = '{dataset}/{network}'"
        reads_text, size, form = (
            isinstance(described, Transformer),
            sizes.get(dataset),
            parameters.data.entry(dataset).form,
        )
        if form == "tokens" and not reads_text:
            allowed = "a network of kind transformer, or a builder module:function"
            told = f"'{dataset}' is text, which '{network}' ({described.builder}) cannot read; allowed: {allowed}"
            yield key, f"{shown}: {told}"
        elif form in ("image", "vector") and reads_text:
            kinds = " or ".join(kind for kind, model in KINDS.items() if model.form == "tokens")
            texts = ", ".join(name for name, entry in sets.items() if entry.form == "tokens") or "none is given"
            told = f"'{network}' (transformer) reads text, not '{dataset}'"
            yield key, f"{shown}: {told}; allowed: names in data.sets of kind {kinds} ({texts})"
        elif size and (needed := described.misfit(size.shape)):
            inputs = " x ".join(map(str, size.shape))
            yield key, f"{shown}: '{network}' ({described.builder}) cannot read inputs of {inputs}: {needed}"


def _impossible_variations(parameters: Parameters) -> Mistakes:
    """Find widths and depths that a network to vary cannot have, at all or on the data sets of the study."""
    section, sizes = parameters.variations, known(parameters)
    changes: list[tuple[str, int, dict[str, Any]]] = [
        *(("widths", position, {"width": width}) for position, width in enumerate(section.widths)),
        *(("depths", position, {"depth": depth}) for position, depth in enumerate(section.depths)),
    ]
    for network in section.networks:
        shapes = [
            sizes[dataset].shape for dataset, other in parameters.study.pairs if other == network and dataset in sizes
        ]
        for key, position, change in changes:
            try:
                varied = parameters.networks[network].resized(**change)
                told = next(filter(None, map(varied.misfit, shapes)), "")
            except ValueError as error:
                told = str(error)
            if told:
                yield (
                    ("variations", key, position),
                    f" = {getattr(section, key)[position]:g}: '{network}' cannot be varied so: {told}; "
                    f"leave this out, or '{network}' of variations.networks",
                )


def _impossible_data_sets(parameters: Parameters) -> Mistakes:
    """Find data sets that cannot be made as their entries say."""
    for name, entry in parameters.data.sets.items():
        for key, told in entry.misfits():
            yield ("data", "sets", name, *key), told


def _pointless_counts(parameters: Parameters) -> Mistakes:
    """Find sparsities that remove nothing or everything, and more eigenvalues than there are."""
    sizes, wanted = known(parameters), parameters.curvature.eigenvalues
    for dataset, network in parameters.study.pairs:
        described = parameters.networks[network]
        count = weights(described, sizes[dataset]) if dataset in sizes else 0
        of = f"the {count} weights of '{network}' on '{dataset}'"
        for position, sparsity in enumerate(parameters.pruning.sparsities if count else ()):
            if not 0 < (removed := round(sparsity * count)) < count:
                told = f"{'leaves' if removed else 'removes'} none of {of}"
                allowed = f"{1 / count:.2g} to {1 - 1 / count:.6g}"
                yield ("pruning", "sparsities", position), f" = {sparsity:g}: {told}; allowed: {allowed}"
        if count and wanted > (most := elements(described, sizes[dataset])):
            told = f"more than '{network}' on '{dataset}' has parameters"
            yield ("curvature", "eigenvalues"), f" = {wanted}: {told}; allowed: 1 to {most}"


def _too_many_runs(parameters: Parameters) -> Mistakes:
    study, pruning = parameters.study, parameters.pruning
    drawn = [pruning.masks if draws(method_and_step(method)[0], ROOT) else 1 for method in pruning.methods]
    pruned = sum(drawn) * len(pruning.retraining) * len(pruning.sparsities)
    here = sum(len(networks) for networks in parameters.networks_of(elsewhere=False).values())
    varied = sum(len(parameters.variations.of(network)) for _, network in study.pairs)
    configurations = len(study.pairs) + here * pruned + varied
    blocks = ceil(study.seeds / study.seeds_per_block)
    if configurations * blocks > MOST_RUNS:
        yield (
            ("study", "seeds"),
            f" = {study.seeds}: with {configurations} configurations in {blocks} blocks of seeds the study has "
            f"{configurations * blocks} runs; allowed: {MOST_RUNS} (raise study.seeds_per_block)",
        )


def _too_large(parameters: Parameters) -> Mistakes:
    """Find what takes more memory than a job may have."""
    memory = parameters.compute.bytes
    for key, value, what, size in needs(parameters, known(parameters)):
        if size > memory:
            yield (
                key,
                f" = {value}: {what} would take {size / 1e9:,.3g} GB of memory or more; allowed: what takes less than "
                f"{memory / 1e9:,.3g} GB (compute.memory, or else what this machine has)",
            )


MISFITS = (
    _unfit_networks,
    _impossible_variations,
    _impossible_parts,
    _mistaken_methods,
    _unsaved_steps,
    _pointless_counts,
    _impossible_data_sets,
)
"""What finds parameters that do not go together, where all names stand for something and nothing is too large."""

EXCESSES = (_too_many_runs, _too_large, missing_checkpoints)
"""Checks that find parameters that ask for too much, or for what is not there."""
