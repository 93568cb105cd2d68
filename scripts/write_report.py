"""Write the report: one page with verdicts, figures, methods, files, parameters, versions and times."""

import json
import logging
from pathlib import Path

from emergence.core.files import write_text
from emergence.drawing.inputs import read_conclusions, read_runs, read_trained
from emergence.jobs import JobFile, job
from emergence.parameters import Parameters
from emergence.report.page import Contents, make_page
from emergence.report.records import read_records

log = logging.getLogger("write_report")


@job
def write_report(given: JobFile) -> None:
    study = read_trained(given.inputs)
    contents = Contents(
        claims=json.loads(given.file("claims").read_text(encoding="utf-8")),
        figures=[Path(entry[form]) for entry in given.inputs["figures"] for form in ("png", "gif") if form in entry],
        parameters=Parameters.model_validate(given.settings),
        records=read_records(given.records),
        landscapes=read_runs(given.inputs, study, "landscape"),
        conclusions=read_conclusions(given.inputs),
        study=study,
        registration=given.derived.get("registration", {}),
        unfinished=given.derived.get("unfinished", ""),
        folder=given.output("report").parent,
    )
    write_text(given.output("report"), make_page(contents))
    log.info("%s: %d claims, %d figures", given.output("report"), len(contents.claims), len(contents.figures))
