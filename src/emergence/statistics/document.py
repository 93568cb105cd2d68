"""Write docs/claims.md from the rules: ``python -m emergence.statistics.document [--check] [file]``."""

import argparse
import sys
from pathlib import Path

from emergence.statistics.rules import Claim, General, read_rules
from emergence.storage import write_text

INTRODUCTION = """\
# The claims and what decides them

The claims are those of AlShinaifi et al., *Quantifying Emergence in Neural Networks* (arXiv:2409.01568). What decides
each of them was written down before any result, in `src/emergence/statistics/rules.yaml`, which the code reads and from
which this page is written (`python -m emergence.statistics.document`). Confidence, convergence share and the criterion
and threshold of activity are parameters of the study.
"""

GENERAL = {
    "seeds": "Unit",
    "estimate": "Estimate",
    "interval": "Interval",
    "test": "Test",
    "correction_text": "Correction",
    "supported": "Supported",
    "contradicted": "Contradicted",
    "inconclusive": "Inconclusive",
    "over_experiments": "Over experiments",
    "over_quantities": "Over quantities",
}


def document() -> str:
    """Return the page as Markdown.

    >>> document().splitlines()[0]
    '# The claims and what decides them'
    """
    rules = read_rules()
    claims = [_claim(name, claim) for name, claim in rules.claims.items()]
    return "\n".join([INTRODUCTION, _general(rules.general), *claims])


def _general(general: General) -> str:
    items = [f"- **{title}.** {getattr(general, name)}" for name, title in GENERAL.items()]
    return "\n".join(["## Rules for all claims", "", *items, ""])


def _claim(name: str, claim: Claim) -> str:
    lines = [f"## {name}", "", f"> {claim.statement}", "", f"Stated in: {claim.source}. {claim.choices}", ""]
    lines += ["| quantity | role | what is computed | runs | counts if | because |", "|---|---|---|---|---|---|"]
    for key, rule in claim.quantities.items():
        bound = f"{'at least' if rule.direction == 'positive' else 'at most'} {rule.smallest_effect:g}"
        lines.append(f"| `{key}` | {rule.role} | {rule.quantity} | {rule.runs} | {bound} | {rule.because} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m emergence.statistics.document", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=Path("docs/claims.md"))
    parser.add_argument("--check", action="store_true", help="exit with 1 if the file is not what would be written")
    arguments = parser.parse_args()
    if not arguments.check:
        write_text(arguments.file, document())
    elif not arguments.file.is_file() or arguments.file.read_text(encoding="utf-8") != document():
        sys.exit(f"{arguments.file} differs from the rules; run python -m emergence.statistics.document")


if __name__ == "__main__":
    main()
