"""Two studies side by side as one HTML page that refers to no other file."""

from pathlib import Path

from emergence.comparison import differences
from emergence.comparison.side import Side
from emergence.report import page as report

FOLDER = Path(__file__).parent
TEMPLATE = "comparison.html"
STYLES = (report.FOLDER / "report.css", FOLDER / "comparison.css")
SCRIPT = report.FOLDER / "tables.js"


def make_page(a: Side, b: Side) -> str:
    """Return the page: what differs, the claims, the tests that decide them, and the figures beside each other."""
    environment = report.make_environment(FOLDER)
    environment.filters.update(holds=differences.holds, changed=differences.changed)
    claims = differences.claims(a, b)
    return environment.get_template(TEMPLATE).render(
        style="".join(file.read_text(encoding="utf-8") for file in STYLES),
        script=SCRIPT.read_text(encoding="utf-8"),
        sides={"A": a, "B": b},
        summary=differences.summary(claims),
        settings={
            "Parameters that differ": differences.parameters(a, b),
            "Packages whose versions differ": differences.versions(a, b),
        },
        claims=claims,
        tests={claim.name: differences.tests(claim) for claim in claims},
        figures=differences.figures(a, b),
    )
