"""Measure how well a run's networks know each skill of multitask sparse parity, and what measures of them cost."""

import torch
import xarray as xr
from emergence.measure_costs import measure_passes
from torch import nn

from emergence.jobs import Checkpoints, JobFile, job
from emergence.parameters.data import Parity
from emergence.testbeds.sparse_parity.classifier import examine, hidden_units, questions
from emergence.testbeds.sparse_parity.described import task_of


@job
def measure_skills(given: JobFile, run: Checkpoints) -> xr.Dataset:
    parity = Parity.model_validate(given.setting("data", "parities", given.of_run.dataset))
    task = task_of(parity)
    asked = questions(task, given.setting("scoreboard", "samples"), given.setting("scoreboard", "seed"))
    asked = asked._replace(
        inputs=run.data.normalise(asked.inputs.to(run.device)), parities=asked.parities.to(run.device)
    )
    last = run.network(run.seeds[0], run.steps[-1])
    once = {
        "skill_frequency": ("skill", task.frequencies, "share of samples that ask for the skill"),
        "random_answers": ((), float(parity.random_answers), "1 where answers or words are random"),
        "random_bits": ((), float(parity.bits), "random bits of a sample"),
        "relevant_bits": ((), float(parity.relevant_bits), "random bits whose parity is the answer"),
        "training_samples": ((), float(len(run.data.part("train")[0])), "samples of the training part"),
        "hidden_units": ((), float(hidden_units(last)), "units of all fully connected layers but the last"),
    }

    def measure(network: nn.Module, seed: int) -> xr.Dataset:
        strength, accuracy = torch.stack(examine(network, asked)).double().cpu().numpy()
        texts = {
            "skill_strength": (strength, "how well the network knows the skill: 0 not at all, 1 for certain"),
            "skill_accuracy": (accuracy, "share of right answers among samples that ask for the skill"),
        }
        found = {name: ("skill", values, {"units": "1", "long_name": text}) for name, (values, text) in texts.items()}
        return xr.Dataset(found, {"skill": range(1, task.skills + 1)})

    found = {name: (dims, values, {"units": "1", "long_name": text}) for name, (dims, values, text) in once.items()}
    passes = measure_passes(last, run.data, given.setting("measures", "names"))
    return run.each(measure).assign(found).assign(measure_passes=passes)
