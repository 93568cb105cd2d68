"""The look of figures: one style sheet, with sizes and colours from the parameters."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.colors import Colormap, LinearSegmentedColormap

from emergence.parameters.figures import Figures

_LIGHT_END = 0.88
"""Share of the colour map used for lines: beyond it, viridis and its like are too pale on white."""

_FORMULAS = {"DejaVu Sans": "dejavusans", "DejaVu Serif": "dejavuserif", "STIXGeneral": "stix"}
"""Typefaces of text, each with Matplotlib's set for formulas that goes with it."""

Value = TypeVar("Value", bound=Hashable)


class Style(Figures):
    """The look of figures, and the choices among results that all figures share.

    >>> style = Style(reference_threshold=0.05, reference_criterion="mean", confidence=0.95, convergence_share=0.95)
    >>> style.colour(0), style.shades(2)[0]
    ('#0072B2', '#440154')
    """

    reference_threshold: float
    """Threshold at which emergence is shown where the figure has no threshold axis."""

    reference_criterion: str
    """Criterion at which emergence is shown where the figure does not compare criteria."""

    reference_through: str = "all"
    """Which units the paths run through whose number figures show."""

    reference_samples: str = "probe"
    """Samples on which the activity is read that figures show."""

    reference_method: str = "global_magnitude"
    """Pruning method whose runs are shown where the figure does not compare methods."""

    reference_retraining: str = "original_initialisation"
    """Retraining of the runs shown, where the figure does not compare several."""

    noise_floor: float = 0.0001
    """Depth below which a minimum of the loss is not marked (nat)."""

    reference_start: str = "ep0"
    """Weights from which these are trained again: a step of the dense network, last, or new."""

    unfinished: str = ""
    """What the figure says of the study where that is not finished."""

    confidence: float
    """Coverage of all bands and bars."""

    convergence_share: float
    """Share of the dense network's final validation accuracy at which a run counts as converged."""

    def colour(self, index: int) -> str:
        """Return the colour of a category; colours repeat when there are more categories than colours."""
        return self.colours[index % len(self.colours)]

    def shades(self, count: int) -> list[str]:
        """Return `count` colours of an ordered quantity, dark to light."""
        colour_map = matplotlib.colormaps[self.colour_map]
        return [matplotlib.colors.to_hex(colour_map(place)) for place in np.linspace(0, _LIGHT_END, max(count, 1))]

    def shaded(self, values: Sequence[Value]) -> dict[Value, str]:
        """Return the colour of each value of an ordered quantity, dark to light."""
        return dict(zip(values, self.shades(len(values)), strict=False))

    def gradient(self) -> Colormap:
        """Return the colour map of continuous quantities for points and lines, without its palest end."""
        colour_map = matplotlib.colormaps[self.colour_map]
        anchors = [colour_map(place) for place in np.linspace(0, _LIGHT_END, 64)]
        return LinearSegmentedColormap.from_list("emergence", anchors)

    def size(self, rows: int, columns: int, height: float = 1.0) -> tuple[float, float]:
        """Return a figure's width and height in inches: at most three panels wide, `height` panel heights per row."""
        return self.panel_width * min(columns, 3), self.panel_height * height * rows

    def at_reference(self, data: xr.Dataset) -> xr.Dataset:
        """Return results at the criterion and threshold of reference; KeyError where these were not counted.

        >>> style = Style(reference_threshold=0.3, reference_criterion="any", confidence=0.95, convergence_share=0.95)
        >>> grid = {"criterion": ["any"], "threshold": [0.1, 0.1 + 0.2]}
        >>> data = xr.Dataset({"emergence": (("criterion", "threshold"), [[1, 2]])}, grid)
        >>> int(style.at_reference(data)["emergence"])
        2
        """
        of_criterion = data.sel(criterion=self.reference_criterion)
        return of_criterion.sel(threshold=self.reference_threshold, method="nearest", tolerance=1e-9)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Apply the style, and no setting of the user's own, to everything drawn and saved within the block."""
        sheet = matplotlib.rc_params_from_file(
            Path(__file__).parent / "style.mplstyle", fail_on_error=True, use_default_template=False
        )
        size = self.font_size
        fonts = {
            "backend": "agg",
            "font.family": self.font_family,
            "mathtext.fontset": _FORMULAS[self.font_family],
            "font.size": size,
            "axes.titlesize": size + 0.5,
            "axes.labelsize": size,
            "xtick.labelsize": size - 1,
            "ytick.labelsize": size - 1,
            "legend.fontsize": size - 0.5,
            "figure.titlesize": size + 1,
            "savefig.dpi": self.dpi,
        }
        everything: dict[Any, Any] = {**matplotlib.rcParamsDefault, **sheet, **fonts}
        with matplotlib.rc_context(everything):
            yield
