"""Draw one figure into the formats that its files name."""

from emergence.drawing.inputs import read_inputs
from emergence.drawing.render import render
from emergence.drawing.style import Style
from emergence.jobs import JobFile, job


@job
def draw_figure(given: JobFile) -> None:
    chosen = {key: value for section in given.settings.values() for key, value in section.items()}
    style = Style.model_validate({**chosen, **given.derived})
    inputs = read_inputs(
        given.inputs,
        style.reference_method,
        style.reference_retraining,
        style.reference_through,
        style.reference_samples,
    )
    render(given.name, inputs, style, *(file for files in given.outputs.values() for file in files))
