"""What the catalogue says of the figures, and where their captions come from."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined

from emergence.core.plugins import available
from emergence.drawing.catalogue import CONSTANTS, _read
from emergence.figures import SECTIONS, catalogue
from emergence.parameters import Parameters
from emergence.study import table

ROOT = Path(__file__).parents[2]
FIGURE = 'TITLE = "T"\nPOSITION = 1\nNEEDS = ("study",)\nSECTIONS = ("C1",)\nCAPTION = "C"\nALTERNATIVE = "A"\n'


def test_every_file_of_the_room_is_a_figure_with_a_place_of_its_own() -> None:
    entries = catalogue()
    assert sorted(entries) == available("figures")
    assert len({entry.position for entry in entries.values()}) == len(entries)
    assert [entry.position for entry in entries.values()] == sorted(entry.position for entry in entries.values())


def test_asking_for_names_and_needs_imports_no_drawing_library() -> None:
    heavy = "{'matplotlib', 'xarray', 'numpy', 'torch'}"
    code = f"import sys; from emergence.figures import catalogue; catalogue(); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("constant", CONSTANTS)
def test_a_figure_that_lacks_a_constant_is_refused_by_name(tmp_path: Path, constant: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text("\n".join(line for line in FIGURE.splitlines() if not line.startswith(constant)))
    with pytest.raises(ValueError, match=rf"mine\.py does not define {constant}"):
        _read(file)


def test_a_figure_that_needs_what_nothing_makes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = replace(catalogue()["sparsity"], needs=("studies",))
    monkeypatch.setattr(table, "catalogue", lambda: {"mine": entry})
    with pytest.raises(ValueError, match=f"mine.py needs studies; allowed: {', '.join(table.DRAWABLE)}"):
        table.drawn_from("mine")


@pytest.mark.parametrize(("sections", "named"), [('("C1", "C9")', "C9"), ("()", "nothing")])
def test_a_figure_that_stands_in_no_section_of_the_report_is_refused(tmp_path: Path, sections: str, named: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(FIGURE.replace('("C1",)', sections))
    with pytest.raises(ValueError, match=f"mine.py stands in {named}; allowed: {', '.join(SECTIONS)}"):
        _read(file)


def test_captions_state_their_numbers() -> None:
    parameters = Parameters.model_validate({"study": {"seeds": 5}, "statistics": {"confidence": 0.9}}).model_dump()
    for entry in catalogue().values():
        caption = entry.caption_for(parameters)
        assert not re.search(r"[{}]", caption), entry.name
        if "{seeds}" in entry.caption:
            assert "5 seeds" in caption
        if "{confidence}" in entry.caption:
            assert "90 %" in caption
    assert all(re.search(r"{\w*seeds}", entry.caption) for entry in catalogue().values())


def test_captions_of_snakemakes_report_are_those_of_the_figures() -> None:
    written = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / "workflow/captions").glob("*.rst")}
    made = {name: entry.caption_for_snakemake() for name, entry in catalogue().items()}
    assert written == made, "run: python -m emergence.figures workflow/captions"


@pytest.mark.parametrize("name", catalogue())
def test_captions_of_snakemakes_report_are_filled_from_the_configuration(name: str) -> None:
    class Job:
        config = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))

    entry = catalogue()[name]
    filled = Environment(undefined=StrictUndefined).from_string(entry.caption_for_snakemake()).render(snakemake=Job)
    page = publish_parts(filled, writer="html", settings_overrides={"report_level": 1, "halt_level": 1})["body"]
    assert f"<strong>{entry.title}.</strong>" in page
    assert filled == f"**{entry.title}.** {entry.caption_for(Job.config)}"
