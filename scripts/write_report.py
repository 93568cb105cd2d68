"""Write the report: one page with verdicts, figures, methods, files, parameters, versions and times."""

import argparse
import json
import logging
from pathlib import Path

from emergence.core.files import write_text
from emergence.core.logs import configure
from emergence.drawing.inputs import read_conclusions, read_runs, read_trained
from emergence.parameters import Parameters
from emergence.report.page import Contents, make_page
from emergence.report.records import read_records
from emergence.study import manifests

log = logging.getLogger("write_report")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", required=True, type=Path, help="list of the files to read and of all jobs")
    parser.add_argument("--parameters", required=True, help="all sections of params.yaml as JSON")
    parser.add_argument("--output", required=True, type=Path, help="HTML file to write")
    return parser.parse_args()


def main() -> None:
    configure()
    options = arguments()
    manifest = manifests.read(options.manifest)
    study = read_trained(manifest)
    contents = Contents(
        claims=json.loads(Path(manifest["claims"][0]["claims"]).read_text(encoding="utf-8")),
        figures=[Path(entry[form]) for entry in manifest["figures"] for form in ("png", "gif") if form in entry],
        parameters=Parameters.model_validate_json(options.parameters),
        records=read_records(manifest["records"]),
        landscapes=read_runs(manifest, study, "landscape"),
        conclusions=read_conclusions(manifest),
        study=study,
    )
    write_text(options.output, make_page(contents))
    log.info("%s: %d claims, %d figures", options.output, len(contents.claims), len(contents.figures))


if __name__ == "__main__":
    main()
