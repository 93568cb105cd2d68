"""The share of transitions that emergence and the number of active units detect, at every criterion and threshold."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from emergence.core.arrays import Floats
from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import wrapped_grid
from emergence.drawing.style import Style

TITLE = "Transitions detected under each reading of active"
POSITION = 68
NEEDS = ("study", "scoreboard")
SECTIONS = ("scoreboard",)
CAPTION = (
    'Share of the transitions of all testbeds that are detected, for each reading of "active": criterion (rows) and '
    "threshold (columns). Left: by emergence; right: by the share of units that are active. Numbers are detections of "
    "transitions that all seeds go through, on {seeds} seeds, by the test of the scoreboard, corrected for all "
    "transitions. Grey: not counted at this threshold."
)
ALTERNATIVE = "Two coloured tables, criteria by thresholds, with the share of transitions detected in every cell."
NAMES = {"emergence": "emergence", "active_share": "active units"}


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw a table for emergence and one for active units."""
    data = inputs.conclusions["scoreboard"]["reading_seen"].transpose("counted", "criterion", "threshold", ...)
    figure, panels = wrapped_grid(style, data.sizes["counted"], height=0.16 * data.sizes["criterion"] + 0.5, most=2)
    for axes, counted in zip(panels, data["counted"].values.tolist(), strict=True):
        cells = data.sel(counted=counted).stack(transition=("experiment", "skill")).values
        image = _draw_cells(axes, (cells == 1).sum(axis=-1), np.isfinite(cells).sum(axis=-1))
        axes.set_yticks(range(data.sizes["criterion"]), data["criterion"].values.tolist())
        axes.set_xticks(range(data.sizes["threshold"]), [f"{value:g}" for value in data["threshold"].values])
        axes.set(title=NAMES[counted], xlabel="threshold")
    figure.supylabel("criterion")
    figure.colorbar(image, ax=panels, label="share of transitions detected")
    return figure


def _draw_cells(axes: Axes, seen: Floats, known: Floats) -> AxesImage:
    shares = np.ma.masked_where(known == 0, seen / np.maximum(known, 1))
    image = axes.imshow(shares, cmap="YlGnBu", norm=Normalize(0, 1), aspect="auto")
    for row, column in np.argwhere(known > 0):
        text, shade = f"{seen[row, column]}/{known[row, column]}", "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize="small", color=shade)
    axes.set_facecolor("#d9d9d9")
    axes.tick_params(length=0)
    axes.grid(False)
    return image
