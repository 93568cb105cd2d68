"""Drawing a figure by its name into files that depend on nothing but what is drawn."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from emergence.core.files import written_whole
from emergence.core.plugins import load
from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import note, settle, wrapped_grid
from emergence.drawing.style import Style

_NO_METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


MILLISECONDS = 700
"""How long an animation shows a frame."""


def render(name: str, inputs: Inputs, style: Style, *files: Path) -> None:
    """Draw the figure `name` and write it to each file in the format that its suffix names; equal inputs, equal bytes.

    A GIF file gets the frames of the figure's `animate`, the others what its `draw` returns. Raises ValueError for an
    unknown name.
    """
    with style.active():
        figure = _drawn(name, inputs, style)
        for target in files:
            with written_whole(target) as path:
                if target.suffix == ".gif":
                    _save_animation(_frames(name, inputs, style), path)
                else:
                    figure.savefig(path, format=target.suffix[1:], metadata=_NO_METADATA[target.suffix])


def _drawn(name: str, inputs: Inputs, style: Style) -> Figure:
    draw = load("figures", name, "draw")
    figure: Figure = _empty(style) if inputs.nothing_is_left else draw(inputs, style)
    if inputs.left_out[0]:
        note(figure, left_out_of(inputs))
    settle(figure)
    return figure


def _frames(name: str, inputs: Inputs, style: Style) -> Iterable[Figure]:
    if inputs.nothing_is_left:
        return [_drawn(name, inputs, style)]
    frames: Iterable[Figure] = load("figures", name, "animate")(inputs, style)
    return frames


def _empty(style: Style) -> Figure:
    figure, (panel,) = wrapped_grid(style, 1, most=1)
    panel.set_axis_off()
    panel.text(0.5, 0.5, "nothing is left to show", ha="center", va="center")
    return figure


def left_out_of(inputs: Inputs) -> str:
    """Say how many networks are left out.

    >>> left_out_of(Inputs(left_out=(2, 16)))
    '2 of 16 networks are left out: they, or the dense networks of their seeds, diverged.'
    """
    count, networks = inputs.left_out
    return f"{count} of {networks} networks are left out: they, or the dense networks of their seeds, diverged."


def _save_animation(frames: Iterable[Figure], path: Path) -> None:
    first, *others = map(_pixels, frames)
    first.save(path, format="GIF", save_all=True, append_images=others, duration=MILLISECONDS, loop=0)


def _pixels(figure: Figure) -> Image.Image:
    file = BytesIO()
    figure.savefig(file, format="png")
    return Image.open(file).convert("RGB")
