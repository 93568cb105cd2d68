"""Strength of each skill over the number of training samples, with the prediction in closed form."""

import xarray as xr
from matplotlib.figure import Figure

from emergence.core.runs import Experiment
from emergence.drawing.inputs import Inputs, dense_runs
from emergence.drawing.skill_scaling import draw_scalings
from emergence.drawing.style import Style
from emergence.statistics.skill_scaling import SAMPLES, Scaling, can_learn_skills, same_task
from emergence.testbeds.sparse_parity.closed_form import SkillLearner

TITLE = "Skills over the number of samples"
POSITION = 62
NEEDS = ("study", "skills_over_data")
SECTIONS = ("scoreboard",)
CAPTION = (
    "Strength of each skill of multitask sparse parity in the dense network after all training, over the number of "
    "samples D that it was trained on, from data sets that differ in nothing else: 0 where the network knows nothing "
    "of the skill, 1 where it answers rightly with certainty, measured on {skill_samples} fresh samples per skill. "
    "Dots are seeds, lines their means over {seeds} seeds, bands {confidence} % confidence intervals; seeds share the "
    "samples. Dashed: closed form (Nam et al. 2024). Its one constant D_c, the samples of a skill that are enough to "
    "learn it completely, is that with which the first skill has strength 0.5 where the line of its means has; of the "
    "others it knows only how often they are asked for. Skills are numbered from the most frequent one."
)
ALTERNATIVE = (
    "Line charts, one panel per network: strength of each skill over the number of training samples on a logarithmic "
    "axis, rising from 0 to 1 one skill after another, with dashed curves predicted in closed form."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per network and task."""
    groups: dict[tuple[object, ...], dict[Experiment, xr.Dataset]] = {}
    for experiment, run in dense_runs(inputs.study).items():
        if can_learn_skills(run):
            groups.setdefault((experiment.network, same_task(run)), {})[experiment] = run
    scalings = {_title(list(group)): Scaling.over(SAMPLES, group.values()) for group in groups.values()}
    return draw_scalings(
        scalings,
        "samples of the training part, D",
        closed_form,
        lambda learner, samples, _, frequency: learner.over_data(samples * frequency),
        style,
    )


def closed_form(scaling: Scaling) -> tuple[SkillLearner, str]:
    """Return the learner whose constant is that of the first skill, and the constant in words."""
    learner = scaling.data_learner()
    return learner, f"$D_c$ = {learner.samples_per_skill:.0f} samples of a skill"


def _title(group: list[Experiment]) -> str:
    names = [experiment.dataset for experiment in group]
    return f"{names[0]} to {names[-1]}, {group[0].network}" if len(names) > 1 else str(group[0])
