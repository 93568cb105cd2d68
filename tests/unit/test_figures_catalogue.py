"""The catalogue of figures, and their captions."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from emergence.core.plugins import available
from emergence.drawing.catalogue import _read
from emergence.figures import SECTIONS, catalogue
from emergence.parameters import Parameters
from emergence.study import table

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


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ('TITLE = "T"', "", "mine.py does not define TITLE"),
        ('"C1"', '"C1", "C9"', f"mine.py stands in C9; allowed: {', '.join(SECTIONS)}"),
        ('("C1",)', "()", "mine.py stands in nothing"),
    ],
)
def test_a_figure_described_wrongly_is_refused_by_name(tmp_path: Path, line: str, instead: str, told: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(FIGURE.replace(line, instead))
    with pytest.raises(ValueError, match=told):
        _read(file)


def test_a_figure_that_needs_what_nothing_makes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = replace(catalogue()["sparsity"], needs=("studies",))
    monkeypatch.setattr(table, "entry_of", lambda name: entry)
    with pytest.raises(ValueError, match=f"mine.py needs studies; allowed: {', '.join(table.DRAWABLE)}"):
        table.drawn_from("mine")


def test_a_figure_of_the_users_own_says_what_it_shows_and_stands_in_a_section_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_figures").mkdir()
    described = FIGURE.replace("POSITION = 1\n", "").replace('SECTIONS = ("C1",)\n', "")
    (tmp_path / "own_figures/mine.py").write_text(described)
    monkeypatch.syspath_prepend(tmp_path)
    entry = catalogue(["own_figures.mine:draw"])["own_figures.mine"]
    assert (entry.title, entry.needs, entry.sections) == ("T", ("study",), ("own",))
    assert list(catalogue(["own_figures.mine:draw"]))[-1] == "own_figures.mine"
    with pytest.raises(ValueError, match=r"figures\.own: there is no file own_figures/yours\.py"):
        catalogue(["own_figures.yours:draw"])


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
