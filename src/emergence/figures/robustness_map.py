"""Effects and verdicts of the claims for every choice of threshold, criterion and kind of paths."""

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import Line
from emergence.drawing.style import Style
from emergence.statistics.robustness import CODES
from emergence.statistics.rules import read_rules
from emergence.statistics.verdict import Verdict, judge_quantity

TITLE = "Where the claims hold"
POSITION = 50
NEEDS = ("study", "robustness")
SECTIONS = ("robustness",)
CAPTION = (
    "Quantities that decide each claim (rows), judged for every choice of counting (columns): paths through all or "
    "only through active units, criterion of activity, and threshold. Colour: effect, mean over {seeds} seeds and over "
    "sparsities that are tested apart, divided by the smallest effect that counts; from 1 on it is large enough, below "
    "0 it has the opposite sign. Signs: verdict at a level of 1 minus {confidence} %, plus supported, bar "
    "contradicted, none inconclusive. The frame marks the choice of reference. Grey: no value. Claims without "
    "emergence, such as C4, are the same everywhere."
)
ALTERNATIVE = (
    "A coloured table per experiment: one row per quantity that decides a claim, one column per kind of paths, "
    "criterion and threshold, coloured by the effect relative to the smallest that counts, with a sign for the "
    "verdict."
)
LIMIT = 3.0
COLOURS = "PuOr_r"
MARKERS: dict[Verdict, str] = {"supported": "+", "contradicted": "_"}
ROW = 0.19
"""Height of a row in inches."""

Rows = dict[str, tuple[np.ndarray, list[Verdict]]]
"""Effects and verdicts per column of each quantity that decides a claim."""

Columns = list[tuple[str, str, float]]
"""Units that paths run through, criterion and threshold."""


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one table per experiment, below each other."""
    data = inputs.conclusions["robustness"].sel(samples=style.reference_samples, drop=True)
    data = data.stack(column=["through", "criterion", "threshold"])
    data = data.isel(column=data["verdict"].notnull().any("test").values)
    columns: Columns = data["column"].values.tolist()
    tables = {name: _rows(data, name) for name in dict.fromkeys(data["test_experiment"].values.tolist())}
    heights = [ROW * len(rows) + 0.9 for rows in tables.values()]
    figure = Figure(figsize=(3 * style.panel_width, sum(heights) + 0.3), layout="constrained")
    panels = figure.subplots(len(tables), 1, squeeze=False, height_ratios=heights)[:, 0]
    colours = colormaps[COLOURS].with_extremes(bad="#d9d9d9")
    for axes, (experiment, rows) in zip(panels, tables.items(), strict=True):
        image = _draw_table(axes, rows, columns, colours)
        _frame_reference(axes, columns, len(rows), style)
        axes.set_title(experiment.replace("/", ", "), pad=30)
    figure.supylabel("what decides a claim")
    bar = figure.colorbar(image, ax=list(panels), aspect=30, pad=0.01, extend="both")
    bar.set_label("effect / smallest\nthat counts")
    signs = [Line2D([], [], color="black", linestyle="none", marker=sign, label=name) for name, sign in MARKERS.items()]
    figure.legend(handles=signs, loc="outside lower center", ncols=2)
    return figure


def _rows(data: xr.Dataset, experiment: str) -> Rows:
    of_experiment = data.isel(test=(data["test_experiment"] == experiment).values)
    keys = zip(of_experiment["test_claim"].values, of_experiment["test_quantity"].values, strict=True)
    names: dict[int, Verdict] = {code: name for name, code in CODES.items()}
    more_than, rows = read_rules().general.more_than, {}
    for claim, quantity in dict.fromkeys(keys):
        chosen = (of_experiment["test_claim"] == claim) & (of_experiment["test_quantity"] == quantity)
        tests = of_experiment.isel(test=chosen.values)
        effects = tests["relative_effect"].mean("test").values
        verdicts = [
            [names[int(code)] for code in codes] for codes in tests["verdict"].transpose("column", "test").values
        ]
        rows[f"{claim} {quantity.replace('_', ' ')}"] = effects, [judge_quantity(v, more_than) for v in verdicts]
    return rows


def _draw_table(axes: Axes, rows: Rows, columns: Columns, colours: Colormap) -> AxesImage:
    effects = np.ma.masked_invalid([effect for effect, _ in rows.values()])
    image = axes.imshow(effects, cmap=colours, norm=Normalize(-LIMIT, LIMIT), aspect="auto", interpolation="nearest")
    for height, (_, verdicts) in enumerate(rows.values()):
        for verdict, marker in MARKERS.items():
            places = [place for place, found in enumerate(verdicts) if found == verdict]
            dark = np.abs(np.clip(effects[height, places], -LIMIT, LIMIT)) > 0.75 * LIMIT
            colour = np.where(dark, "white", "black")
            axes.scatter(places, [height] * len(places), s=22, marker=marker, c=colour, lw=0.9)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_xticks(range(len(columns)), [f"{threshold:g}" for *_, threshold in columns], rotation=90)
    axes.tick_params(axis="x", labelsize="x-small", length=0)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("activity threshold")
    axes.grid(False)
    _head(axes, columns)
    return image


def _head(axes: Axes, columns: Columns) -> None:
    """Name criteria and kinds of paths above the table, and part them by lines."""
    for level, size, offset in ((2, 0.6, 3), (1, 1.6, 15)):
        for group in dict.fromkeys(column[:level] for column in columns):
            places = [place for place, column in enumerate(columns) if column[:level] == group]
            text = str(group[1]) if level == 2 else f"paths through {group[0]} units"
            look: Line = {"ha": "center", "fontsize": "small", "fontweight": "bold" if level == 1 else "normal"}
            where: Line = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
            axes.annotate(text, (np.mean(places), 1), (0, offset), **where, **look)
            if places[-1] + 1 < len(columns):
                axes.axvline(places[-1] + 0.5, color="white", linewidth=3 * size)


def _frame_reference(axes: Axes, columns: Columns, rows: int, style: Style) -> None:
    for place, (through, criterion, threshold) in enumerate(columns):
        named = (through, criterion) == (style.reference_through, style.reference_criterion)
        if named and np.isclose(threshold, style.reference_threshold, rtol=1e-9, atol=0):
            frame = Rectangle((place - 0.5, -0.5), 1, rows, fill=False, edgecolor="black", linewidth=1.4, clip_on=False)
            axes.add_patch(frame)
