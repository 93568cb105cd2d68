"""Drawing a figure by its name into files that depend on nothing but what is drawn."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from emergence.figures._inputs import Inputs
from emergence.figures._style import Style
from emergence.files import written_whole
from emergence.plugins import load

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
    draw = load("figures", name, "draw")
    with style.active():
        figure: Figure = draw(inputs, style)
        for target in files:
            with written_whole(target) as path:
                if target.suffix == ".gif":
                    _save_animation(load("figures", name, "animate")(inputs, style), path)
                else:
                    figure.savefig(path, format=target.suffix[1:], metadata=_NO_METADATA[target.suffix])


def _save_animation(frames: Iterable[Figure], path: Path) -> None:
    first, *others = map(_pixels, frames)
    first.save(path, format="GIF", save_all=True, append_images=others, duration=MILLISECONDS, loop=0)


def _pixels(figure: Figure) -> Image.Image:
    file = BytesIO()
    figure.savefig(file, format="png")
    return Image.open(file).convert("RGB")
