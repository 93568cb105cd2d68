"""What the two views of the loss on a plane share: their grid, scale and colour bar."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emergence.figures._inputs import Runs, Variant
from emergence.figures._log_axes import Range, log_ticks
from emergence.figures._style import Style


def plane_grid(style: Style, runs: Runs, projection: str | None = None) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure with one square panel per run: a row per experiment, a column per variant."""
    columns = max(len(of_variant) for of_variant in runs.values())
    width = style.panel_width * min(columns, 3)
    bar, titles = 12 * style.font_size / 72, 4.5 * style.font_size / 72
    figure = Figure(figsize=(width, len(runs) * ((width - bar) / columns + titles)), layout="constrained")
    rows = [
        [
            figure.add_subplot(len(runs), columns, row * columns + column + 1, projection=projection)
            for column in range(len(of_variant))
        ]
        for row, of_variant in enumerate(runs.values())
    ]
    return figure, rows


def first_planes(of_variant: Mapping[Variant, xr.Dataset]) -> dict[Variant, xr.DataArray]:
    """Return the loss on the first plane (alpha, beta) at the last step of each variant's first seed."""
    return {variant: data["plane_loss"].isel(seed=0, step=-1, plane=0) for variant, data in of_variant.items()}


def loss_scale(planes: Iterable[xr.DataArray]) -> Range:
    """Return the lowest and highest loss of all planes; losses of zero and infinity are left out."""
    values = np.concatenate([plane.values.ravel() for plane in planes])
    usable = values[np.isfinite(values) & (values > 0)]
    low, high = (float(usable.min()), float(usable.max())) if usable.size else (0.1, 1.0)
    return low, max(high, 1.01 * low)


def add_loss_bar(row: Sequence[Axes], scale: Range, style: Style) -> None:
    """Put the colour bar of the loss beside a row of panels."""
    bar = row[0].figure.colorbar(ScalarMappable(LogNorm(*scale), style.colour_map), ax=list(row), aspect=14, pad=0.015)
    bar.set_label("loss (nat)")
    log_ticks(bar.ax.yaxis)


def corner_ticks(position: NDArray[np.float64]) -> list[float]:
    """Return the ends and the middle of an axis."""
    return [float(position.min()), 0.0, float(position.max())]
