"""The page of a recording: one HTML file that needs no other."""

import json
from pathlib import Path
from typing import Any

import xarray as xr

from emergence.core.extras import require
from emergence.core.files import check_no_folder, write_text
from emergence.core.plugins import load
from emergence.recording.courses import KIND, SKIPPED, STEP
from emergence.recording.figures import draw_pictures
from emergence.recording.measuring import OF_PROBE

require("figures", "jinja2")

from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: E402

USUAL = 0.05
"""Threshold shown where one is: the paper's, or the nearest to it."""

SHOWN = {
    "log10_emergence": "log₁₀ of emergence E",
    "normalised_emergence": "E as a share of all paths",
    "probe_loss": "loss on the probe (nat)",
    "probe_accuracy": "accuracy on the probe",
}
"""Rows of the table, before the measures."""


def write_page(data: xr.Dataset, target: Path) -> Path:
    """Write a recording, as `Recorder.data` has it, as a page; return its path. OSError where a folder lies there."""
    check_no_folder(target)
    parameters = json.loads(data.attrs["parameters"])[KIND]
    reference = _at_reference(data)
    single = {name: _meaning(name) for name in (*OF_PROBE, *parameters["measures"]) if name in data}
    single = {name: meaning for name, meaning in single.items() if data[name].ndim <= 2}
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html").render(
        style=(folder / "page.css").read_text(encoding="utf-8"),
        model=parameters["model"]["name"],
        samples=parameters["probe"]["samples"],
        steps=data[STEP].values.tolist(),
        rows=_rows(reference, parameters["measures"]),
        choice={key: reference[key].item() for key in ("threshold", "criterion", "through")},
        seconds=data["record_seconds"].values,
        skipped=data[SKIPPED].values.tolist() if SKIPPED in data else [],
        pictures=draw_pictures(data, reference, single),
        parameters=parameters,
    )
    write_text(target, page)
    return target


def _at_reference(data: xr.Dataset) -> xr.Dataset:
    """Return a recording at one choice of counting."""
    return data.isel(criterion=0, through=0).sel(threshold=USUAL, method="nearest")


def _meaning(name: str) -> str:
    """Say what a loss, an accuracy or a measure is; a user's own may be known to the program that recorded it alone.

    >>> _meaning("probe_loss"), _meaning("mine.measures:spread")
    ('mean cross-entropy on the probe samples.', 'mine.measures:spread.')
    """
    if name in OF_PROBE:
        return f"{OF_PROBE[name]['long_name']}."
    own = ":" in name
    return f"{name}." if own else (load("measures", name, "measure").__doc__ or name).partition("\n")[0]


def _rows(data: xr.Dataset, measures: list[str]) -> list[tuple[str, str, str]]:
    """Return name, first and last value of what is one number at each step."""
    names = {**SHOWN, **{name: name.replace("_", " ") for name in measures}}
    shown = {text: data[name] for name, text in names.items() if name in data and data[name].dims == (STEP,)}
    return [(text, _written(values[0].item()), _written(values[-1].item())) for text, values in shown.items()]


def _written(value: Any) -> str:
    """Write a number in four digits; a missing one is a dash.

    >>> _written(-0.12346), _written(float("nan"))
    ('−0.1235', '–')
    """
    return "–" if value != value else f"{value:.4g}".replace("-", "−")
