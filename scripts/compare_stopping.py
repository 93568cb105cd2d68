"""Compare rules that stop training, each tuned on half of the seeds and applied to the others."""

import logging

from emergence.conclusion_job import conclude
from emergence.statistics.stopping import stopping

log = logging.getLogger("compare_stopping")


def main() -> None:
    found = conclude(__doc__, "tolerances", lambda study, given: stopping(study, given["tolerances"]))
    log.info("%d rules compared in %d experiments", found.sizes["rule"], found.sizes["experiment"])


if __name__ == "__main__":
    main()
