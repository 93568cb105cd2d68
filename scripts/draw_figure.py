"""Draw one figure from the results that it needs."""

import argparse
import json
import logging
from pathlib import Path

from emergence.core.logs import configure
from emergence.drawing.inputs import read_inputs
from emergence.drawing.render import render
from emergence.drawing.style import Style
from emergence.figures import catalogue
from emergence.study import manifests

log = logging.getLogger("draw_figure")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", required=True, choices=catalogue(), help="name of the figure")
    parser.add_argument("--parameters", required=True, help="sections of params.yaml that figures depend on, as JSON")
    parser.add_argument("--manifest", required=True, type=Path, help="list of the files to draw from")
    parser.add_argument(
        "--files", required=True, type=Path, nargs="+", help="files to write: .png, .svg, .pdf, and .gif to animate"
    )
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    style = Style.model_validate({key: value for section in parameters.values() for key, value in section.items()})
    manifest = manifests.read(options.manifest)
    inputs = read_inputs(manifest, style.reference_method, style.reference_retraining, style.reference_through)
    render(options.figure, inputs, style, *options.files)
    log.info("%s: %s", options.figure, ", ".join(map(str, options.files)))


if __name__ == "__main__":
    main()
