"""The report: what the page says, that it stands alone, and that everybody can read it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from emergence.figures import catalogue
from emergence.figures._inputs import read_inputs, read_runs
from emergence.figures._render import render
from emergence.figures._style import Style
from emergence.parameters import Parameters
from emergence.report.page import make_page
from emergence.report.timings import RuleTime, read_timings
from emergence.report.versions import versions
from tests import figure_data

ROOT = Path(__file__).parents[2]
STYLE = Style(reference_threshold=0.05, reference_criterion="mean", confidence=0.95, convergence_share=0.95)
SHOWN = ("emergence_over_training", "active_units")
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page with their attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[int, str] = {}
        self._open: list[int] = []
        self.feed(html)
        self.close()
        assert not self._open, "unclosed elements"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self._open.pop()][0] == tag
        if tag in ("th", "td"):
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for place in self._open:
            self.text[place] = self.text.get(place, "") + data

    def all(self, tag: str) -> Iterator[tuple[dict[str, str | None], str]]:
        for place, (name, attributes) in enumerate(self.elements):
            if name == tag:
                yield attributes, " ".join(self.text.get(place, "").split())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("results")
    manifest = figure_data.write_results(folder, figure_data.TWO[:1], seeds=5, epochs=4, points=5)
    inputs = read_inputs(manifest | {"landscape": [], "tuning": []}, STYLE.reference_method, STYLE.reference_retraining)
    for name in SHOWN:
        render(name, inputs, STYLE, folder / f"{name}.png", folder / f"{name}.svg")
    (folder / "time.tsv").write_text("s\th:m:s\tmax_rss\n61.5\t0:01:01\t212.5\n")
    manifest["figures"] = [{"png": str(folder / f"{name}.png")} for name in SHOWN]
    return {"manifest": manifest, "claims": json.loads((folder / "claims.json").read_text()), "folder": folder}


@pytest.fixture(scope="module")
def html(results: dict[str, Any]) -> str:
    figures = [Path(entry["png"]) for entry in results["manifest"]["figures"]]
    times = [RuleTime("train_networks", 2, 100.0, 60.0, 400.0), RuleTime("make_masks", 1, 3.0, 3.0, None)]
    landscapes = read_runs(results["manifest"], "landscape")
    return make_page(results["claims"], figures, figure_data.parameters(figure_data.TWO[:1]), times, landscapes)


def test_the_page_refers_to_nothing_that_it_would_have_to_load(html: str) -> None:
    page = Page(html)
    assert not {"link", "iframe", "object", "embed"} & {tag for tag, _ in page.elements}
    assert not any(
        "src" in attributes or re.search(r"fetch|import|https?:", text) for attributes, text in page.all("script")
    )
    assert all(attributes["src"].startswith("data:image/png;base64,") for attributes, _ in page.all("img"))  # type: ignore[union-attr]
    assert not re.search(r"url\(|@import", next(text for _, text in page.all("style")))
    targets = {attributes.get("id") for _, attributes in page.elements}
    for attributes, _ in page.all("a"):
        link = str(attributes["href"])
        assert link[1:] in targets if link.startswith("#") else link == "https://arxiv.org/abs/2409.01568"


def test_the_page_can_be_read_by_everybody(html: str) -> None:
    page = Page(html)
    assert next(page.all("html"))[0]["lang"] == "en"
    assert next(text for _, text in page.all("title"))
    assert "width=device-width" in str([attributes for attributes, _ in page.all("meta")])
    assert [tag for tag, _ in page.elements if re.fullmatch(r"h\d", tag)] == ["h1"] + ["h2"] * 6
    assert all(attributes["scope"] in ("col", "row") for attributes, _ in page.all("th"))
    assert all(len(str(attributes["alt"])) > 40 for attributes, _ in page.all("img"))
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_text_has_the_contrast_that_wcag_asks_for() -> None:
    style = (ROOT / "src/emergence/report/report.css").read_text()
    pairs = re.findall(r"\{ color: (#\w{6}); background: (#\w{6})", style) + [
        (colour, "#ffffff") for colour in re.findall(r"--(?:ink|soft|link): (#\w{6})", style)
    ]
    assert len(pairs) == 6

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for text, background in pairs:
        dark, light = sorted((luminance(text), luminance(background)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, background)


def test_verdicts_come_first_with_effect_interval_and_corrected_p_value(html: str, results: dict[str, Any]) -> None:
    page = Page(html)
    assert next(text for _, text in page.all("h2")) == "Verdicts"
    rows = [text for _, text in page.all("tr")]
    for name, claim in results["claims"].items():
        row = next(text for text in rows if text.startswith(f"{name} {claim['statement']}"))
        assert claim["verdict"] in row and f" {claim['runs']}" in row
    tests = sum(len(claim["experiments"]) for claim in results["claims"].values())
    further = [quantity for claim in results["claims"].values() for quantity in claim["further"].values()]
    tests += sum(len(quantity["experiments"]) for quantity in further)
    assert sum(text.startswith("digits/mlp") for text in rows) == tests


def test_the_summary_says_what_was_studied_and_found(html: str, results: dict[str, Any]) -> None:
    paragraphs = [text for _, text in Page(html).all("p")]
    findings, studied = paragraphs[:2]
    assert "mlp on digits, trained from 8 seeds for 20 epochs with sgd" in studied
    assert "30 %, 50 %, 70 % and 90 % (global_magnitude)" in studied
    verbs = {"supported": "support", "contradicted": "contradict", "inconclusive": "leave open"}
    for name, claim in results["claims"].items():
        statement = claim["statement"][0].lower() + claim["statement"][1:-1]
        phrase = next(part for part in re.split(r"; they |The results ", findings) if f"{statement} ({name})" in part)
        assert phrase.startswith(verbs[claim["verdict"]])


def test_a_claim_says_how_many_of_its_tests_got_each_verdict(html: str, results: dict[str, Any]) -> None:
    rows = [text for _, text in Page(html).all("tr")]
    for name, claim in results["claims"].items():
        verdicts = [test["verdict"] for test in claim["experiments"].values()]
        row = next(text for text in rows if text.startswith(f"{name} "))
        counts = re.findall(r"(\d+) (supported|contradicted|inconclusive)", row)
        assert {verdict: int(count) for count, verdict in counts} == {word: verdicts.count(word) for word in verdicts}


def test_a_claim_leads_to_its_tests(html: str, results: dict[str, Any]) -> None:
    page = Page(html)
    links = [attributes["href"] for attributes, _ in page.all("a")]
    headings = {attributes["id"]: text for attributes, text in page.all("p") if "id" in attributes}
    for name, claim in results["claims"].items():
        assert f"#{name}" in links
        assert headings[name].startswith(f"Decides. {claim['quantity']}")


def test_figures_stand_in_the_order_of_the_catalogue_with_captions(html: str) -> None:
    *captions, surfaces = [text for _, text in Page(html).all("figcaption")]
    assert surfaces.startswith("Loss surfaces to turn.")
    titles = [entry.title for name, entry in catalogue().items() if name in SHOWN]
    assert [caption.split(". ")[1] for caption in captions] == titles
    assert all("8 seeds" in caption and "95 %" in caption for caption in captions)


def test_all_parameters_can_be_read_back(html: str) -> None:
    text = next(
        text for place, (tag, _) in enumerate(Page(html).elements) if tag == "pre" for text in [Page(html).text[place]]
    )
    expected = figure_data.parameters(figure_data.TWO[:1])
    assert Parameters.model_validate(yaml.safe_load(text)) == expected


def test_versions_name_python_and_all_that_is_needed(html: str) -> None:
    found = versions()
    assert found["Python"] == sys.version.split()[0]
    assert {"torch", "snakemake", "dvc", "xarray", "nn-emergence"} <= set(found)
    assert not {"pytest", "mypy"} & set(found)
    assert all(f"{name} {version}" in html for name, version in found.items())


def test_times_are_summed_up_per_rule(tmp_path: Path) -> None:
    def record(name: str, row: str) -> str:
        (tmp_path / name).write_text(f"s\th:m:s\tmax_rss\tmax_vms\n{row}\n")
        return str(tmp_path / name)

    entries = [
        {"rule": "train_networks", "file": record("a.tsv", "10.5\t0:00:10\t300.2\t1")},
        {"rule": "train_networks", "file": record("b.tsv", "4.0\t0:00:04\t310.0\t1")},
        {"rule": "make_masks", "file": record("c.tsv", "0.02\t0:00:00\t-\t-")},
        {"rule": "draw_figure", "file": str(tmp_path / "absent.tsv")},
    ]
    assert read_timings(entries) == [
        RuleTime("train_networks", 2, 14.5, 10.5, 310.0),
        RuleTime("make_masks", 1, 0.02, 0.02, None),
    ]


def test_the_table_of_times_adds_up_and_an_empty_one_is_explained(html: str, results: dict[str, Any]) -> None:
    rows = [text for _, text in Page(html).all("tr")]
    assert "train networks 2 1 min 40 s 1 min 0 s 400" in rows
    assert "make masks 1 3.0 s 3.0 s –" in rows
    assert "all 3 1 min 43 s" in rows
    assert "No times were recorded here" in make_page(results["claims"], [], Parameters(), [])


def test_text_from_results_cannot_become_markup(results: dict[str, Any]) -> None:
    claims = {"C1": {**results["claims"]["C1"], "statement": "<script>alert(1)</script>"}}
    assert "<script>" not in make_page(claims, [], Parameters(), [])


def test_undefined_numbers_are_dashes(results: dict[str, Any]) -> None:
    nothing = dict.fromkeys(["estimate", "interval_low", "interval_high", "p_value", "corrected_p_value"])
    claims = {"C1": {**results["claims"]["C1"], **nothing, "verdict": "inconclusive"}}
    row = next(text for _, text in Page(make_page(claims, [], Parameters(), [])).all("tr") if text.startswith("C1"))
    assert row.count("–") == 2 and "None" not in row


def test_files_that_are_no_figures_are_refused_by_name(tmp_path: Path, results: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"holiday\.png: no figure has this name"):
        make_page(results["claims"], [tmp_path / "holiday.png"], Parameters(), [])
    (tmp_path / "sparsity.png").write_text("broken")
    with pytest.raises(ValueError, match=r"sparsity\.png is not a PNG file"):
        make_page(results["claims"], [tmp_path / "sparsity.png"], Parameters(), [])


def test_the_script_writes_the_page_from_a_manifest(results: dict[str, Any], tmp_path: Path) -> None:
    timings = [{"rule": "train_networks", "file": str(results["folder"] / "time.tsv")}]
    manifest, output = tmp_path / "manifest.json", tmp_path / "report.html"
    manifest.write_text(json.dumps({**results["manifest"], "timings": timings}))
    parameters = Parameters().model_dump_json(exclude={"compute"})
    arguments = ["--manifest", str(manifest), "--parameters", parameters, "--output", str(output)]
    subprocess.run([sys.executable, "scripts/write_report.py", *arguments], cwd=ROOT, check=True)
    page = Page(output.read_text(encoding="utf-8"))
    assert len(list(page.all("img"))) == len(SHOWN)
    assert any(text == "train networks 1 1 min 2 s 1 min 2 s 212" for _, text in page.all("tr"))
