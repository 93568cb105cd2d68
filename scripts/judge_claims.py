"""Judge the claims on a joined study by the rules in docs/claims.md."""

import logging

from emergence.core.files import write_json
from emergence.core.storage import read_dataset
from emergence.jobs import JobFile, job
from emergence.jobs.conclusions import settings_of
from emergence.statistics.entries import EXPLORATORY
from emergence.statistics.judge import judge

log = logging.getLogger("judge_claims")


@job
def judge_claims(given: JobFile) -> None:
    standing = given.derived.get("registration", {}).get("statement", EXPLORATORY)
    judged = judge(read_dataset(given.file("study")), *settings_of(given))
    claims = {name: {"registration": standing, **claim} for name, claim in judged.items()}
    write_json(given.output("claims"), claims)
    for name, claim in claims.items():
        log.info("%s %s: %s", name, claim["verdict"], claim["statement"])
