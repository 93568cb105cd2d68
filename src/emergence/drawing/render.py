"""Drawing a figure by its name into files that depend on nothing but what is drawn."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from emergence.core.files import written_whole
from emergence.core.plugins import load
from emergence.drawing.catalogue import program_of
from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import note, settle, wrapped_grid
from emergence.drawing.style import Style

NO_METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

MILLISECONDS = 700
"""Time for which an animation shows a frame."""


def draw(name: str, inputs: Inputs, style: Style) -> Figure:
    """Return the figure `name` in its final layout, with a note on networks that are left out; within `style.active()`.

    Raises ValueError for an unknown name.
    """
    draw_panels = load("figures", program_of(name), "draw")
    figure: Figure = _empty(style) if inputs.nothing_is_left else draw_panels(inputs, style)
    count, networks = inputs.left_out
    if count:
        reason = "they, or the dense networks of their seeds, diverged"
        note(figure, f"{count} of {networks} networks are left out: {reason}.")
    if style.unfinished:
        note(figure, style.unfinished)
    settle(figure)
    return figure


def render(name: str, inputs: Inputs, style: Style, *files: Path) -> None:
    """Draw the figure `name` and write it to each file in the format that its suffix names; equal inputs, equal bytes.

    A GIF file gets the frames of the figure's `animate`, the others what its `draw` returns. Raises ValueError for an
    unknown name.
    """
    with style.active():
        figure = draw(name, inputs, style)
        for target in files:
            with written_whole(target) as path:
                if target.suffix == ".gif":
                    animate = load("figures", program_of(name, "animate"), "animate")
                    _save_animation([figure] if inputs.nothing_is_left else animate(inputs, style), path)
                else:
                    figure.savefig(path, format=target.suffix[1:], metadata=NO_METADATA[target.suffix])


def _empty(style: Style) -> Figure:
    figure, (panel,) = wrapped_grid(style, 1, most=1)
    panel.set_axis_off()
    panel.text(0.5, 0.5, "nothing is left to show", ha="center", va="center")
    return figure


def _save_animation(frames: Iterable[Figure], path: Path) -> None:
    first, *others = map(_pixels, frames)
    first.save(path, format="GIF", save_all=True, append_images=others, duration=MILLISECONDS, loop=0)


def _pixels(figure: Figure) -> Image.Image:
    file = BytesIO()
    figure.savefig(file, format="png")
    return Image.open(file).convert("RGB")
