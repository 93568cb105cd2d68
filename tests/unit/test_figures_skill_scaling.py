"""What the figures of skills over samples and over units show, read back from the drawn objects."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes

from emergence.core.runs import UNVARIED, Experiment, Variant, Variation
from emergence.drawing.inputs import Inputs
from emergence.statistics.estimate import mean_interval
from emergence.testbeds.sparse_parity import SkillLearner, SparseParity
from tests.figure_drawing import STYLE, drawn, panels

TASK = SparseParity(skills=3, alpha=0.6)
LEARNER = SkillLearner(1.0, 0.5, samples_per_skill=300, parameters_per_skill=6)
SIZES = (100, 200, 400, 800, 1600)
WIDTHS = {0.125: 2, 0.25: 4, 0.5: 8, 1: 16, 2: 32}
SEEDS = 4


def run(strengths: np.ndarray, samples: float = 1000, units: float = 16, random: float = 0) -> xr.Dataset:
    ends = strengths + np.random.default_rng(0).normal(0, 0.02, (SEEDS, 1))
    numbers = {"training_samples": samples, "hidden_units": units, "random_answers": random}
    numbers |= {"random_bits": 15, "relevant_bits": 3}
    return xr.Dataset(
        {
            "skill_strength": (("seed", "step", "skill"), np.stack([0 * ends, ends], axis=1)),
            "skill_frequency": ("skill", TASK.frequencies),
            **{name: ((), float(value)) for name, value in numbers.items()},
        },
        {"skill": [1, 2, 3]},
    )


def of_samples(strengths: float = 1.0) -> dict[Experiment, dict[Variant, xr.Dataset]]:
    """Data sets of several sizes, strengths as in closed form times a factor, and some that have no part in them."""
    runs = {
        Experiment(f"parity_{size}", "wide"): run(strengths * LEARNER.over_data(size * TASK.frequencies), samples=size)
        for size in SIZES
    }
    runs[Experiment("parity_1600", "mlp")] = run(np.ones(3), samples=1600)
    runs[Experiment("control", "wide")] = run(np.zeros(3), samples=50, random=1)
    return {experiment: {Variant("dense", 0.0): data} for experiment, data in runs.items()}


def of_widths() -> Inputs:
    skills = np.arange(1, TASK.skills + 1)
    varied = {
        Variation(width=width): run(LEARNER.over_parameters(units, skills), units=units)
        for width, units in WIDTHS.items()
    }
    others = {Variation(depth=1): run(np.zeros(3), units=48), Variation(alpha=2.0): run(np.zeros(3))}
    control = {UNVARIED: run(np.zeros(3), random=1)}
    return Inputs(varied={Experiment("parity", "mlp"): varied | others, Experiment("control", "mlp"): control})


def lines(axes: Axes, style: str) -> list:
    return [line for line in axes.get_lines() if line.get_linestyle() == style and len(line.get_xdata()) > 1]


@pytest.mark.parametrize(
    ("name", "inputs", "sizes"),
    [
        ("skill_strengths_over_data", Inputs(study=of_samples()), list(SIZES)),
        ("skill_strengths_over_width", of_widths(), list(WIDTHS.values())),
    ],
)
def test_lines_are_means_at_the_last_step_and_dots_are_seeds(name: str, inputs: Inputs, sizes: list[int]) -> None:
    (axes,) = panels(drawn(name, inputs))
    means = lines(axes, "-")
    assert [line.get_xdata().tolist() for line in means] == [sizes] * TASK.skills
    measured = {Experiment(*name): list(runs.values()) for name, runs in (inputs.study or inputs.varied).items()}
    runs = [of_one[0] for of_one in measured.values()] if inputs.study else measured[Experiment("parity", "mlp")]
    for skill, (line, band) in enumerate(zip(means, axes.collections, strict=True)):
        values = [data["skill_strength"][:, -1, skill].values for data in runs[: len(sizes)]]
        np.testing.assert_allclose(line.get_ydata(), [of_size.mean() for of_size in values])
        intervals = np.array([mean_interval(of_size, STYLE.confidence) for of_size in values])
        edges = band.get_paths()[0].vertices  # type: ignore[attr-defined]
        assert edges[:, 1].max() == pytest.approx(min(intervals[:, 2].max(), 1))
        dots = [line for line in axes.get_lines() if line.get_marker() == "."][skill * len(sizes) :]
        for dot, of_size in zip(dots, values, strict=False):
            np.testing.assert_allclose(dot.get_ydata(), of_size)


def test_the_closed_form_over_samples_passes_the_first_skill_where_it_has_half_its_strength() -> None:
    (axes,) = panels(drawn("skill_strengths_over_data", Inputs(study=of_samples())))
    first, mean = lines(axes, "--")[0], lines(axes, "-")[0]
    measured = np.exp(np.interp(0.5, mean.get_ydata(), np.log(mean.get_xdata())))
    assert np.interp(0.5, first.get_ydata(), first.get_xdata()) == pytest.approx(measured, rel=0.02)
    assert len(lines(axes, "--")) == TASK.skills
    constant = measured * TASK.frequencies[0] / 0.75
    expected = f"parity_100 to parity_1600, wide\nclosed form: $D_c$ = {constant:.0f} samples of a skill"
    assert axes.get_title("left") == expected


def test_the_closed_form_over_units_has_the_constant_that_strengths_were_made_with() -> None:
    (axes,) = panels(drawn("skill_strengths_over_width", of_widths()))
    assert axes.get_title("left") == "parity, mlp\nclosed form: $N_c$ = 6 units"
    for skill, line in enumerate(lines(axes, "--"), start=1):
        np.testing.assert_allclose(line.get_ydata(), LEARNER.over_parameters(line.get_xdata(), skill))


def test_networks_that_never_learn_the_first_skill_have_no_closed_form() -> None:
    (axes,) = panels(drawn("skill_strengths_over_data", Inputs(study=of_samples(strengths=0.1))))
    assert not lines(axes, "--") and axes.get_title("left").endswith("closed form: none")
    assert len(lines(axes, "-")) == TASK.skills


def test_emergence_times_have_an_empty_panel_for_networks_that_learn_no_skill() -> None:
    along = ("experiment", "skill")
    times = xr.DataArray([[[1.0, 1.5], [4.0, 4.5]], [[np.nan] * 2] * 2], dims=(*along, "seed"), name="emergence_time")
    numbers = {f"emergence_time_{end}": (along, times.mean("seed").values) for end in ("mean", "low", "high")}
    slopes = {f"slope_{end}": ("experiment", [1.6, np.nan]) for end in ("mean", "low", "high")}
    predicted = {"predicted_time": (along, [[1.0, 4.0], [np.nan] * 2]), "predicted_slope": ("experiment", [1.6, 1.6])}
    named = {"experiment": ["many/mlp", "few/mlp"], "skill": ["1", "2"]}
    scores = xr.Dataset({"emergence_time": times, **numbers, **slopes, **predicted}, named)
    learnt, nothing = panels(drawn("skill_times", Inputs(conclusions={"scoreboard": scores})))
    assert any(len(line.get_xdata()) for line in learnt.get_lines())
    assert not any(len(line.get_xdata()) for line in nothing.get_lines())
    assert nothing.get_title("left") == "few, mlp\nclosed form 1.60"
