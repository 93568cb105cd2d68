"""Write what DVC compares of a study: per claim its verdict, its effect, and the share of choices at which it holds."""

import json

from emergence.core.files import write_json
from emergence.core.storage import read_dataset
from emergence.jobs import JobFile, job
from emergence.statistics.metrics import metrics


@job
def write_metrics(given: JobFile) -> None:
    claims = json.loads(given.file("claims").read_text(encoding="utf-8"))
    for name, table in metrics(claims, read_dataset(given.file("robustness"))).items():
        write_json(given.output(name), table)
