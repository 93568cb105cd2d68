"""What a user opens after a run: report, claims, metrics and plots."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow


def test_claims_have_verdicts_with_interval_and_corrected_p_value(finished: Repository) -> None:
    claims = finished.claims()
    for too_small_a_study in (claims.pop("C3"), claims.pop("C6")):
        assert too_small_a_study["verdict"] == "inconclusive" and too_small_a_study["runs"] == 0
    assert {"C1", "C4", "C5"} <= set(claims)
    for claim in claims.values():
        assert claim["verdict"] in {"supported", "contradicted", "inconclusive"}
        assert claim["interval_low"] <= claim["estimate"] <= claim["interval_high"]
        assert 0 <= claim["p_value"] <= claim["corrected_p_value"] <= 1
        assert claim["runs"] >= 3


def test_dvc_shows_metrics_and_plots(finished: Repository, tmp_path: Path) -> None:
    assert "claims.json" in finished.run("dvc", "metrics", "show")
    finished.run("dvc", "plots", "show", "--out", str(tmp_path / "plots"))
    pictures = {file.name for file in (tmp_path / "plots").rglob("*.png")}
    drawn = {file.name for file in (finished.folder / "results/figures/png").iterdir()}
    assert drawn
    assert all(any(picture.endswith(name) for picture in pictures) for name in drawn)


def test_dvc_tells_what_a_change_changed(repository: Repository) -> None:
    repository.set("statistics.confidence", 0.9)
    repository.run("dvc", "repro")
    assert "statistics.confidence" in repository.run("dvc", "params", "diff")
    assert "C1" in repository.run("dvc", "metrics", "diff")


def test_snakemake_writes_its_own_report_with_captions(repository: Repository) -> None:
    repository.run("snakemake", "--report", "snakemake_report.html")
    page = (repository.folder / "snakemake_report.html").read_text()
    assert "emergence_over_training" in page
    assert "{{" not in re.findall(r'"caption": ?"([^"]*)', page)[0]


def test_a_preset_on_the_command_line_equals_one_written_into_params_yaml(source: Repository, tmp_path: Path) -> None:
    overlaid, written = source.clone(tmp_path / "overlaid"), source.clone(tmp_path / "written")
    written.run("python", "-m", "emergence.parameters", "apply", "mnist")
    preset = ("--configfile", "params.yaml", "workflow/presets/mnist.yaml")
    files = [
        set(re.findall(r"results/[^,;\s]+", text))
        for text in (overlaid.run("snakemake", "-n", *preset), written.run("snakemake", "-n"))
    ]
    assert files[0] == files[1]
    assert any("fashion_mnist" in file for file in files[0])


@pytest.fixture
def browser() -> str:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        pytest.skip("needs Chromium (Debian package chromium)")
    return program


@pytest.mark.parametrize("width", [1280, 500])
def test_the_report_opens_without_network_overflow_or_error(
    finished: Repository, browser: str, tmp_path: Path, width: int
) -> None:
    probe = (
        "<script>const surface=document.querySelector('canvas'),first=surface.toDataURL();"
        "surface.dispatchEvent(new KeyboardEvent('keydown',{key:'ArrowLeft'}));"
        "document.title=['width',document.documentElement.scrollWidth,innerWidth,'broken',"
        "[...document.images].filter(i=>!i.naturalWidth).length,"
        "'turned',surface.toDataURL()!==first].join(' ')</script></body>"
    )
    page = tmp_path / "report.html"
    text = (finished.folder / "results/report.html").read_text()
    assert not re.search(r"""(src|href)=["']https?://[^"']+\.(js|css|png|svg)""", text)
    page.write_text(text.replace("</body>", probe))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet = ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}"]
    look = ["--dump-dom", "--enable-logging=stderr", "--virtual-time-budget=5000", f"--window-size={width},900"]
    command = [browser, *options, *quiet, *look, page.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "CONSOLE" not in shown.stderr
    found = re.search(r"<title>width (\d+) (\d+) broken (\d+) turned true</title>", shown.stdout)
    assert found, shown.stdout[:500]
    content, window, broken = map(int, found.groups())
    assert content <= window
    assert broken == 0
