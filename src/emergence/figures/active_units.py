"""Share of active units at each site over training."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from emergence.drawing.bands import by_seed, draw_band, share_band
from emergence.drawing.inputs import Inputs, at_reference, dense
from emergence.drawing.panels import Line, label_epochs, legend_above, percent_axis, wrapped_grid
from emergence.drawing.style import Style

TITLE = "Active units per site"
POSITION = 3
NEEDS = ("study", "emergence")
SECTIONS = ("C5",)
CAPTION = (
    "Share of active units at each site of the dense network over training; sites are in the order in which "
    "signals pass them, from dark to light. A unit is active where its absolute activation over {probe_samples} "
    "probe samples passes {threshold} (criterion: {criterion}). Lines are means over {seeds} seeds, bands their "
    "{confidence} % confidence intervals (Student's t, cut to possible values)."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: the percentage of active units against epochs, one line per site of "
    "the dense network, with bands for the spread over seeds."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    figure, panels = wrapped_grid(style, len(inputs.analyses))
    networks: dict[tuple[str, ...], list[str]] = {}
    for axes, (experiment, of_variant) in zip(panels, inputs.analyses.items(), strict=True):
        run = at_reference(dense(of_variant), style.reference_threshold, style.reference_criterion)
        sites = tuple(str(site) for site in run["site"].values)
        networks.setdefault(sites, []).append(experiment.network)
        epochs = dense(inputs.study[experiment])["step_epoch"].sel(step=run["step"])
        share = run["active_units"] / run["site_size"]
        for line in _lines(sites, style):
            draw_band(axes, epochs, share_band(by_seed(share.sel(site=line["label"])), style.confidence), **line)
        axes.set(title=str(experiment), ylim=(-0.02, 1.02))
        label_epochs(axes)
        percent_axis(axes, "active units (%)")
    legend_above(figure, {_title(networks, sites): _lines(sites, style) for sites in networks})
    return figure


def _lines(sites: Sequence[str], style: Style) -> list[Line]:
    return [{"color": colour, "label": site} for site, colour in zip(sites, style.shades(len(sites)), strict=True)]


def _title(networks: Mapping[tuple[str, ...], Sequence[str]], sites: tuple[str, ...]) -> str:
    """Name the networks whose sites these are, where not all have the same."""
    return "site" if len(networks) == 1 else "site of " + ", ".join(dict.fromkeys(networks[sites]))
