"""Verdicts on the claims at every choice that decides them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import Line
from emergence.drawing.style import Style
from emergence.drawing.verdicts import LOOKS
from emergence.statistics.robustness import CHOSEN, CODES
from emergence.statistics.study import CHOICES

TITLE = "Where the claims hold"
POSITION = 50
NEEDS = ("study", "robustness")
SECTIONS = ("claims", "robustness")
CAPTION = (
    "Verdict on each claim at every choice that decides it; a claim is shown over its own choices alone. Top: claims "
    "that use emergence. Columns are ways of counting it: which units paths run through, the criterion of activity, "
    "and its thresholds, rising from left to right; rows are the other choices of a claim. Bars show the share of all "
    "its choices at which it gets each verdict, beside how many it holds at. Bottom: claims that do not use emergence; "
    "and every claim at the choice of reference without one of the {seeds} seeds. Frames mark the choice of reference. "
    "Dots mark effects whose sign is not that there (of the first quantity that decides, mean over its tests)."
)
ALTERNATIVE = (
    "A table with a block of rows per claim and a column per way of counting, each cell coloured by the verdict, and "
    "beside it bars with the share of choices per verdict; below, small tables for claims without emergence and for "
    "all claims without one of the seeds."
)

NO_VALUE = "no value"
SHADES = {
    "supported": LOOKS["supported"]["color"],
    "mixed": LOOKS["mixed"]["color"],
    "inconclusive": "#c4c4c4",
    NO_VALUE: "white",
    "contradicted": LOOKS["contradicted"]["color"],
}
"""Verdicts in the order of the bars, each with its colour."""

_HEADS = {"through": "paths through {} units", "samples": "{} samples", "criterion": "{}"}
GROUPS = {name: text for name, text in _HEADS.items() if name in CHOICES}
"""What groups the columns, the outermost first, with what stands above a group."""

COUNTING = (*GROUPS, "threshold")
OTHERS = {
    "reading": ("{}", "reading of emergence"),
    "sparsities": ("{}", "sparsities"),
    "convergence_share": ("converged at {:.0%}", "share of the accuracy at\nwhich a run has converged"),
    "read_out": ("read at {}", "where in an epoch\nemergence is read"),
    "early_share": ("early {:.0%}", "share of training\nthat counts as early"),
}
"""The other choices, each with what stands for a value of it in the label of a row, and for all on an axis."""

SHORT = {
    "all": "all sparsities",
    "all but the largest": "no largest",
    "all but the smallest": "no smallest",
}

ROW, GAP, HEAD, FOOT = 0.165, 1.0, 1.35, 1.3
"""Heights of a row, and of what stands above and below the tables, in inches; of the gap between claims, in rows."""

MANY = 70
"""With more columns there is no room for the label of every threshold."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw the claims that use emergence above, below them the others, and all of them without a seed."""
    cells = _cells(inputs)
    shades = [*SHADES.values()]
    whole = cells[cells["seed_left_out"].isna()]
    by_claim = {str(name): of for name, of in whole.groupby("claim", sort=False)}
    counted = {name: of for name, of in by_claim.items() if of["criterion"].iloc[0]}
    others = {name: of for name, of in by_claim.items() if name not in counted}
    rows = sum(_labels(of).nunique() + GAP for of in counted.values())
    heights = [ROW * rows + HEAD, ROW * len(by_claim) + FOOT]
    figure = Figure(figsize=(3 * style.panel_width, sum(heights)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.15)  # type: ignore[union-attr,call-arg]
    halves = figure.add_gridspec(2, 1, height_ratios=heights)
    table, bars = halves[0].subgridspec(1, 2, width_ratios=[5.5, 1]).subplots(sharey=True, squeeze=False)[0]
    _draw_counted(table, counted, shades)
    _draw_shares(bars, counted, shades)
    widths = [12, *[8] * len(others)]
    panels = halves[1].subgridspec(1, len(widths), width_ratios=widths).subplots(squeeze=False)[0]
    _draw_seeds(panels[0], cells[cells["seed_left_out"].notna()], shades)
    for axes, (name, of) in zip(panels[1:], others.items(), strict=True):
        _draw_other(axes, name, of, shades)
    _add_legend(figure, shades)
    return figure


def _cells(inputs: Inputs) -> pd.DataFrame:
    """Return a row per claim and choice, with its verdict as a place in SHADES, and whether its sign has changed."""
    data = inputs.conclusions["robustness"]
    names = ["claim", *CHOSEN, "seed_left_out", "claim_verdict", "effect", "is_reference"]
    cells = pd.DataFrame({name: data[name].values for name in names})
    at_reference = cells[cells["is_reference"] == 1].set_index("claim")["effect"]
    places = {code: list(SHADES).index(name) for name, code in CODES.items()}
    unknown = cells["effect"].isna() & (cells["claim_verdict"] == CODES["inconclusive"])
    verdicts = cells["claim_verdict"].map(places).mask(unknown, list(SHADES).index(NO_VALUE))
    flipped = np.sign(cells["effect"]) * np.sign(cells["claim"].map(at_reference)) < 0
    return cells.assign(verdict=verdicts, flipped=flipped)


def _draw_counted(axes: Axes, claims: Mapping[str, pd.DataFrame], shades: Sequence[str]) -> None:
    """Draw a block of rows per claim, below each other."""
    ways = _ways(pd.concat(claims.values()))
    ticks: dict[float, str] = {}
    for name, top in _tops(claims).items():
        cells = claims[name]
        labels = _labels(cells)
        rows = labels.unique().tolist()
        columns = [ways.index(way) for way in cells[list(COUNTING)].itertuples(index=False, name=None)]
        _draw_cells(axes, cells.assign(x=columns, y=top + labels.map(rows.index)), shades)
        ticks |= {top + y: f"{name}{label and ': '}{label}" for y, label in enumerate(rows)}
    axes.set_ylim(max(ticks) + 0.7, -0.7)
    axes.set_xlim(-0.8, len(ways) - 0.2)
    axes.set_yticks(list(ticks), list(ticks.values()))
    _label_columns(axes, ways)


def _tops(claims: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return the place of the first row of each claim."""
    heights = [_labels(cells).nunique() + GAP for cells in claims.values()]
    return dict(zip(claims, [sum(heights[:place]) for place in range(len(heights))], strict=True))


def _ways(cells: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return the ways of counting in the order of the columns."""
    names = list(COUNTING)
    ways = cells[names].drop_duplicates()
    order = {name: pd.Categorical(ways[name], ways[name].unique(), ordered=True) for name in GROUPS}
    return list(ways.assign(**order).sort_values(names).itertuples(index=False, name=None))


def _labels(cells: pd.DataFrame, leaving: str = "") -> pd.Series:
    """Return what tells the rows of a claim apart: its choices beside counting and the one that is `leaving`."""
    labels = pd.Series("", cells.index)
    for name, (text, _) in OTHERS.items():
        if name != leaving and cells[name].nunique() > 1:
            words = cells[name].map(lambda value, text=text: SHORT.get(value) or text.format(value))
            labels = labels.where(labels == "", labels + ", ") + words
    return labels


def _draw_other(axes: Axes, name: str, cells: pd.DataFrame, shades: Sequence[str]) -> None:
    """Draw a claim that does not use emergence: columns are the choice that has most values."""
    along = max(OTHERS, key=lambda choice: cells[choice].nunique())
    title = OTHERS[along][1]
    labels = _labels(cells, leaving=along)
    rows, columns = labels.unique().tolist(), cells[along].unique().tolist()
    _draw_cells(axes, cells.assign(x=cells[along].map(columns.index), y=labels.map(rows.index)), shades)
    axes.set_yticks(range(len(rows)), [row or name for row in rows])
    axes.set_xticks(range(len(columns)), [value if isinstance(value, str) else f"{value:.0%}" for value in columns])
    axes.invert_yaxis()
    axes.set_xlabel(title)
    axes.set_title(f"{name}: {_holds(cells)}", loc="left")


def _draw_seeds(axes: Axes, cells: pd.DataFrame, shades: Sequence[str]) -> None:
    """Draw all claims without one of the seeds."""
    claims, seeds = cells["claim"].unique().tolist(), cells["seed_left_out"].unique().tolist()
    places = {"x": cells["seed_left_out"].map(seeds.index), "y": cells["claim"].map(claims.index)}
    _draw_cells(axes, cells.assign(**places), shades)
    axes.set_yticks(range(len(claims)), claims)
    axes.set_xticks(range(len(seeds)), [f"{seed:g}" for seed in seeds])
    axes.invert_yaxis()
    axes.set_xlabel("seed left out")
    axes.set_title("All claims, at the choice of reference", loc="left")


def _draw_shares(axes: Axes, claims: Mapping[str, pd.DataFrame], shades: Sequence[str]) -> None:
    """Draw a bar per claim in the middle of its block, with how many of its choices it holds at."""
    for name, top in _tops(claims).items():
        cells = claims[name]
        middle = top + (_labels(cells).nunique() - 1) / 2
        left = 0.0
        for place, shade in enumerate(shades):
            share = float((cells["verdict"] == place).mean())
            axes.barh(middle, share, left=left, height=1, color=shade, edgecolor="#808080", linewidth=0.4)
            left += share
        axes.text(1.06, middle, _holds(cells).removeprefix("holds at "), va="center", fontsize="small")
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "50", "100"])
    axes.tick_params(axis="y", which="both", length=0, labelleft=False)
    axes.grid(False)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set_xlabel("choices (%)")
    axes.set_title("holds at", loc="right", fontsize="small")


def _holds(cells: pd.DataFrame) -> str:
    return f"holds at {int((cells['verdict'] == 0).sum())} of {len(cells)}"


def _draw_cells(axes: Axes, cells: pd.DataFrame, shades: Sequence[str]) -> None:
    """Draw cells at their x and y: coloured by the verdict, with dots where the sign has changed."""
    top = cells["y"].min()
    rows = (cells["y"] - top).astype(int)
    verdicts = np.full((int(rows.max()) + 1, int(cells["x"].max()) + 1), np.nan)
    verdicts[rows, cells["x"]] = cells["verdict"]
    edges = np.arange(verdicts.shape[1] + 1) - 0.5, top + np.arange(len(verdicts) + 1) - 0.5
    axes.pcolormesh(*edges, verdicts, cmap=ListedColormap(shades), vmin=-0.5, vmax=len(shades) - 0.5)
    flipped, reference = cells[cells["flipped"]], cells[cells["is_reference"] == 1]
    axes.scatter(flipped["x"], flipped["y"], s=2, c="black", linewidths=0)
    for x, y in zip(reference["x"], reference["y"], strict=True):
        axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, linewidth=1.3, zorder=3, clip_on=False))
    axes.set_xticks(edges[0], minor=True)
    axes.set_yticks(np.union1d(axes.get_yticks(minor=True), edges[1]), minor=True)
    axes.tick_params(which="both", length=0, labelsize="small")
    axes.grid(False)
    axes.grid(which="minor", color="white", linewidth=0.4)
    axes.spines[:].set_visible(False)


def _label_columns(axes: Axes, ways: Sequence[tuple[Any, ...]]) -> None:
    """Name thresholds below the columns, and above them what groups them; lines part the groups."""
    innermost = len(GROUPS)
    labels = {float(place): f"{way[-1]:g}" for place, way in enumerate(ways)}
    if len(ways) > MANY:
        ends = [(first, last) for _, first, last in _groups(ways, innermost)]
        labels = {(first + last) / 2: f"{ways[first][-1]:g} to {ways[last][-1]:g}" for first, last in ends}
    axes.set_xticks(list(labels), list(labels.values()), rotation=90)
    axes.set_xlabel("activity threshold" + " (range)" * (len(ways) > MANY))
    slanted: Line = {"rotation": 35, "fontsize": "small"}
    for level, text in enumerate(GROUPS.values(), start=1):
        look: Line = slanted if level == innermost else {"ha": "center", "fontsize": "small", "fontweight": "bold"}
        height = 3 if level == innermost else 46 + 12 * (innermost - 1 - level)
        for group, first, last in _groups(ways, level):
            where: Line = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
            axes.annotate(text.format(group[-1]), ((first + last) / 2, 1), (0, height), **where, **look)
            if last + 1 < len(ways):
                axes.axvline(last + 0.5, color="black", linewidth=0.4 * (1 + innermost - level))


def _groups(ways: Sequence[tuple[Any, ...]], level: int) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    """Return the groups of columns that are alike in their first choices, with the first and the last place of each."""
    for group in dict.fromkeys(way[:level] for way in ways):
        places = [place for place, way in enumerate(ways) if way[:level] == group]
        yield group, places[0], places[-1]


def _add_legend(figure: Figure, shades: Sequence[str]) -> None:
    patches = [
        Patch(facecolor=shade, edgecolor="#808080", linewidth=0.5, label=name)
        for name, shade in zip(SHADES, shades, strict=True)
    ]
    dot = Line2D([], [], linestyle="none", marker=".", markersize=3, color="black", label="sign flips")
    frame = Patch(facecolor="white", edgecolor="black", linewidth=1.3, label="choice of reference")
    figure.legend(handles=[*patches, dot, frame], loc="outside upper left", ncols=len(patches) + 2)
