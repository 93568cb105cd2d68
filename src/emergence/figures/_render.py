"""Drawing a figure by its name into files that depend on nothing but what is drawn."""

from pathlib import Path

from matplotlib.figure import Figure

from emergence.figures._inputs import Inputs
from emergence.figures._style import Style
from emergence.plugins import load
from emergence.storage import written_whole

_NO_METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}


def render(name: str, inputs: Inputs, style: Style, png: Path, svg: Path) -> None:
    """Draw the figure `name` and write it as PNG and SVG; equal inputs give equal bytes.

    Raises ValueError for an unknown name.
    """
    draw = load("figures", name, "draw")
    with style.active():
        figure: Figure = draw(inputs, style)
        for target, form in ((png, "png"), (svg, "svg")):
            with written_whole(target) as path:
                figure.savefig(path, format=form, metadata=_NO_METADATA[form])
