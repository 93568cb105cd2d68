"""Share of active units at each site over training."""

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.figures._bands import draw_over_epochs
from emergence.figures._inputs import Inputs, at_reference, dense
from emergence.figures._panels import label_epochs, percent_axis, wrapped_grid
from emergence.figures._style import Style

TITLE = "Active units per site"
POSITION = 3
NEEDS = ("study", "emergence")
CAPTION = (
    "Share of active units at each site of the dense network over training; sites are in the order in which "
    "signals pass them, from light to dark. A unit is active where its absolute activation over {probe_samples} "
    "probe samples passes {threshold} (criterion: {criterion}). Lines are means over {seeds} seeds, bands their "
    "{confidence} % confidence intervals (Student's t)."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: the percentage of active units against epochs, one line per site of "
    "the dense network, with bands for the spread over seeds."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    figure, panels = wrapped_grid(style, len(inputs.analyses))
    for axes, (experiment, of_variant) in zip(panels, inputs.analyses.items(), strict=True):
        run = at_reference(dense(of_variant), style.reference_threshold, style.reference_criterion)
        epochs = dense(inputs.study[experiment])["step_epoch"].sel(step=run["step"])
        _draw_sites(axes, run.assign_coords(step_epoch=epochs), style)
        axes.set_title(str(experiment))
        axes.set_ylim(-0.02, 1.02)
        label_epochs(axes)
        percent_axis(axes, "active units (%)")
    return figure


def _draw_sites(axes: Axes, run: xr.Dataset, style: Style) -> None:
    share = run["active_units"] / run["site_size"]
    sites = [str(site) for site in run["site"].values]
    for site, colour in zip(sites, style.shades(len(sites)), strict=True):
        draw_over_epochs(axes, run, share.sel(site=site), style.confidence, color=colour, label=site)
    columns = 1 + (len(sites) > 10)
    axes.legend(
        title="site", alignment="left", loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0, ncols=columns
    )
