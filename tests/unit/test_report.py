"""The report: what the page says, that it stands alone, and that everybody can read it."""

import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
import yaml

from emergence.core.plugins import available
from emergence.drawing.inputs import read_inputs, read_runs
from emergence.drawing.render import render
from emergence.drawing.style import Style
from emergence.figures import SECTIONS, catalogue
from emergence.parameters import Parameters
from emergence.report import texts
from emergence.report.evidence import Evidence, choice
from emergence.report.page import Contents, make_page
from emergence.report.records import Record, RuleTime, read_records, times
from emergence.report.requests import answer
from emergence.report.versions import versions, versions_in
from emergence.report.wording import effect, listing, name_of_test, number, p_value
from emergence.statistics.divergence import without_diverged
from tests import conclusion_data, figure_data
from tests.job_files import do, job_file
from tests.sampling import one_in

ROOT = Path(__file__).parents[2]
STYLE = Style(reference_threshold=0.05, reference_criterion="mean", confidence=0.95, convergence_share=0.95)
SHOWN = ("emergence_over_training", "active_units", "sparsity")
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


def record_of(folder: Path, rule: str, name: str, row: str) -> dict[str, Any]:
    """A job as a manifest lists it, with the times that Snakemake noted."""
    timing = folder / f"{rule}-{name.replace('/', '-')}.tsv"
    timing.write_text(f"s\th:m:s\tmax_rss\n{row}\n")
    files = [f"results/{rule}/{name}.nc"]
    return {"rule": rule, "name": name, "key": f"key-of-{rule}", "files": files, "timing": str(timing)}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("results")
    manifest = figure_data.write_results(folder, figure_data.TWO[:1], seeds=5, epochs=4, points=5)
    inputs = read_inputs(
        manifest | {"landscape": [], "tuning": [], "densities": []}, STYLE.reference_method, STYLE.reference_retraining
    )
    for name in SHOWN:
        render(name, inputs, STYLE, folder / f"{name}.png")
    manifest["figures"] = [{"png": str(folder / f"{name}.png")} for name in SHOWN]
    manifest["records"] = [
        record_of(folder, "train_networks", "digits/mlp/dense/seeds~0-3", "40\t0:00:40\t400"),
        record_of(folder, "train_networks", "digits/mlp/dense/seeds~4-7", "60\t0:01:00\t212.5"),
        record_of(folder, "make_masks", "digits/mlp/global_magnitude~0.5/seeds~0-7", "3\t0:00:03\t-"),
    ]
    claims = json.loads((folder / "claims.json").read_text())
    return {"manifest": manifest, "claims": claims, "folder": folder}


@pytest.fixture(scope="module")
def contents(results: dict[str, Any]) -> Contents:
    manifest = results["manifest"]
    return Contents(
        claims=results["claims"],
        figures=[Path(entry["png"]) for entry in manifest["figures"]],
        parameters=figure_data.parameters(figure_data.TWO[:1]),
        records=read_records(manifest["records"]),
        landscapes=read_runs(manifest, None, "landscape"),
    )


@pytest.fixture(scope="module")
def html(contents: Contents) -> str:
    return make_page(contents)


def page_with(claims: dict[str, Any], *figures: Path) -> str:
    return make_page(Contents(claims, figures, Parameters(), records=[], landscapes={}))


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
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))
    assert {"header", "nav", "main"} <= {tag for tag, _ in page.elements}
    assert next(page.all("a"))[0]["href"] == "#content"
    assert len(list(page.all("caption"))) == len(list(page.all("table")))
    assert all(attributes["scope"] in ("col", "row") for attributes, _ in page.all("th"))
    assert all(len(str(attributes["alt"])) > 40 for attributes, _ in page.all("img"))
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_text_has_the_contrast_that_wcag_asks_for() -> None:
    style = (ROOT / "src/emergence/report/report.css").read_text()
    pairs = re.findall(r"\{ color: (#\w{6}); background: (#\w{6})", style) + [
        (colour, "#f6f6f6") for colour in re.findall(r"--(?:ink|soft|link): (#\w{6})", style)
    ]
    assert len(pairs) == 7

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for text, background in pairs:
        dark, light = sorted((luminance(text), luminance(background)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, background)


def test_verdicts_come_first_with_effect_interval_and_corrected_p_value(html: str, results: dict[str, Any]) -> None:
    page = Page(html)
    assert [text for _, text in page.all("h2")][1:3] == ["Abstract", "Claims and verdicts"]
    rows = [text for _, text in page.all("tr")]
    for name, claim in results["claims"].items():
        row = next(text for text in rows if text.startswith(f"{name} {claim['statement']}"))
        assert claim["verdict"] in row
        if claim["estimate"] is not None:
            assert effect(claim) in row
        assert p_value(claim["corrected_p_value"], 0.05) in row
        power, across = claim["power"], p_value(claim["across_claims_p_value"], 0.05)
        seeds = [number(power[f"seeds_to_{way}"]) for way in ("support", "contradict")]
        assert " ".join([name, str(claim["runs"]), across, *seeds]) in rows
    quantities = [quantity for claim in results["claims"].values() for quantity in (claim, *claim["further"].values())]
    tests = sum(len(quantity["experiments"]) for quantity in quantities)
    tests += sum(
        len(found["experiments"]) for claim in results["claims"].values() for found in claim["analyses"].values()
    )
    assert sum(text.startswith("digits/mlp") for text in rows) == tests


def test_the_abstract_says_what_was_studied_and_found(html: str, results: dict[str, Any]) -> None:
    abstract = text_of_section(html, "abstract")
    assert "We trained mlp on digits, unpruned and pruned to 30 %, 50 %, 70 % and 90 % (1 configurations)" in abstract
    assert "each from 10 seeds for 20 epochs" in abstract
    verdicts = [claim["verdict"] for claim in results["claims"].values()]
    assert f"Of {len(verdicts)} claims, " in abstract
    said = {"supported": "supported", "contradicted": "contradicted", "mixed": "mixed", "inconclusive": "left open"}
    for verdict in set(verdicts):
        names = [name for name, claim in results["claims"].items() if claim["verdict"] == verdict]
        assert f"{said[verdict]} ({listing(names)})" in abstract


def test_numbers_of_tables_stand_in_the_page_in_order_and_can_be_linked_to(html: str) -> None:
    page = Page(html)
    written = [text.split(".")[0].removeprefix("Table ") for _, text in page.all("caption")]
    main, supplement = ([number for number in written if number.startswith("S") == is_s] for is_s in (False, True))
    assert main == [str(number) for number in range(1, len(main) + 1)] and len(main) > 10
    assert supplement == [f"S{number}" for number in range(1, len(supplement) + 1)]
    regions = [str(attributes.get("id")) for attributes, _ in page.all("div")]
    assert [region for region in regions if region.startswith("table-")] == [f"table-{number}" for number in written]
    assert "counter" not in next(text for _, text in page.all("style"))


def text_of_section(html: str, identifier: str) -> str:
    return next(text for attributes, text in Page(html).all("section") if attributes.get("id") == identifier)


def test_a_claim_leads_to_a_section_with_what_decides_it_and_where_its_numbers_are(
    html: str, results: dict[str, Any]
) -> None:
    links = [attributes["href"] for attributes, _ in Page(html).all("a")]
    for name, claim in results["claims"].items():
        assert f"#{name}" in links
        section = text_of_section(html, name)
        assert section.startswith(f"{name}. {claim['statement']}")
        assert claim["quantity"] in section
        tests = list(claim["experiments"].items())
        for test, found in tests if len(tests) <= 3 else ():
            told = f"({effect(found, claim['smallest_effect'])})" if found["estimate"] is not None else "has no value"
            assert f"{name_of_test(test)} " in section and told in section
        assert f"entry {name} of claims.json" in section


def test_figures_stand_in_the_sections_that_they_name_with_captions(html: str) -> None:
    for name in SHOWN:
        entry = catalogue()[name]
        assert f"{entry.title}. " in text_of_section(html, entry.sections[0])
    captions = [text for _, text in Page(html).all("figcaption")]
    drawn = [caption for caption in captions if caption.startswith("Figure ")]
    assert [caption.split(".")[0] for caption in drawn] == [f"Figure {number}" for number in (1, 2, 3)]
    assert "Loss surfaces to turn." in text_of_section(html, "landscape")
    assert all("10 seeds" in caption and "95 %" in caption for caption in drawn)


def test_a_section_refers_to_figures_that_belong_to_it_and_stand_elsewhere(html: str) -> None:
    assert catalogue()["sparsity"].sections == ("C4", "C3")
    assert "See also Figure" in text_of_section(html, "C3") and catalogue()[
        "sparsity"
    ].title.lower() in text_of_section(html, "C3")


def test_every_section_that_figures_may_name_has_its_texts() -> None:
    numbered = [section for section in SECTIONS if not re.fullmatch(r"abstract|claims|C\d", section)]
    assert numbered == list(texts.sections())


@pytest.mark.parametrize("kind", ["methods", "measures"])
def test_every_name_that_comes_with_the_package_is_explained(kind: str) -> None:
    assert set(available({"methods": "pruning", "measures": "measures"}[kind])) == set(texts.glossary()[kind])


def test_every_request_of_the_reviewers_is_answered_with_links_to_sections(html: str) -> None:
    rows = [text for _, text in Page(text_and_tags(html, "requests")).all("tr")][1:]
    assert [row.split(" ")[0] for row in rows] == [f"R{number}" for number in range(1, 14)]
    identifiers = {attributes.get("id") for _, attributes in Page(html).elements}
    places = {section for request in texts.requests().values() for section in request["sections"]}
    assert places <= identifiers | set(texts.sections())
    assert "Baselines of emergence (not in this study)" in rows[3]
    assert all(re.search(r"\? (yes|no|partly) (\d+ of \d+|Nothing to count:) ", row) for row in rows)


def test_requests_are_answered_by_what_the_study_found(contents: Contents, results: dict[str, Any]) -> None:
    def state(name: str, **changes: Any) -> tuple[str, int, int]:
        found = Evidence(**{"claims": contents.claims, "parameters": contents.parameters, **changes})
        answered = answer(texts.requests()[name], found)
        return answered.state, answered.counted.hits, answered.counted.of

    claims = json.loads(json.dumps(contents.claims))
    given_activity = claims["C1"]["further"]["given_activity"]
    (test,) = given_activity["experiments"].values()
    for verdict, expected in {"supported": ("yes", 1, 1), "inconclusive": ("no", 0, 1)}.items():
        test["verdict"] = verdict
        assert state("R4", claims=claims) == expected
    given_activity["experiments"]["digits/cnn"] = {**test, "verdict": "supported"}
    assert state("R4", claims=claims) == ("partly", 1, 2)
    assert state("R4", claims={}) == ("no", 0, 0)
    adaptive = Parameters.model_validate({"training": {"optimizer": {"name": "adamw", "learning_rate": 0.001}}})
    assert state("R8") == ("no", 0, 1) and state("R8", parameters=adaptive) == ("yes", 2, 2)
    assert state("R13") == ("partly", 1, 2)
    assert state("R13", registration={"differences": []}) == ("yes", 2, 2)
    masks = [record for record in contents.records if record.rule == "make_masks"]
    pruned = replace(masks[0], rule="retrain_networks", name="digits/mlp/global_magnitude~0.5/rewind/seeds~0-7")
    assert state("R11", records=[*masks, pruned]) == ("yes", 1, 1) and state("R11", records=[pruned]) == ("no", 0, 1)
    study = xr.load_dataset(results["folder"] / "study.nc")
    same = study["control_emergence"].sel(control="itself")
    itself = study.assign(control_emergence=study["control_emergence"] * 0 + same)
    counted = state("R9", study=itself)
    assert counted[:2] == ("no", 0) and counted[2] > 0
    changed = itself.assign(
        control_emergence=itself["control_emergence"].where(study["control"] == "itself", 10 * same)
    )
    assert state("R9", study=changed) == ("yes", counted[2], counted[2])


@pytest.mark.parametrize(("name", "kept"), [("criterion", False), ("threshold", True)])
def test_a_choice_is_survived_where_all_its_values_give_the_verdict_of_reference(name: str, kept: bool) -> None:
    cells = conclusion_data.few_choices()
    found = Evidence({}, Parameters(), conclusions={"robustness": cells})
    assert choice(found, name) == ((1, 1) if kept else (0, 1)) + ("",)


def test_a_study_that_follows_no_registration_is_called_exploratory(html: str) -> None:
    for section in ("abstract", "registration"):
        assert "study is exploratory: follows no registration" in text_of_section(html, section)


def test_what_was_registered_stands_beside_what_is_found(contents: Contents) -> None:
    registration = {
        "name": "mine",
        "commit": "0123abc",
        "digest": "ab" * 32,
        "differences": [{"what": "statistics.confidence", "registered": "0.95", "found": "0.9"}],
        "looked_at": ["digits (split seed 0)"],
        "statement": "not confirmatory: departs from the registration mine",
    }
    page = make_page(replace(contents, registration=registration))
    section = text_of_section(page, "registration")
    assert "This study is not confirmatory: departs from the registration mine" in section
    assert "not confirmatory: departs from" in text_of_section(page, "abstract")
    assert "statistics.confidence 0.95 0.9" in [text for _, text in Page(page).all("tr")]
    assert "SHA-256 " + "ab" * 32 in section and "0123abc" in section and "digits (split seed 0)" in section


def text_and_tags(html: str, identifier: str) -> str:
    start = html.index(f'<section id="{identifier}"')
    return html[start : html.index("</section>", start) + len("</section>")]


def test_methods_are_written_from_the_parameters() -> None:
    changes = {"training": {"epochs": 7, "optimizer": {"name": "adamw"}}, "measures": {"names": ["path_norm"]}}
    page = make_page(Contents({}, [], Parameters.model_validate(changes), records=[], landscapes={}))
    methods = text_of_section(page, "methods")
    assert "for 7 epochs in batches of 64. Optimiser: adamw, learning rate 0.05" in methods
    assert "path_norm: size of the weights along the network's paths" in methods
    assert "global_magnitude: removes the smallest weights of the whole network" in methods


def test_every_file_of_the_study_is_listed_with_its_key(html: str, results: dict[str, Any]) -> None:
    rows = [text for _, text in Page(html).all("tr")]
    for record in results["manifest"]["records"]:
        assert f"{record['files'][0]} {record['rule'].replace('_', ' ')} {record['key']}" in rows


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
    assert versions_in(html) == found


def test_times_are_summed_up_per_step(tmp_path: Path) -> None:
    entries = [
        record_of(tmp_path, "train_networks", "a", "10.5\t0:00:10\t300.2"),
        record_of(tmp_path, "train_networks", "b", "4.0\t0:00:04\t310.0"),
        record_of(tmp_path, "make_masks", "c", "0.02\t0:00:00\t-"),
    ]
    absent = Record("draw_figure", "d", "", (), str(tmp_path / "absent.tsv"))
    assert times([*read_records(entries), absent]) == [
        RuleTime("train_networks", 2, 14.5, 10.5, 310.0),
        RuleTime("make_masks", 1, 0.02, 0.02, None),
    ]


UNREADABLE = {
    "empty": b"",
    "heading alone": b"s\th:m:s\tmax_rss\n",
    "cut in the heading": b"s\th:",
    "nothing measured": b"s\th:m:s\tmax_rss\nNA\tNA\tNA\n",
    "no number": b"s\tmax_rss\n1.2.3\t10\n",
    "no time": b"s\tmax_rss\n-3\t10\n",
    "endless": b"s\tmax_rss\ninf\t10\n",
    "other columns": b"seconds\n3\n",
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("kind", one_in(3, UNREADABLE))
def test_a_time_that_cannot_be_read_is_unknown_and_leaves_the_others_known(tmp_path: Path, kind: str) -> None:
    readable = record_of(tmp_path, "train_networks", "a", "10.5\t0:00:10\t300.2")
    (tmp_path / "damaged.tsv").write_bytes(UNREADABLE[kind])
    damaged = [Record(rule, "b", "", (), str(tmp_path / "damaged.tsv")) for rule in ("train_networks", "draw_figure")]
    assert times([*damaged, *read_records([readable])]) == [RuleTime("train_networks", 1, 10.5, 10.5, 300.2)]


def test_a_memory_use_that_cannot_be_read_leaves_the_time_known(tmp_path: Path) -> None:
    entry = record_of(tmp_path, "train_networks", "a", "10.5\t0:00:10")
    assert times(read_records([entry])) == [RuleTime("train_networks", 1, 10.5, 10.5, None)]


def test_the_page_states_of_how_many_jobs_the_time_is_not_known(contents: Contents, tmp_path: Path) -> None:
    damaged = Record("draw_figure", "d", "key", (), str(tmp_path))
    page = make_page(replace(contents, records=[*contents.records, damaged, damaged]))
    assert "Jobs whose time is not known here (2: their results came from elsewhere" in text_of_section(page, "times")


def test_the_table_of_times_adds_up_and_an_empty_one_is_explained(html: str, results: dict[str, Any]) -> None:
    rows = [text for _, text in Page(html).all("tr")]
    assert "train networks 2 1 min 40 s 1 min 0 s 400" in rows
    assert "make masks 1 3.0 s 3.0 s –" in rows
    assert "All 3 jobs took 1 min 43 s" in text_of_section(html, "times")
    assert "No times were noted here" in page_with(results["claims"])


def test_text_from_results_cannot_become_markup(results: dict[str, Any]) -> None:
    claims = {"C1": {**results["claims"]["C1"], "statement": "<script>alert(1)</script>"}}
    assert "<script>alert" not in page_with(claims)


def test_networks_that_diverged_are_listed_by_run_with_their_seeds_and_step(
    contents: Contents, html: str, results: dict[str, Any]
) -> None:
    study = xr.load_dataset(results["folder"] / "study.nc")
    study["train_loss"][{"run": 1, "seed": [0, 3], "step": -1}] = math.nan
    study["train_loss"][{"run": 1, "seed": 4}] = math.inf
    page = make_page(replace(contents, study=without_diverged(study)))
    of_run = [text for _, text in Page(page).all("tr") if text.startswith(str(study["run"].values[1]))]
    assert [row.split(" ", 1)[1] for row in of_run[-2:]] == ["1 of 5 4 ep0", "2 of 5 0 and 3 ep4"]
    networks = study.sizes["run"] * study.sizes["seed"]
    assert f"3 of {networks} networks are left out" in text_of_section(page, "diverged")
    assert f"3 of {networks} networks are left out" in text_of_section(page, "abstract")
    assert 'id="diverged"' not in html and 'href="#diverged"' not in html


def test_undefined_numbers_are_dashes(results: dict[str, Any]) -> None:
    nothing = dict.fromkeys(["estimate", "interval_low", "interval_high", "p_value", "corrected_p_value"])
    claims = {"C1": {**results["claims"]["C1"], **nothing, "verdict": "inconclusive"}}
    row = next(text for _, text in Page(page_with(claims)).all("tr") if text.startswith("C1"))
    assert row.count("–") == 3 and "None" not in row


def test_files_that_are_no_figures_are_refused_by_name(tmp_path: Path, results: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"holiday\.png: no figure has this name"):
        page_with(results["claims"], tmp_path / "holiday.png")
    (tmp_path / "sparsity.png").write_text("broken")
    with pytest.raises(ValueError, match=r"sparsity\.png is not a PNG file"):
        page_with(results["claims"], tmp_path / "sparsity.png")


def test_the_script_writes_the_page_from_a_manifest(results: dict[str, Any], tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    inputs = {name: entries for name, entries in results["manifest"].items() if name != "records"}
    settings, records = Parameters().model_dump(exclude={"compute"}), results["manifest"]["records"]
    outputs = {"report": output}
    do(job_file(tmp_path / "job.json", "write_report", inputs, outputs, settings=settings, records=records))
    page = Page(output.read_text(encoding="utf-8"))
    assert len(list(page.all("img"))) == len(SHOWN)
    assert any(text.startswith("train networks 2 1 min 40 s") for _, text in page.all("tr"))
