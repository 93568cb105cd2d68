"""Panels of figures: their grid, axes, titles and legends."""

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from emergence.core.runs import Variant
from emergence.drawing.style import Style

Line = dict[str, Any]
"""Keyword arguments of a Matplotlib line."""

DASHES = ("-", "--", ":", "-.")
MARKERS = "osD^vP*X<>pdH"
NO_LINE = {"linestyle": "none", "markersize": 6}


def grid(style: Style, rows: int, columns: int, height: float = 1.0) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure and its panels, row by row; panels keep the style's size up to three columns, then shrink."""
    figure, panels = wrapped_grid(style, rows * columns, height, columns)
    return figure, [panels[row * columns : (row + 1) * columns] for row in range(rows)]


def wrapped_grid(style: Style, count: int, height: float = 1.0, most: int = 3) -> tuple[Figure, list[Axes]]:
    """Return a figure of `count` panels, at most `most` in a row, or one fewer where that fills the last row better."""
    columns = min(count, min((most, max(most - 1, 1)), key=lambda wide: -count % wide))
    rows = -(-count // columns)
    figure = Figure(figsize=style.size(rows, columns, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)  # type: ignore[union-attr,call-arg]
    cells = figure.add_gridspec(rows, columns)
    panels = [figure.add_subplot(cells[place // columns, place % columns]) for place in range(count)]
    figure.align_ylabels()
    return figure, panels


def settle(figure: Figure) -> None:
    """Put all parts of a figure in their final places.

    The layout takes two passes: the places that it gives panels of fixed proportions depend on where they were before.
    Its last digits depend on the order of sets, so places are rounded.
    """
    for _ in range(2):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(edge, 6) for edge in axes.get_position(original=True).bounds)
        axes.set_position((left, bottom, width, height), which="original")


def say_empty(axes: Axes, text: str) -> None:
    """Write in the middle of a panel why it shows nothing."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", color="#606060")


def sparsity_shades(style: Style, variants: Iterable[Variant]) -> dict[float, str]:
    """Return the colour of each sparsity, dark to light."""
    return style.shaded(sorted({variant.sparsity for variant in variants}))


def sparsity_dots(shades: Mapping[float, str]) -> list[Line]:
    """Return the entries of a legend of sparsities that are told apart by colour."""
    return [
        {"marker": "o", "color": shade, "label": f"{100 * sparsity:g} %", **NO_LINE}
        for sparsity, shade in shades.items()
    ]


def variant_lines(style: Style, variants: Sequence[Variant]) -> dict[Variant, Line]:
    """Return the line of each variant: colour by sparsity, dark to light, and dashes by pruning method."""
    shades = sparsity_shades(style, variants)
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


def variant_markers(style: Style, variants: Sequence[Variant]) -> tuple[dict[str, list[Line]], dict[Variant, Line]]:
    """Return the entries of the legends (title -> markers), and the marker of each variant: coloured by sparsity.

    Shapes tell methods apart or, where there is one method, what training starts from.
    """
    shades = sparsity_shades(style, variants)
    several = len({variant.method for variant in variants}) > 1
    title, way = ("pruning method", "method") if several else ("trained again from", "retraining")
    names = list(dict.fromkeys(getattr(variant, way) for variant in variants))
    markers = {name: MARKERS[place % len(MARKERS)] for place, name in enumerate(names)}
    legends = {
        "sparsity": sparsity_dots(shades),
        title: [{"marker": marker, "color": "#606060", "label": name, **NO_LINE} for name, marker in markers.items()],
    }
    return legends, {v: {"marker": markers[getattr(v, way)], "color": shades[v.sparsity], **NO_LINE} for v in variants}


def legend_above(figure: Figure, groups: Mapping[str, Sequence[Line]]) -> None:
    """Put a legend per group of lines (title -> lines) above all panels; the figure grows by their height."""
    legends = [_legend(figure, title, lines) for title, lines in groups.items()]
    boxes = [legend.get_window_extent().transformed(figure.dpi_scale_trans.inverted()) for legend in legends]
    width, height = figure.get_size_inches()
    gap = matplotlib.rcParams["legend.fontsize"] / 72
    corners, depth = _flow([(box.width + gap, box.height + gap / 2) for box in boxes], width)
    figure.set_figheight(height + depth)
    figure.get_layout_engine().set(rect=(0, 0, 1, height / (height + depth)))  # type: ignore[union-attr,call-arg]
    for legend, (x, y) in zip(legends, corners, strict=True):
        legend.set_bbox_to_anchor((x / width, 1 - y / (height + depth)))


def _legend(figure: Figure, title: str, lines: Sequence[Line]) -> Legend:
    """Return a legend that is read row by row."""
    columns = _columns_that_fit([line["label"] for line in lines], figure.get_figwidth())
    by_column = [Line2D([], [], **line) for start in range(columns) for line in lines[start::columns]]
    return figure.legend(handles=by_column, loc="upper left", ncols=columns, title=title, alignment="left")


def _flow(sizes: Sequence[tuple[float, float]], width: float) -> tuple[list[tuple[float, float]], float]:
    """Place boxes like words in lines as long as `width`; return how far right and down each is, and their depth.

    >>> _flow([(2, 1), (2, 2), (2, 1)], width=5)
    ([(0.0, 0.0), (2.0, 0.0), (0.0, 2.0)], 3.0)
    """
    corners, right, down, bottom = [], 0.0, 0.0, 0.0
    for box_width, box_height in sizes:
        if right + box_width > width:
            right, down = 0.0, bottom
        corners.append((right, down))
        right += box_width
        bottom = max(bottom, down + box_height)
    return corners, bottom


def _columns_that_fit(labels: Sequence[str], width: float) -> int:
    """Return the number of legend columns that `width` inches hold: each has a line and its longest label."""
    size = matplotlib.rcParams["legend.fontsize"] / 72
    for columns in range(len(labels), 1, -1):
        longest = [max(map(len, labels[start::columns])) for start in range(columns)]
        if sum(size * (4.4 + 0.6 * length) for length in longest) <= width:
            return columns
    return 1


def note(figure: Figure, text: str) -> None:
    """Write a text below all panels and their common label, in as many lines as the figure's width asks for."""
    size = matplotlib.rcParams["legend.fontsize"]
    lines = fill(text, int(figure.get_figwidth() * 72 / (0.55 * size)))
    figure.supxlabel(f"{figure.get_supxlabel()}\n{lines}".strip(), fontsize=size)


def label_epochs(axes: Axes) -> None:
    """Label a horizontal axis in epochs."""
    axes.set_xlabel("training (epochs)")
    axes.set_xlim(left=0)
    axes.margins(x=0.02)


def percent_axis(axes: Axes, label: str) -> None:
    """Show shares in [0, 1] as percent."""
    axes.set_ylabel(label)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}"))
