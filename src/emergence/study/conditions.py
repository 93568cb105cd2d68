"""Of which subjects a setting, a job or a module of the table of rules is: read from parameters and runs alone."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from emergence.core.files import checksum
from emergence.core.plugins import module_of
from emergence.core.runs import L1_PENALISED, NONE, UNPRUNED, Run
from emergence.core.saved_steps import CONFIG, digest, find, search
from emergence.drawing.catalogue import entry_of, program_of
from emergence.parameters.checks.methods import scored_with
from emergence.parameters.landscape import EMERGENCE, NO_MEASURES, SHOWN
from emergence.parameters.pruning import method_and_step
from emergence.study.rules import Decide, Part

if TYPE_CHECKING:
    from emergence.study.plan import Plan


def is_pruned(plan: "Plan", run: Run) -> bool:
    """Tell whether a run's networks are pruned."""
    return run.method not in UNPRUNED


def is_trained_elsewhere(plan: "Plan", run: Run) -> bool:
    """Tell whether another program trained a run's networks."""
    return run.network in plan.parameters.elsewhere


def is_trained_here(plan: "Plan", run: Run) -> bool:
    """Tell whether a run's networks are trained, and not pruned."""
    return not is_pruned(plan, run) and not is_trained_elsewhere(plan, run)


def unless(condition: Decide) -> Decide:
    """Return the opposite of a condition."""
    return lambda plan, subject: not condition(plan, subject)


def is_tuned(plan: "Plan", run: Run) -> bool:
    """Tell whether the learning rate of a run is chosen, not given."""
    return plan.selection.tuned(run) is not None


def is_inhibited(plan: "Plan", run: Run) -> bool:
    """Tell whether units are inhibited in training as a variation."""
    return bool(run.variation.inhibition)


def is_penalised(plan: "Plan", run: Run) -> bool:
    """Tell whether a run trains with the penalty that l1_magnitude asks for."""
    return run.method == L1_PENALISED


def is_rewound(plan: "Plan", run: Run) -> bool:
    """Tell whether a run trains again from an early step."""
    return run.retraining == "rewind"


def is_pruned_in_training(plan: "Plan", run: Run) -> bool:
    """Tell whether a run's masks grow while it trains."""
    return run.method not in UNPRUNED and run.retraining == NONE


def is_sampled(plan: "Plan", run: Run) -> bool:
    """Tell whether the landscape of one of a run's seeds is sampled."""
    return bool(plan.selection.sampled_seeds(run))


def is_trained_on(plan: "Plan", run: Run) -> bool:
    """Tell whether copies of a run's networks can be trained on: of those trained elsewhere, if it is known how."""
    elsewhere = plan.parameters.elsewhere.get(run.network)
    return is_sampled(plan, run) and (elsewhere is None or elsewhere.training is not None)


def samples_emergence(plan: "Plan", run: Run) -> bool:
    """Tell whether emergence is sampled in landscapes."""
    return EMERGENCE in plan.parameters.landscape.metrics


def is_examined(plan: "Plan", run: Run) -> bool:
    """Tell whether networks on a run's data set can be examined for what they know."""
    return plan.parameters.data.entry(run.dataset).learnt_as != ""


def has_skills(plan: "Plan", subject: str) -> bool:
    """Tell whether there is something known to learn in the study."""
    return bool({name for name, _ in plan.parameters.study.pairs} & plan.parameters.data.with_skills)


def is_animated(plan: "Plan", figure: str) -> bool:
    """Tell whether a figure has an animation: two frames are none."""
    steps = plan.parameters.landscape.steps
    return entry_of(figure).animated and (steps is None or len(steps) > 2)


def scoring_keys(plan: "Plan", run: Run) -> Iterable[str]:
    """Name the keys of pruning.scoring that a run's method uses."""
    return scored_with(method_and_step(run.method)[0], plan.root)


def sampled_seeds(plan: "Plan", run: Run) -> Mapping[str, Any]:
    """Derive the seeds whose landscape is sampled."""
    return {"seeds": plan.selection.sampled_seeds(run)}


def sampled_places(plan: "Plan", run: Run) -> Mapping[str, Any]:
    """Derive the seeds whose landscape is sampled, on which planes and what; slices alone of what C6 adds."""
    landscape = plan.parameters.landscape
    planes, metrics = (landscape.planes, landscape.metrics) if run in plan.selection.reference else ([], [*SHOWN])
    return {**sampled_seeds(plan, run), "planes": planes, "metrics": metrics}


def saved_elsewhere(plan: "Plan", run: Run) -> Mapping[str, Any]:
    """Derive the checksums of the checkpoints that another program saved, and of what describes the model."""
    described = plan.parameters.elsewhere[run.network]
    found = find(described.checkpoints, described.updates_per_epoch, search())
    files = {
        str(step): {str(seed): digest(file) for seed, file in of_seeds.items() if seed in run.seeds}
        for step, of_seeds in found.items()
    }
    folder = search().find(described.model) if described.names_folder else None
    return {"files": files, **({"model": checksum(folder / CONFIG)} if folder else {})}


def judging(plan: "Plan", subject: str) -> Mapping[str, Any]:
    """Derive the way of pruning by which claims are judged, and how the study stands to its registration."""
    return {**way_of_reference(plan, subject), **registered(plan, subject)}


def partial(plan: "Plan", subject: str) -> Mapping[str, Any]:
    """Derive how much of the study there is; nothing where that is all."""
    return {"unfinished": plan.unfinished} if plan.unfinished else {}


def reporting(plan: "Plan", subject: str) -> Mapping[str, Any]:
    """Derive what the report says of the study as a whole."""
    return {**registered(plan, subject), **partial(plan, subject)}


def registered(plan: "Plan", subject: str) -> Mapping[str, Any]:
    """Derive how the study stands to the registration that it names; nothing where it names none."""
    return {"registration": plan.registration} if plan.registration else {}


def way_of_reference(plan: "Plan", subject: str) -> Mapping[str, Any]:
    """Derive the way of pruning by which claims are judged: the first."""
    method, retraining = plan.selection.ways_of_pruning[0]
    return {"reference_method": method, "reference_retraining": retraining}


def look_of_reference(plan: "Plan", figure: str) -> Mapping[str, Any]:
    """Derive the way of pruning of reference and the weights from which networks so pruned are trained."""
    way = way_of_reference(plan, figure)
    pruned = replace(plan.selection.reference[-1], retraining=way["reference_retraining"])
    return {**way, "reference_start": pruned.start(plan.parameters.pruning.rewind_to), **partial(plan, figure)}


def not_of_samples(plan: "Plan", dataset: str) -> Iterable[str]:
    """Name the options of a data set on which its samples do not depend."""
    return plan.parameters.data.entry(dataset).not_of_samples


def loading(plan: "Plan", dataset: str) -> Iterable[str]:
    """Name the code that loads a data set."""
    return plan.parameters.data.entry(dataset).code("load")


def examining(plan: "Plan", run: Run) -> Iterable[str]:
    """Name the code that builds a run's networks and examines them."""
    return (*building(plan, run), *plan.parameters.data.entry(run.dataset).code("skills"))


def building(plan: "Plan", run: Run) -> Iterable[str]:
    """Name the code that builds a run's networks."""
    elsewhere = plan.parameters.elsewhere.get(run.network)
    own = [elsewhere.program] if elsewhere and elsewhere.program else []
    return (module_of("networks", plan.parameters.networks[run.network].builder), *own)


def building_and_pruning(plan: "Plan", run: Run) -> Iterable[str]:
    """Name the modules that build a run's networks and prune them while they train."""
    pruning = (module_of("pruning", run.method),) if is_pruned_in_training(plan, run) else ()
    return (*building(plan, run), *pruning)


def pruning(plan: "Plan", run: Run) -> Iterable[str]:
    """Name the module of a run's pruning method."""
    return (module_of("pruning", method_and_step(run.method)[0]),)


def measuring(plan: "Plan", run: Run) -> Iterable[str]:
    """Name the modules that build a run's networks and measure them."""
    return (*building(plan, run), *(module_of("measures", name) for name in plan.parameters.measures.names))


def measured(plan: "Plan", run: Run) -> Mapping[str, Part]:
    """Derive the parts of the measures of a run's networks: each measure."""
    return {
        name: Part({"measures": {"names": [name]}}, (*building(plan, run), module_of("measures", name)))
        for name in plan.parameters.measures.names
    }


def sampling(plan: "Plan", run: Run) -> Iterable[str]:
    """Name the modules that build a run's networks and measure what is sampled around them."""
    measures = [name for name in plan.parameters.landscape.metrics if name not in NO_MEASURES]
    return (*building(plan, run), *(module_of("measures", name) for name in measures))


def drawing(plan: "Plan", figure: str) -> Iterable[str]:
    """Name the module that draws a figure."""
    return (module_of("figures", program_of(figure)),)
