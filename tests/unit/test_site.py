"""The site of docs/ is built without network, has no broken link, and opens for everybody."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
SHOWN = ("index", "start", "results", "measure", "reference/params", "reference/emergence", "notebooks/measure.ipynb")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built in a process that reaches no other machine; a warning ends it."""
    folder = tmp_path_factory.mktemp("site")
    closed = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **closed, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module", params=[1280, 390])
def window(request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.skip("needs Chromium (Debian package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser.new_context(viewport={"width": request.param, "height": 900}, offline=True)
        browser.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """A page of its own: what axe has begun to load of another one ends with that."""
    with window.new_page() as page:
        yield page


def test_every_page_of_docs_and_every_public_module_has_a_page(site: Path) -> None:
    pages = {file.relative_to(ROOT / "docs").with_suffix(".html") for file in (ROOT / "docs").glob("*.md")}
    pages |= {Path(f"reference/{name}.html") for name in ("params", "commands", "figures", "parts", "emergence")}
    pages |= {Path("repository/CONTRIBUTING.html"), Path("repository/index.html"), Path("notebooks/study.ipynb.html")}
    assert not [str(file) for file in pages if not (site / file).is_file()]


def test_the_reference_has_every_parameter_and_every_public_name(site: Path) -> None:
    import emergence
    from emergence.parameters import Parameters
    from emergence.parameters.base import flat

    keys = (site / "reference/params.html").read_text()
    sections = {name: value for name, value in Parameters().model_dump().items() if name != "networks"}
    named = [key.partition(".")[2] for key in flat(sections)]
    assert not [key for key in named if f"<code>{key}</code>" not in keys]
    names = (site / "reference/emergence.html").read_text()
    assert not [name for name in [*emergence.__all__, "open_study"] if f'id="emergence.{name}"' not in names]


@pytest.mark.parametrize("name", SHOWN)
def test_pages_open_from_a_folder_without_complaint_for_everybody(site: Path, page: Page, name: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if request.url.startswith("http") else None)
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not complaints
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_search_finds_without_a_server(site: Path, page: Page) -> None:
    page.goto((site / "index.html").as_uri())
    page.locator("label[for=__search]:visible, .md-search__input:visible").first.click()
    page.focus(".md-search__input")
    page.keyboard.type("effective rank", delay=20)
    page.wait_for_selector(".md-search-result__item")
    assert "effective" in page.inner_text(".md-search-result__list").lower()
