"""Strength of each skill over the number of hidden units, with the prediction in closed form."""

from matplotlib.figure import Figure

from emergence.core.runs import Variation
from emergence.drawing.inputs import Inputs
from emergence.drawing.skill_scaling import draw_scalings
from emergence.drawing.style import Style
from emergence.statistics.skill_scaling import UNITS, Scaling, can_learn_skills
from emergence.testbeds.sparse_parity.closed_form import SkillLearner

TITLE = "Skills over the number of hidden units"
POSITION = 63
NEEDS = ("study", "skills_over_width")
SECTIONS = ("scoreboard",)
CAPTION = (
    "Strength of each skill of multitask sparse parity after all training, over the number of hidden units N of dense "
    "networks that differ in width alone: 0 where the network knows nothing of the skill, 1 where it answers rightly "
    "with certainty, measured on {skill_samples} fresh samples per skill. Dots are seeds, lines their means over "
    "{seeds} seeds, bands {confidence} % confidence intervals. Dashed: closed form (Nam et al. 2024), in which "
    "frequent skills take their units first. Its one constant N_c, the units that a skill takes, is that with which "
    "the first skill has strength 0.5 where the line of its means has, rounded to a whole number. Skills are numbered "
    "from the most frequent one."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: strength of each skill over the number of hidden units on a logarithmic "
    "axis, rising from 0 to 1 one skill after another, with dashed curves predicted in closed form."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment whose data set has skills."""
    scalings = {}
    for experiment, runs in inputs.varied.items():
        widths = [run for way, run in runs.items() if way == Variation(width=way.width) and can_learn_skills(run)]
        if widths:
            scalings[str(experiment)] = Scaling.over(UNITS, widths)
    return draw_scalings(
        scalings,
        "hidden units, N",
        closed_form,
        lambda learner, units, skill, _: learner.over_parameters(units, skill),
        style,
    )


def closed_form(scaling: Scaling) -> tuple[SkillLearner, str]:
    """Return the learner whose constant is that of the first skill, and the constant in words."""
    learner = scaling.parameters_learner()
    return learner, f"$N_c$ = {learner.parameters_per_skill} units"
