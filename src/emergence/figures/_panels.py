"""Panels of figures: their grid, axes, titles and legends."""

from collections.abc import Sequence
from math import ceil
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogFormatterSciNotation, LogLocator, NullFormatter

from emergence.figures._inputs import Variant
from emergence.figures._style import Style

Line = dict[str, Any]
"""Keyword arguments of a Matplotlib line."""

DASHES = ("-", "--", ":", "-.")


def grid(style: Style, rows: int, columns: int, height: float = 1.0) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure and its panels, row by row; panels keep the style's size up to three columns, then shrink."""
    figure = Figure(figsize=style.size(rows, columns, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)  # type: ignore[union-attr,call-arg]
    panels = figure.subplots(rows, columns, squeeze=False)
    return figure, [list(row) for row in panels]


def wrapped_grid(style: Style, count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure of `count` panels, at most three in a row."""
    columns = min(count, 3)
    figure, panels = grid(style, -(-count // columns), columns)
    flat = [panel for row in panels for panel in row]
    for unused in flat[count:]:
        unused.remove()
    return figure, flat[:count]


def variant_lines(style: Style, variants: Sequence[Variant]) -> dict[Variant, Line]:
    """Return the line of each variant: colour by sparsity, dark to light, and dashes by pruning method."""
    sparsities = sorted({variant.sparsity for variant in variants})
    shades = dict(zip(sparsities, style.shades(len(sparsities)), strict=True))
    methods = list(dict.fromkeys(variant.method for variant in variants if variant.sparsity))
    dashes = {method: DASHES[index % len(DASHES)] for index, method in enumerate(methods)}
    return {
        variant: {"color": shades[variant.sparsity], "linestyle": dashes.get(variant.method, "-"), "label": label}
        for variant, label in zip(variants, variant_labels(variants), strict=True)
    }


def variant_labels(variants: Sequence[Variant]) -> list[str]:
    """Return short labels; the method is named only where there are several."""
    several = len({variant.method for variant in variants if variant.sparsity}) > 1
    return [
        "dense" if not variant.sparsity else f"{100 * variant.sparsity:g} %" + f" {variant.method}" * several
        for variant in variants
    ]


def legend_above(figure: Figure, lines: Sequence[Line], title: str, extra: Sequence[Line2D] = ()) -> None:
    """Put one legend for all panels above them, read row by row; the figure grows by its height."""
    handles = [*(Line2D([], [], **line) for line in lines), *extra]
    columns = _columns_that_fit([str(handle.get_label()) for handle in handles], figure.get_figwidth())
    lines_of_text = 1 + ceil(len(handles) / columns)
    figure.set_figheight(figure.get_figheight() + 1.35 * lines_of_text * matplotlib.rcParams["legend.fontsize"] / 72)
    by_column = [handle for start in range(columns) for handle in handles[start::columns]]
    figure.legend(handles=by_column, loc="outside upper left", ncols=columns, title=title, alignment="left")


def _columns_that_fit(labels: Sequence[str], width: float) -> int:
    """Return the number of legend columns that `width` inches hold: each has a line and its longest label."""
    size = matplotlib.rcParams["legend.fontsize"] / 72
    for columns in range(len(labels), 1, -1):
        longest = [max(map(len, labels[start::columns])) for start in range(columns)]
        if sum(size * (4.4 + 0.6 * length) for length in longest) <= width:
            return columns
    return 1


def label_epochs(axes: Axes) -> None:
    """Label a horizontal axis in epochs."""
    axes.set_xlabel("training (epochs)")
    axes.set_xlim(left=0)
    axes.margins(x=0.02)


def percent_axis(axes: Axes, label: str) -> None:
    """Show shares in [0, 1] as percent."""
    axes.set_ylabel(label)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}"))


def log_scale(axes: Axes, which: Literal["x", "y"]) -> None:
    """Make an axis logarithmic unless nothing on it is positive; zeros are not drawn."""
    axis, set_scale = (axes.xaxis, axes.set_xscale) if which == "x" else (axes.yaxis, axes.set_yscale)
    if np.isfinite(axis.get_minpos()):
        set_scale("log", nonpositive="mask")
        log_ticks(axis)


def log_ticks(axis: Axis) -> None:
    """Put readable ticks on a logarithmic axis: powers of ten, and parts of a decade where it spans less than two."""
    low, high = sorted(axis.get_view_interval())
    decades = np.log10(high / low)
    if decades >= 2:
        axis.set_major_locator(LogLocator(numticks=6))
        axis.set_major_formatter(LogFormatterSciNotation())
    else:
        steps = (1, 2, 5) if decades >= 0.5 else (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
        powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        ticks = [step * 10.0**power for power in powers for step in steps]
        axis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
        axis.set_major_formatter(FuncFormatter(plain))
    axis.set_minor_formatter(NullFormatter())


def plain(value: float, _: object = None) -> str:
    """Write a tick without needless digits.

    >>> plain(20000.0), plain(0.05), plain(3e6), plain(1e6)
    ('20,000', '0.05', '$3\\\\times10^{6}$', '$10^{6}$')
    """
    if value and not 1e-3 <= abs(value) < 1e5:
        mantissa, power = f"{value:.6e}".split("e")
        factor = "" if float(mantissa) == 1 else rf"{float(mantissa):g}\times"
        return rf"${factor}10^{{{int(power)}}}$"
    return f"{value:,.6g}" if abs(value) < 1000 else f"{value:,.0f}"
