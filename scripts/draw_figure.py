"""Draw one figure from the results that it needs."""

import argparse
import json
import logging
from pathlib import Path

from emergence.figures import catalogue
from emergence.figures._inputs import read_inputs
from emergence.figures._render import render
from emergence.figures._style import Style
from emergence.logs import configure

log = logging.getLogger("draw_figure")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", required=True, choices=catalogue(), help="name of the figure")
    parser.add_argument("--parameters", required=True, help="sections figures and statistics of params.yaml as JSON")
    parser.add_argument("--manifest", required=True, type=Path, help="JSON file that lists the files to draw from")
    parser.add_argument("--png", required=True, type=Path, help="PNG file to write")
    parser.add_argument("--svg", required=True, type=Path, help="SVG file to write")
    parser.add_argument("--pdf", required=True, type=Path, help="PDF file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    parameters = json.loads(options.parameters)
    style = Style.model_validate({**parameters["figures"], **parameters["statistics"]})
    manifest = json.loads(options.manifest.read_text(encoding="utf-8"))
    inputs = read_inputs(manifest, style.reference_method, style.reference_retraining)
    files = (options.png, options.svg, options.pdf)
    render(options.figure, inputs, style, *files)
    log.info("%s: %s", options.figure, ", ".join(map(str, files)))


if __name__ == "__main__":
    main()
