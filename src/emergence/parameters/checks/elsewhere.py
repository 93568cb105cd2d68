"""Checkpoints of other programs, as far as their names tell: whether all are there that a study needs."""

from collections.abc import Iterator, Sequence

from emergence.core.saved_steps import CONFIG, Saved, find, search
from emergence.core.steps import Step
from emergence.parameters import Parameters
from emergence.parameters.messages import Key

Mistakes = Iterator[tuple[Key, str]]


def steps_elsewhere(parameters: Parameters) -> dict[str, list[Step]]:
    """Return the steps at which other programs saved the networks of the study, by their names."""
    return {
        name: list(find(network.checkpoints, network.updates_per_epoch, search()))
        for name, network in parameters.elsewhere.items()
    }


def missing_checkpoints(parameters: Parameters) -> Mistakes:
    """Find networks trained elsewhere that lack a seed or a step, and folders that describe no model."""
    files = search()
    for name, network in parameters.elsewhere.items():
        if network.names_folder and not files.find(f"{network.model}/{CONFIG}"):
            allowed = "module:function, torchvision:NAME, timm:NAME, transformers:CLASS, or a folder of Hugging Face"
            told = f" = {network.model!r}: there is no file {files.places(f'{network.model}/{CONFIG}')}"
            yield ("networks", name, "model"), f"{told}; allowed: {allowed}"
        try:
            found = find(network.checkpoints, network.updates_per_epoch, files)
            told = _lacking(found, range(parameters.study.seeds))
        except ValueError as error:
            told = str(error)
        if told:
            yield ("networks", name, "checkpoints"), f" = {network.checkpoints!r}: {told}"


def _lacking(saved: Saved, seeds: Sequence[int]) -> str:
    """Say what a study of these seeds lacks; "" where nothing is missing."""
    there = sorted({seed for of_step in saved.values() for seed in of_step})
    if missing := [seed for seed in seeds if seed not in there]:
        return f"there are files of seeds {there}, and none of seed {missing[0]} (study.seeds is {len(seeds)})"
    for step, of_step in saved.items():
        if missing := [seed for seed in seeds if seed not in of_step]:
            whole = [str(other) for other, of_other in saved.items() if missing[0] in of_other]
            beside = next(iter(of_step.values()))
            return f"seed {missing[0]} lacks {step}, of which there is {beside}; it has {', '.join(whole)}"
    if Step(0) not in saved:
        return f"the first step is {next(iter(saved))}; claims compare with step 0, the network before its training"
    if not [step for step in saved if step.epoch and not step.iteration]:
        steps = ", ".join(map(str, saved))
        return f"no step ends an epoch ({steps}), and claims compare ends; allowed: updates_per_epoch that divides one"
    return ""
