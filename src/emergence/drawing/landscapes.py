"""Views of the loss on planes: their grid, contours, scale and colour bar."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from emergence.core.arrays import Floats
from emergence.core.runs import Variant
from emergence.drawing.log_axes import Range, log_ticks
from emergence.drawing.style import Style

TRAJECTORY = "trajectory"

LEVELS = 15
"""Contour lines, the ends of the scale among them."""

MOST_COLUMNS = 6
"""Panels side by side; more go on below."""


def plane_grid(
    style: Style, counts: Sequence[int], projection: str | None = None, named: bool = False
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure of square panels and these in groups of `counts`, each group on rows of its own.

    `named` writes beside all panels what their axes are.
    """
    columns = min(max(counts), MOST_COLUMNS)
    lines = [-(-count // columns) for count in counts]
    width = style.panel_width * min(columns, 3)
    bar, titles = 12 * style.font_size / 72, 4.5 * style.font_size / 72
    figure = Figure(figsize=(width, sum(lines) * ((width - bar) / columns + titles)), layout="constrained")
    starts = [columns * sum(lines[:group]) for group in range(len(counts))]
    groups = [
        [figure.add_subplot(sum(lines), columns, start + place + 1, projection=projection) for place in range(count)]
        for start, count in zip(starts, counts, strict=True)
    ]
    if named:
        figure.supxlabel("multiple of direction 1", fontsize=style.font_size)
        figure.supylabel("multiple of direction 2", fontsize=style.font_size)
    return figure, groups


def last_planes(of_variant: Mapping[Variant, xr.Dataset], name: str | None = None) -> dict[Variant, xr.Dataset]:
    """Return what was sampled on a plane at the last step of each variant's first seed."""
    return {variant: plane_of(data, name).isel(step=-1) for variant, data in of_variant.items()}


def plane_of(data: xr.Dataset, name: str | None = None) -> xr.Dataset:
    """Return what was sampled of the first seed on the plane `name`, or on the first plane where there is no such."""
    of_seed = data.isel(seed=0)
    return of_seed.sel(plane=name) if name in of_seed["plane"] else of_seed.isel(plane=0)


def loss_scale(planes: Iterable[xr.Dataset]) -> Range:
    """Return the lowest and highest loss of all planes; losses of zero and infinity are left out."""
    values = np.concatenate([plane["plane_loss"].values.ravel() for plane in planes])
    usable = values[np.isfinite(values) & (values > 0)]
    low, high = (float(usable.min()), float(usable.max())) if usable.size else (0.1, 1.0)
    return low, max(high, 1.01 * low)


def draw_contours(axes: Axes, plane: xr.Dataset, scale: Range, style: Style, lines: Range | None = None) -> None:
    """Draw the loss (alpha, beta) on a plane, with a cross at its centre; lines span the scale or a part of it."""
    levels = np.geomspace(*scale, LEVELS)
    alpha, beta = plane["alpha"].values, plane["beta"].values
    shown = np.clip(plane["plane_loss"].transpose("beta", "alpha").values, *scale)
    axes.contourf(alpha, beta, shown, levels=levels, norm=LogNorm(*scale), cmap=style.colour_map)
    axes.contour(
        alpha, beta, shown, levels=np.geomspace(*(lines or scale), LEVELS), colors="white", linewidths=0.4, alpha=0.6
    )
    axes.plot(0, 0, marker="+", color="white", markersize=7, markeredgewidth=1.4)
    axes.set(aspect="equal", xticks=corner_ticks(alpha), yticks=corner_ticks(beta))
    axes.grid(False)


def add_loss_bar(panels: Sequence[Axes], scale: Range, style: Style) -> None:
    """Put the colour bar of the loss beside a group of panels."""
    mappable = ScalarMappable(LogNorm(*scale), style.colour_map)
    bar = panels[0].figure.colorbar(mappable, ax=list(panels), aspect=14, pad=0.015)
    bar.set_label("loss (nat)")
    log_ticks(bar.ax.yaxis)


def corner_ticks(position: Floats) -> list[float]:
    """Return the ends and the middle of an axis."""
    return [float(position.min()), 0.0, float(position.max())]
