"""Compare emergence with its rivals as predictors of what comes later in training."""

import logging

from emergence.conclusion_job import conclude
from emergence.statistics.rivals import rivals

log = logging.getLogger("compare_rivals")


def main() -> None:
    found = conclude(__doc__, "the names of measures", lambda study, given: rivals(study, given["measures"]))
    log.info("%d predictors compared in %d experiments", found.sizes["predictor"], found.sizes["experiment"])


if __name__ == "__main__":
    main()
