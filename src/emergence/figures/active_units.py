"""Share of active units at each site over training."""

from matplotlib.figure import Figure

from emergence.drawing.bands import by_seed, draw_band, share_band
from emergence.drawing.inputs import Inputs, dense
from emergence.drawing.panels import Line, label_epochs, legend_above, percent_axis, wrapped_grid
from emergence.drawing.style import Style

TITLE = "Active units per site"
POSITION = 3
NEEDS = ("study", "emergence")
SECTIONS = ("C5",)
CAPTION = (
    "Share of active units at each site of the dense network over training; sites are in the order in which signals "
    "pass them, from dark to light. A unit is active where its absolute activation over {probe_samples} {samples} "
    "samples passes {threshold} (criterion: {criterion}). Lines are means over {seeds} seeds, bands their {confidence} "
    "% confidence intervals (Student's t, cut to possible values)."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment: the percentage of active units against epochs, one line per site of the "
    "dense network, with bands for the spread over seeds."
)


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment."""
    figure, panels = wrapped_grid(style, len(inputs.analyses))
    lines: dict[tuple[str, ...], list[Line]] = {}
    networks: dict[tuple[str, ...], list[str]] = {}
    for axes, (experiment, of_variant) in zip(panels, inputs.analyses.items(), strict=True):
        run = style.at_reference(dense(of_variant))
        sites = tuple(str(site) for site in run["site"].values)
        networks.setdefault(sites, []).append(experiment.network)
        lines[sites] = [{"color": colour, "label": site} for site, colour in style.shaded(sites).items()]
        epochs = dense(inputs.study[experiment])["step_epoch"].sel(step=run["step"])
        share = run["active_units"] / run["site_size"]
        for line in lines[sites]:
            draw_band(axes, epochs, share_band(by_seed(share.sel(site=line["label"])), style.confidence), **line)
        axes.set(title=str(experiment), ylim=(-0.02, 1.02))
        label_epochs(axes)
        percent_axis(axes, "active units (%)")
    titles = {sites: "site of " + ", ".join(dict.fromkeys(names)) for sites, names in networks.items()}
    legend_above(figure, {titles[s] if len(lines) > 1 else "site": of_sites for s, of_sites in lines.items()})
    return figure
