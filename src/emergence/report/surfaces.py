"""Loss surfaces that readers of the page turn: their data and their drawing are part of it."""

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.colors import to_hex

from emergence.drawing.inputs import Runs
from emergence.drawing.landscapes import loss_scale
from emergence.drawing.log_axes import Range, tick_values
from emergence.drawing.panels import variant_labels

TEMPLATE = "surfaces.html"
SCRIPT = "surfaces.js"

COLOURS = 64
DECIMALS = 3
"""Of the common logarithm of the loss: finer than can be seen."""


def surfaces_fragment(landscapes: Runs, colour_map: str) -> str:
    """Return HTML with the loss on all sampled planes of the first seed of each run, and the script that draws them.

    The drawing takes a two-dimensional canvas alone: neither files, nor a network, nor WebGL. Empty where no plane was
    sampled.
    """
    data = surface_data(landscapes, colour_map)
    if not data["surfaces"]:
        return ""
    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    script = (folder / SCRIPT).read_text(encoding="utf-8")
    return environment.get_template(TEMPLATE).render(data=data, script=script)


def surface_data(landscapes: Runs, colour_map: str) -> dict[str, Any]:
    """Return what the script draws, as plain values.

    `surfaces` holds one entry per experiment, variant, step and plane with the common logarithms of its loss (alpha,
    beta), none where the loss is not finite, and on the plane of the trajectory the coordinates of the checkpoints;
    `scales` per experiment and plane the ends of that logarithm and the marks between them.
    """
    surfaces: list[dict[str, Any]] = []
    scales: dict[str, dict[str, Any]] = {}
    for experiment, of_variant in landscapes.items():
        runs = [run.isel(seed=0) for run in of_variant.values()]
        ends = {plane: loss_scale(run.sel(plane=plane) for run in runs) for plane in runs[0]["plane"].values.tolist()}
        scales[str(experiment)] = {plane: _scale(*of_plane) for plane, of_plane in ends.items()}
        for label, run in zip(variant_labels(list(of_variant)), runs, strict=True):
            of_run = _surfaces_of(run, ends)
            surfaces += [{"experiment": str(experiment), "sparsity": label, **surface} for surface in of_run]
    shades = matplotlib.colormaps[colour_map](np.linspace(0, 1, COLOURS))
    return {"surfaces": surfaces, "scales": scales, "colours": [to_hex(shade) for shade in shades]}


def _scale(low: float, high: float) -> dict[str, Any]:
    ticks = [[_logarithm(tick), f"{tick:g}"] for tick in tick_values(low, high)]
    return {"low": _logarithm(low), "high": _logarithm(high), "ticks": ticks}


def _surfaces_of(run: xr.Dataset, ends: Mapping[str, Range]) -> Iterator[dict[str, Any]]:
    for step, plane in product(run["step"].values.tolist(), run["plane"].values.tolist()):
        at = run.sel(step=step, plane=plane)
        loss = at["plane_loss"].transpose("alpha", "beta").values
        heights = np.log10(np.clip(np.where(np.isfinite(loss), loss, np.nan), *ends[plane]))
        path = [at[f"trajectory_{axis}"].values for axis in ("alpha", "beta")] if plane == "trajectory" else []
        yield {
            "step": step,
            "plane": plane,
            "alpha": at["alpha"].values.round(DECIMALS).tolist(),
            "beta": at["beta"].values.round(DECIMALS).tolist(),
            "heights": [[_logged(height) for height in row] for row in heights],
            "path": np.transpose(path).round(DECIMALS).tolist() if np.isfinite(path).all() else [],
        }


def _logged(height: float) -> float | None:
    return round(float(height), DECIMALS) if np.isfinite(height) else None


def _logarithm(value: float) -> float:
    return round(float(np.log10(value)), DECIMALS)
