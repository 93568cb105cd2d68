"""What a user opens after a run: report, claims, metrics and plots."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow


def test_claims_have_verdicts_with_interval_and_corrected_p_value(finished: Repository) -> None:
    claims = finished.claims()
    for too_small_a_study in map(claims.pop, ("C1", "C2", "C3", "C6", "C7")):
        assert too_small_a_study["verdict"] == "inconclusive" and too_small_a_study["runs"] == 0
    assert set(claims) == {"C4", "C5", "C8"}
    for claim in claims.values():
        assert claim["verdict"] in {"supported", "contradicted", "mixed", "inconclusive"}
        assert claim["interval_low"] <= claim["estimate"] <= claim["interval_high"]
        assert 0 <= claim["p_value"] <= claim["corrected_p_value"] <= 1
        assert claim["runs"] >= 3


def test_dvc_shows_metrics_and_plots(finished: Repository, tmp_path: Path) -> None:
    shown = finished.run("dvc", "metrics", "show").splitlines()
    assert shown[0].split() == ["Path", *finished.claims()]
    assert [Path(row.split()[0]).stem for row in shown[1:]] == ["choices", "effects", "verdicts"]
    assert max(map(len, shown)) <= 120
    finished.run("dvc", "plots", "show", "--out", str(tmp_path / "plots"))
    pictures = {file.name for file in (tmp_path / "plots").rglob("*.png")}
    drawn = {file.name for file in (finished.study / "figures/png").iterdir()}
    assert drawn
    assert all(any(picture.endswith(name) for picture in pictures) for name in drawn)


def test_dvc_tells_what_a_change_changed_between_revisions(repository: Repository) -> None:
    repository.set("statistics.reference_threshold", 0.2)
    repository.run("dvc", "repro")
    repository.commit("Fewer active units")
    revisions = ("HEAD~1", "HEAD")
    parameters = json.loads(repository.run("dvc", "params", "diff", "--json", *revisions))["params.yaml"]
    assert {key: (change["old"], change["new"]) for key, change in parameters.items()} == {
        "statistics.reference_threshold": (0.05, 0.2)
    }
    metrics = json.loads(repository.run("dvc", "metrics", "diff", "--json", *revisions))
    assert metrics["results/studies/smoke/metrics/effects.json"]["C5"]["diff"] > 0
    repository.run("dvc", "plots", "diff", "--out", "plots", *revisions)
    versions = [(repository.folder / "plots/static").glob(f"{name}_*sparsity.png") for name in revisions]
    before, now = (next(files).read_bytes() for files in versions)
    assert before != now


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.skip("needs Chromium (Debian package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_opens_for_everybody_without_network_overflow_or_error(
    finished: Repository, browser: Browser, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if "://" in request.url[6:] else None)
    page.goto((finished.study / "report.html").as_uri())
    assert page.evaluate("document.images.length") >= 10
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    violations = Axe().run(page)
    assert violations.violations_count == 0, violations.generate_report()
    assert not complaints
    context.close()


def test_tables_and_surfaces_of_the_report_can_be_used_with_the_keyboard(
    finished: Repository, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto((finished.study / "report.html").as_uri())
    heading = page.locator("table.claims thead th").nth(3)
    bounds = "[...document.querySelectorAll('table.claims tbody tr')].map(row => Number(row.cells[3].dataset.value))"
    unsorted = page.evaluate(bounds)
    heading.locator("button").focus()
    for order, expected in (
        ("ascending", sorted(unsorted)),
        ("descending", sorted(unsorted, reverse=True)),
        ("none", unsorted),
    ):
        page.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == order
        assert page.evaluate(bounds) == expected
    picture = "document.querySelector('canvas').toDataURL()"
    before = page.evaluate(picture)
    page.locator("canvas").press("ArrowLeft")
    assert page.evaluate(picture) != before
    page.close()
