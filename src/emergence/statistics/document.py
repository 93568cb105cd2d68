"""Write docs/claims.md from the rules, and the schema of claims.json from its models.

``python -m emergence.statistics.document [--check] [folder]``, where the folder is that of the project.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from emergence.core.files import write_text
from emergence.statistics.entries import SCHEMA_FILE, as_schema
from emergence.statistics.rules import Analysis, Claim, General, Varied, read_rules

PAGE_FILE = "docs/claims.md"

HISTORY = (
    "No bound of an effect that counts was changed after a result. But not all rules came before all results: those of "
    "some quantities of C2, C7 and C8 were written after first figures had been seen, and the radii of C6 and the runs "
    "that C3 compares changed after their rules; later, rules were made stricter because of what results had shown. So "
    "a study explores, also the default one, unless it follows a registration that was made before it, on data sets "
    "and splits of which no results had been seen."
)
"""Which rules came when."""

INTRODUCTION = f"""\
# The claims and what decides them

The claims are those of AlShinaifi et al., *Quantifying Emergence in Neural Networks* (arXiv:2409.01568). What decides
each of them stands in `src/emergence/statistics/rules.yaml`, which the code reads and from which this page is written
(`python -m emergence.statistics.document`). Confidence, convergence share, the criterion and threshold of activity, and
which paths count, are parameters of the study. `workflow/claims.schema.json` is the form of a study's `claims.json`.

{HISTORY} How a study is registered: [registration.md](registration.md).
"""

GENERAL = {
    "seeds": "Unit",
    "diverged": "Diverged",
    "estimate": "Estimate",
    "interval": "Interval",
    "test": "Test",
    "correction_text": "Correction",
    "supported": "Supported",
    "contradicted": "Contradicted",
    "mixed": "Mixed",
    "inconclusive": "Inconclusive",
    "over_experiments": "Over experiments",
    "over_quantities": "Over quantities",
    "across_claims_text": "Across claims",
    "absence": "No effect",
    "power_text": "Power",
    "choices_text": "Choices",
    "analyses": "Analyses",
}

VARIED: dict[Varied, str] = {
    "counting": "how emergence is counted (threshold, criterion and samples of activity, units that paths run through)",
    "convergence_share": "when a run has converged (`statistics.accuracy_targets`)",
    "sparsities": "sparsities (all; all but the largest; all but the smallest)",
    "early_share": "what counts as early (`statistics.early_shares`)",
    "read_out": "where in an epoch emergence is read (at its start, at its end, their mean)",
}
"""Choices that claims vary over, in words."""


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
    lines += [f"Also judged at every choice of {'; '.join(_choices(claim))}.", ""]
    lines += ["| quantity | role | what is computed | runs | counts if | because |", "|---|---|---|---|---|---|"]
    for key, rule in claim.quantities.items():
        bound = f"{'at least' if rule.direction == 'positive' else 'at most'} {rule.smallest_effect:g}"
        lines.append(f"| `{key}` | {rule.role} | {rule.quantity} | {rule.runs} | {bound} | {rule.because} |")
    return "\n".join([*lines, *_analyses(claim.analyses), ""])


def _choices(claim: Claim) -> list[str]:
    readings = [f"the reading of emergence ({', '.join(claim.readings)})"] if claim.readings else []
    return [VARIED[name] for name in claim.varies] + readings


def _analyses(analyses: Mapping[str, Analysis]) -> list[str]:
    lines = ["", "| analysis | what is computed | runs | unit | how |", "|---|---|---|---|---|"]
    rows = [
        f"| `{key}` | {rule.analysis} | {rule.runs} | {rule.unit} | {rule.method} |" for key, rule in analyses.items()
    ]
    return lines + rows if rows else []


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m emergence.statistics.document", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path())
    parser.add_argument("--check", action="store_true", help="exit with 1 if a file is not what would be written")
    arguments = parser.parse_args()
    for name, text in {PAGE_FILE: document(), SCHEMA_FILE: as_schema()}.items():
        file = arguments.folder / name
        if not arguments.check:
            write_text(file, text)
        elif not file.is_file() or file.read_text(encoding="utf-8") != text:
            sys.exit(f"{file} differs from the rules; run python -m emergence.statistics.document")


if __name__ == "__main__":
    main()
