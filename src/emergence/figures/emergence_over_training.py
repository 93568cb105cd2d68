"""Emergence and relative emergence over training, one line per sparsity."""

from matplotlib.figure import Figure

from emergence.drawing.bands import amount_band, by_seed, draw_band
from emergence.drawing.inputs import ONE_PATH, Inputs, all_variants, one_path_per_parameter
from emergence.drawing.log_axes import fit_log_axis
from emergence.drawing.panels import grid, label_epochs, legend_above, variant_lines
from emergence.drawing.style import Style

TITLE = "Emergence over training"
POSITION = 2
NEEDS = ("study",)
SECTIONS = ("C5",)
CAPTION = (
    "Emergence E, the number of directed paths from inactive to active units (left), and relative emergence, E per "
    "non-zero parameter (right), over training, per sparsity. A unit is active where its absolute activation over "
    "{probe_samples} {samples} samples passes {threshold} (criterion: {criterion}). Lines are means over {seeds} "
    "seeds, bands their {confidence} % confidence intervals (Student's t, cut at zero). Vertical axes are logarithmic "
    "and, so that zero has its place, linear below the value of a single path in the dense network."
)
ALTERNATIVE = (
    "Line charts on logarithmic axes, one row per experiment: emergence on the left and emergence per non-zero "
    "parameter on the right, against epochs, one colour per sparsity, with bands for the spread over seeds."
)

QUANTITIES = {
    "emergence": "emergence E (paths)",
    "relative_emergence": "relative emergence\n(paths per parameter)",
}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row per experiment: emergence and relative emergence."""
    figure, panels = grid(style, len(inputs.study), len(QUANTITIES))
    lines = variant_lines(style, all_variants(inputs.study))
    for row, (experiment, of_variant) in zip(panels, inputs.study.items(), strict=True):
        smallest = (ONE_PATH, one_path_per_parameter(of_variant))
        for axes, (quantity, label), linear_below in zip(row, QUANTITIES.items(), smallest, strict=True):
            for variant, run in of_variant.items():
                band = amount_band(by_seed(style.at_reference(run)[quantity]), style.confidence)
                draw_band(axes, run["step_epoch"], band, **lines[variant])
            axes.set(title=str(experiment), ylabel=label)
            label_epochs(axes)
            fit_log_axis([axes], linear_below=linear_below)
    legend_above(figure, {"sparsity": list(lines.values())})
    return figure
