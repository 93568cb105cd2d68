"""Figures of a recording: values over steps, one panel each, and landscapes."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from emergence.core.arrays import Integers
from emergence.drawing.landscapes import add_loss_bar, draw_contours, loss_scale, plane_grid
from emergence.drawing.panels import DASHES, Line, legend_above, say_empty, settle, wrapped_grid
from emergence.drawing.style import Style
from emergence.recording.courses import LANDSCAPE_STEP, STEP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMED, MOST_PLANES = 8, 6
"""Lines that a legend names, and landscapes that are shown."""

MOST_MARKED = 30
"""Records that are marked as points on their lines."""

COUNTED = {
    "log10_emergence": (
        "Emergence",
        r"$\log_{10}$ E (paths)",
        "paths from inactive to active units, where there are any",
    ),
    "normalised_emergence": ("Normalised emergence", "share of all paths", "emergence as a share of all paths"),
}
"""Title, axis and meaning of what is counted."""

Lines = Mapping[str, tuple[xr.DataArray, Line]]
"""Values (step) and look of lines by their labels."""


@dataclass(frozen=True)
class Picture:
    """A figure as a page shows it: `uri` holds a whole SVG file."""

    title: str
    caption: str
    alternative: str
    uri: str


def draw_pictures(data: xr.Dataset, reference: xr.Dataset, single: Mapping[str, str]) -> list[Picture]:
    """Return all figures of a recording.

    `reference` is the recording at the choice of counting that active units are shown for; `single` names the variables
    that have no such choice, each with what it means.
    """
    threshold, criterion = reference["threshold"].item(), reference["criterion"].item()
    style = Style(
        reference_threshold=threshold,
        reference_criterion=criterion,
        confidence=0.95,
        convergence_share=0.95,
        panel_width=4.0,
        panel_height=2.7,
    )
    with style.active():
        courses = [_single(data[name], meaning, style) for name, meaning in single.items()]
        planes = _planes(data, style) if LANDSCAPE_STEP in data.dims else []
        return [*_counted(data, style), _active(reference, style), *courses, *planes]


def _counted(data: xr.Dataset, style: Style) -> Iterator[Picture]:
    """Draw emergence and its normalised form: a panel per criterion, a line per threshold and kind of paths."""
    shades = style.shaded([float(threshold) for threshold in data["threshold"].values])
    dashes = dict(zip(data["through"].values, DASHES, strict=False))
    for name, (title, label, meaning) in COUNTED.items():
        for criterion in data["criterion"].values:
            lines: Lines = {
                f"{threshold:g}" + (f", {kind}" if len(dashes) > 1 else ""): (
                    data[name].sel(criterion=criterion, threshold=threshold, through=kind),
                    {"color": shade, "linestyle": dash},
                )
                for kind, dash in dashes.items()
                for threshold, shade in shades.items()
            }
            caption = f"{meaning}, by threshold of activity (criterion: {criterion})."
            yield _course(style, f"{title} ({criterion})", caption, label, lines, "threshold")


def _active(data: xr.Dataset, style: Style) -> Picture:
    share = 100 * data["active_units"] / data["site_size"]
    shades = style.shaded([str(site) for site in data["site"].values])
    lines: Lines = {site: (share.sel(site=site), {"color": shade}) for site, shade in shades.items()}
    caption = (
        f"share of active units at each site (threshold {data['threshold'].item():g}, criterion: "
        f"{data['criterion'].item()}); from dark to light in the order in which signals pass the sites."
    )
    return _course(style, "Active units", caption, "active units (%)", lines, "site")


def _single(values: xr.DataArray, meaning: str, style: Style) -> Picture:
    """Draw a number, or several along a dimension of their own."""
    name = str(values.name).removeprefix("probe_").replace("_", " ")
    (legend,) = [str(dim) for dim in values.dims if dim != STEP] or [""]
    unit = "" if values.attrs["units"] == "1" else f" ({values.attrs['units']})"
    lines: Lines = {"": (values, {"color": style.colour(0)})}
    if legend:
        shades = style.shaded([str(part) for part in values[legend].values])
        lines = {part: (values.sel({legend: part}), {"color": shade}) for part, shade in shades.items()}
    return _course(style, name[0].upper() + name[1:], meaning, name + unit, lines, legend)


def _course(style: Style, title: str, caption: str, label: str, lines: Lines, legend: str) -> Picture:
    """Draw values over steps."""
    figure, (axes,) = wrapped_grid(style, 1, most=1)
    for values, line in lines.values():
        axes.plot(values[STEP], values, marker="o" * (values.sizes[STEP] <= MOST_MARKED), markersize=2.5, **line)
    if not any(np.isfinite(values).any() for values, _ in lines.values()):
        say_empty(axes, "no value at any step")
    axes.set(xlabel="step", ylabel=label)
    if len(lines) > 1:
        entries = [{**line, "label": name} for name, (_, line) in lines.items()]
        legend_above(figure, {legend: [entries[place] for place in _spread(len(entries), MOST_NAMED)]})
    return _picture(figure, title, caption[0].upper() + caption[1:], f"Line chart over steps: {caption}")


def _planes(data: xr.Dataset, style: Style) -> Iterator[Picture]:
    """Draw the loss around the weights at some steps, in one scale."""
    places = _spread(data.sizes[LANDSCAPE_STEP], MOST_PLANES)
    planes = [data.isel({LANDSCAPE_STEP: place}) for place in places]
    scale = loss_scale(planes)
    for plane in planes:
        figure, ((axes,),) = plane_grid(style, [1], named=True)
        draw_contours(axes, plane, scale, style)
        add_loss_bar([axes], scale, style)
        settle(figure)
        step = plane[LANDSCAPE_STEP].item()
        caption = (
            f"Loss on the probe samples on a plane in two random directions around the weights at step {step} (cross); "
            "directions are as long as the weights, filter by filter. Colours are the same at all steps."
        )
        yield _picture(figure, f"Loss landscape, step {step}", caption, f"Contour map. {caption}")


def _picture(figure: "Figure", title: str, caption: str, alternative: str) -> Picture:
    file = BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    uri = f"data:image/svg+xml;base64,{b64encode(file.getvalue()).decode()}"
    return Picture(title, caption, alternative, uri)


def _spread(count: int, most: int) -> Integers:
    """Return at most so many places among `count`, spread evenly, the first and last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
