"""The measures that detect the emergence of each skill, their leads, and their cost."""

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import Line, grid, legend_above
from emergence.drawing.style import Style
from emergence.statistics.scoreboard import LANGUAGE

TITLE = "Scoreboard of measures"
POSITION = 64
NEEDS = ("study", "scoreboard")
SECTIONS = ("scoreboard", "rivals")
CAPTION = (
    "Detection by measures (rows) of the emergence of skills (columns): those of multitask sparse parity, by number, "
    "or grammar, verbs and properties of a formal language; on {seeds} seeds. Colour: share of the differences between "
    "seeds in a measure's trajectory, after those that other skills explain, that follows the emergence of this skill "
    "as a step or a peak. Dots mark detections: at most 1 minus {confidence} % of {permutations} permutations of the "
    "seeds explain as much. Left: networks that learn the skills. Middle: the same networks trained on random answers, "
    "or on random words of the language; dots there are false positives. Grey: not known, because some seed does not "
    "learn the skill or seeds are too few. Right: lead of each detection as a share of the time of emergence, with its "
    "{confidence} % interval over seeds, and the cost of the measure in forward passes over the probe samples. A unit "
    "is active above {threshold} (criterion: {criterion})."
)
ALTERNATIVE = (
    "Two coloured tables per experiment, measures by skills, for networks that learn them and on a control, with dots "
    "where a measure sees a skill emerge, and a chart of the leads of those that do."
)
COLOURS = "YlGnBu"


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw one row of two tables and a chart per experiment."""
    data = inputs.conclusions["scoreboard"]
    experiments = data["experiment"].values.tolist()
    figure, panels = grid(style, len(experiments), 3, height=0.09 * data.sizes["measure"] + 0.35)
    lines: dict[str, Line] = {
        skill: {"color": shade, "marker": "o", "linestyle": "none", "markersize": 4, "label": skill}
        for skill, shade in style.shaded(data["skill"].values.tolist()).items()
    }
    for (left, middle, right), experiment in zip(panels, experiments, strict=True):
        at = data.sel(experiment=experiment).pipe(lambda of_one: of_one.isel(skill=of_one["learnable"].values == 1))
        image = _draw_table(left, at.sel(answers="true"))
        _draw_table(middle, at.sel(answers="random"))
        left.set_title(experiment.replace("/", ", "))
        middle.set_title("random words" if set(at["skill"].values) <= set(LANGUAGE) else "random answers")
        middle.set_yticklabels([])
        _draw_leads(right, at, lines)
    figure.supylabel("measure")
    tables = [axes for row in panels for axes in row[:2]]
    bar = figure.colorbar(image, ax=tables, location="bottom", aspect=40, shrink=0.8)
    bar.set_label("share explained by the emergence of the skill")
    seen = {"color": "black", "marker": "o", "linestyle": "none", "markersize": 4, "label": "seen"}
    legend_above(figure, {"in tables": [seen], "skill": list(lines.values())})
    return figure


def _draw_table(axes: Axes, data: xr.Dataset) -> AxesImage:
    shares, seen = (data[name].transpose("measure", "skill").values for name in ("explained", "seen"))
    colours = colormaps[COLOURS].with_extremes(bad="#d9d9d9")
    image = axes.imshow(np.ma.masked_invalid(shares), cmap=colours, norm=Normalize(0, 1), aspect="auto")
    heights, places = np.nonzero(seen == 1)
    dark = np.where(shares[heights, places] > 0.5, "white", "black")
    axes.scatter(places, heights, s=16, c=dark)
    axes.set_yticks(range(data.sizes["measure"]), [name.replace("_", " ") for name in data["measure"].values.tolist()])
    axes.set_xticks(range(data.sizes["skill"]), data["skill"].values.tolist())
    axes.tick_params(length=0)
    axes.set_xlabel("skill")
    axes.grid(False)
    return image


def _draw_leads(axes: Axes, data: xr.Dataset, lines: dict[str, Line]) -> None:
    of_learning = data.sel(answers="true")
    heights = np.arange(data.sizes["measure"], dtype=float)
    skills = data["skill"].values.tolist()
    for shift, skill in zip(np.linspace(-0.3, 0.3, len(skills)), skills, strict=True):
        at, line = of_learning.sel(skill=skill), lines[skill]
        lead, low, high = (100 * at[name].where(at["seen"] == 1).values for name in ("lead", "lead_low", "lead_high"))
        bars = (np.maximum(lead - low, 0), np.maximum(high - lead, 0))
        axes.errorbar(lead, heights + shift, xerr=bars, fmt="o", color=line["color"], ms=3.5, elinewidth=0.9)
    if not (of_learning["seen"] == 1).any():
        axes.set_xlim(-100, 100)
    axes.axvline(0, color="#808080", linewidth=0.7, zorder=1)
    axes.set_ylim(heights[-1] + 0.5, -0.5)
    axes.set_yticks(heights, [])
    axes.set(title="lead, and cost", xlabel="earlier than the skill (% of its time)")
    costs = axes.secondary_yaxis("right")
    costs.set_yticks(heights, ["–" if np.isnan(cost) else f"{cost:.0f}" for cost in data["measure_passes"].values])
    costs.tick_params(length=0)
    costs.set_ylabel("cost (passes)")
