"""What a user opens after a run: report, claims, metrics and plots."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import xarray as xr
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from torch import nn

from emergence import Recorder
from emergence.report.wording import effect
from emergence.statistics.robustness import CODES
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


def test_what_a_study_found_is_kept_and_its_report_opens_elsewhere(finished: Repository, tmp_path: Path) -> None:
    finished.run("emergence", "findings", "add", "smoke", "--to", str(tmp_path))
    claims, study = (
        json.loads((tmp_path / f"docs/findings/smoke/{name}.json").read_text()) for name in ("claims", "study")
    )
    assert {name: claim["verdict"] for name, claim in claims.items()} == {
        name: claim["verdict"] for name, claim in finished.claims().items()
    }
    assert (study["command"], study["networks_trained"]) == ("emergence run smoke", 6)
    assert study["cpu_hours"] > 0 and study["revision"] in finished.run("git", "log", "--format=%H")
    finished.run("emergence", "findings", "example", "smoke", "--to", str(tmp_path))
    assert (tmp_path / "example.html").read_bytes() == (finished.study / "report.html").read_bytes()


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


def test_dvc_and_compare_tell_what_a_change_changed_between_revisions(repository: Repository, tmp_path: Path) -> None:
    earlier = repository.claims()["C5"]
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

    compared = repository.run("emergence", "compare", "HEAD~1:", "HEAD:smoke").splitlines()
    assert ["statistics.reference_threshold", "0.05", "0.2"] in [line.split() for line in compared]
    row = next(line for line in compared if line.startswith("C5 "))
    assert effect(earlier) != effect(repository.claims()["C5"])
    assert effect(earlier) in row and effect(repository.claims()["C5"]) in row
    assert compared.count("   Its claims are what the code here makes of its parameters.") == 2
    assert (repository.folder / compared[-1]).read_text().count("<img") > 10
    clone = repository.clone(tmp_path / "clone")  # the remote has the results of the first revision alone
    assert "No parameter differs." in clone.run("emergence", "compare", "HEAD~1:", "HEAD~1:smoke")
    absent = clone.run("emergence", "compare", "HEAD~1:", "HEAD:", fails=True)
    assert absent.endswith("the results of revision HEAD are neither in DVC's cache nor in its remote\n")
    assert "unknown study at revision HEAD~1: 'smok'; allowed: smoke" in clone.run(
        "emergence", "compare", "HEAD~1:", "HEAD~1:smok", fails=True
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.skip("needs Chromium (Debian package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def assert_opens_for_everybody(browser: Browser, file: Path, width: int) -> None:
    """Open a page without network: no complaint, nothing wider than the window, no barrier that Axe knows."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if "://" in request.url[6:] else None)
    page.goto(file.as_uri())
    assert page.evaluate("document.images.length") >= 5
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    violations = Axe().run(page)
    assert violations.violations_count == 0, violations.generate_report()
    assert not complaints
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_opens_for_everybody_without_network_overflow_or_error(
    finished: Repository, browser: Browser, width: int
) -> None:
    assert_opens_for_everybody(browser, finished.study / "report.html", width)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_of_a_recording_does_so_too(browser: Browser, tmp_path: Path, width: int) -> None:
    recorder = Recorder(nn.Sequential(nn.Linear(4, 9), nn.ReLU()), torch.randn(9, 4), torch.arange(9), measures=[])
    recorder.record(0)
    assert_opens_for_everybody(browser, recorder.report(tmp_path / "page.html"), width)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_of_a_comparison_does_so_too(
    finished: Repository, browser: Browser, tmp_path: Path, width: int
) -> None:
    other = shutil.copytree(finished.study, tmp_path / "other")
    (other / "params.yaml").write_text((finished.study / "params.yaml").read_text().replace("seeds: 3", "seeds: 4", 1))
    claims = json.loads((other / "claims.json").read_text())
    claims["C5"]["verdict"] = "mixed"
    (other / "claims.json").write_text(json.dumps(claims))
    figures = other / "figures/png"
    (figures / "controls.png").unlink()
    shutil.copy(figures / "sparsity.png", figures / "training_curves.png")
    page = tmp_path / "page.html"
    finished.run("emergence", "compare", "smoke", str(other), "--output", str(page))
    assert_opens_for_everybody(browser, page, width)


def test_tables_and_figures_keep_their_numbers_when_folds_open_and_in_print(
    finished: Repository, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto((finished.study / "report.html").as_uri())
    numbers = "[...document.querySelectorAll('caption a, figcaption b a')].map(link => link.textContent)"
    folded = page.evaluate(numbers)
    assert len(set(folded)) == len(folded) > 20
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") <= 20
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    page.emulate_media(media="print")
    assert page.evaluate(numbers) == folded
    page.close()


def test_choices_can_be_picked_and_the_table_of_claims_follows(finished: Repository, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((finished.study / "report.html").as_uri())
    row = page.locator("#verdict-C4")
    at_reference = row.inner_html()
    cells = xr.load_dataset(finished.study / "statistics/robustness.nc")
    chosen = (cells["claim"] == "C4") & cells["seed_left_out"].isnull() & (cells["convergence_share"] == 0.8)
    cell = cells.isel(cell=(chosen & (cells["sparsities"] == "all")).values).squeeze()
    page.select_option("#picker select[name=convergence_share]", "0.8")
    verdict = next(name for name, code in CODES.items() if code == cell["claim_verdict"])
    assert verdict in row.locator("td").nth(0).inner_text()
    ends = {"estimate": "mean_effect", "interval_low": "mean_effect_low", "interval_high": "mean_effect_high"}
    assert row.locator("td").nth(1).inner_text() == effect({key: cell[name].item() for key, name in ends.items()}, 0.9)
    assert page.locator("#picker [role=status]").inner_text().startswith("At these choices: ")
    page.locator("#picker button").click()
    page.wait_for_function("row => row.cells[3].textContent !== '–'", arg=row.element_handle())
    assert row.inner_html() == at_reference
    page.close()


def test_tables_and_surfaces_of_the_report_can_be_used_with_the_keyboard(
    finished: Repository, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto((finished.study / "report.html").as_uri() + "#surfaces")
    assert page.locator("canvas").is_visible()  # a link opens what is folded
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
