"""Density of the masks, layer by layer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import Variant
from emergence.drawing.bands import draw_band, range_band
from emergence.drawing.inputs import Inputs, all_variants
from emergence.drawing.log_axes import fit_log_axis
from emergence.drawing.panels import Line, legend_above, sparsity_shades, wrapped_grid
from emergence.drawing.style import Style

TITLE = "Density of the masks per layer"
POSITION = 14
NEEDS = ("densities", "dense")
SECTIONS = ("retraining",)
CAPTION = (
    "Share of the weights of each layer that is kept, from input to output, for each method and sparsity: as the mask "
    "says (solid lines), and in effect, that is on a path of kept weights from input to output (dashed). Lines are "
    "means over {seeds} seeds and the masks that a method draws for each, bands the range of the solid ones. The "
    "vertical axis is logarithmic and, so that an empty layer has its place, linear below a single weight of the "
    "largest layer. Networks pruned during training have no mask beforehand and are not shown."
)
ALTERNATIVE = (
    "Line charts, one panel per experiment and pruning method: density in percent on a logarithmic axis against the "
    "layers of the network, one colour per sparsity, solid as the mask says and dashed in effect."
)

KINDS: dict[str, Line] = {
    "kept": {"linestyle": "-", "marker": "o", "markersize": 4},
    "in effect": {"linestyle": (0, (2, 1.5)), "marker": "x", "markersize": 4},
}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one panel per experiment and method."""
    ways = list(
        dict.fromkeys((e, variant.method) for e, of_variant in inputs.analyses.items() for variant in of_variant)
    )
    figure, panels = wrapped_grid(style, len(ways), most=4)
    shades = sparsity_shades(style, all_variants(inputs.analyses))
    for axes, (experiment, method) in zip(panels, ways, strict=True):
        masks = defaultdict[float, list[xr.Dataset]](list)
        for variant, densities in inputs.analyses[experiment].items():
            if variant.method == method:
                masks[variant.sparsity].append(densities)
        for sparsity, of_sparsity in masks.items():
            joined = xr.concat(of_sparsity, "seed", data_vars="minimal", coords="minimal", compat="override")
            _draw_lines(axes, joined, shades[sparsity])
        axes.set(title=f"{experiment}\n{method}", xlabel="layer", ylabel="weights (%)")
    for experiment, of_variant in inputs.analyses.items():
        _scale([axes for axes, way in zip(panels, ways, strict=True) if way[0] == experiment], of_variant)
    colours: list[Line] = [{"color": shade, "label": f"{100 * share:g} %"} for share, shade in shades.items()]
    kinds: list[Line] = [{"color": "#606060", "label": name, **look} for name, look in KINDS.items()]
    legend_above(figure, {"sparsity": colours, "weights": kinds})
    return figure


def _draw_lines(axes: Axes, densities: xr.Dataset, colour: str) -> None:
    places, densities = range(densities.sizes["layer"]), densities.dropna("seed", how="all", subset=["density"])
    kept, effective = (100 * densities[n].transpose("seed", "layer").values for n in ("density", "effective_density"))
    draw_band(axes, places, range_band(kept), color=colour, **KINDS["kept"])
    axes.plot(places, effective.mean(0), color=colour, **KINDS["in effect"])


def _scale(panels: Sequence[Axes], of_variant: Mapping[Variant, xr.Dataset]) -> None:
    """Name the layers, and give the panels of an experiment the same vertical axis."""
    first = next(iter(of_variant.values()))
    fit_log_axis(panels, linear_below=100 / float(first["size"].max()))
    for axes in panels:
        names = [str(name).removesuffix(".weight") for name in first["layer"].values]
        axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 5 else 30)
        axes.margins(x=0.06)
