"""Drawing a figure by its name into files that depend on nothing but what is drawn."""

from pathlib import Path

from matplotlib.figure import Figure

from emergence.figures._inputs import Inputs
from emergence.figures._style import Style
from emergence.plugins import load
from emergence.storage import written_whole

_NO_METADATA: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def render(name: str, inputs: Inputs, style: Style, *files: Path) -> None:
    """Draw the figure `name` and write it to each file in the format that its suffix names; equal inputs, equal bytes.

    Raises ValueError for an unknown name.
    """
    draw = load("figures", name, "draw")
    with style.active():
        figure: Figure = draw(inputs, style)
        for target in files:
            with written_whole(target) as path:
                figure.savefig(path, format=target.suffix[1:], metadata=_NO_METADATA[target.suffix])
