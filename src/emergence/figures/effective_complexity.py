"""Effective complexity over training."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from emergence.drawing.bands import by_seed, draw_band, share_band, with_interval
from emergence.drawing.inputs import Inputs, all_variants
from emergence.drawing.panels import label_epochs, legend_above, say_empty, variant_lines, wrapped_grid
from emergence.drawing.style import Style

TITLE = "Effective complexity over training"
POSITION = 18
NEEDS = ("study", "claims")
SECTIONS = ("C8",)
CAPTION = (
    "Effective complexity, the share of the variance of a network's outputs that no affine function of its inputs "
    "explains, over training, per sparsity. Lines are means over {seeds} seeds, bands their {confidence} % confidence "
    "intervals (Student's t, cut to possible values). Above each panel stands what decides claim C8 for the dense "
    "network: the change in the first {early} % of training."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: effective complexity against epochs, one colour per sparsity, with bands "
    "for the spread over seeds and the early change written above."
)
MEASURE = "effective_complexity"


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    figure, panels = wrapped_grid(style, len(inputs.study))
    lines = variant_lines(style, all_variants(inputs.study))
    tests = inputs.claims["C8"]["experiments"]
    for axes, (experiment, of_variant) in zip(panels, inputs.study.items(), strict=True):
        measured = {variant: run for variant, run in of_variant.items() if MEASURE in run}
        for variant, run in measured.items():
            band = share_band(by_seed(run[MEASURE]), style.confidence)
            draw_band(axes, run["step_epoch"], band, **lines[variant])
        if not measured:
            say_empty(axes, "not measured")
        axes.set(title=f"{experiment}\n{_early_change(tests.get(experiment.name))}", ylabel="effective complexity")
        label_epochs(axes)
    legend_above(figure, {"sparsity": list(lines.values())})
    return figure


def _early_change(found: Mapping[str, Any] | None) -> str:
    if found is None or found["estimate"] is None:
        return "early change unknown"
    ends = (found[key] for key in ("estimate", "interval_low", "interval_high"))
    return f"early change {with_interval(*ends, sign='+')}"
