"""The page of the scoreboard follows from what is kept of a study."""

from pathlib import Path

import pytest
import xarray as xr

from emergence.core.files import write_json
from emergence.findings import scoreboard as kept
from emergence.findings.scoreboard import FILE, PAGE, Board, files, readings_of, standings_of
from emergence.statistics.standings import standings
from tests import figure_data

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    folder = tmp_path_factory.mktemp("study")
    figure_data.write_results(folder, figure_data.TWO, seeds=6, epochs=6, points=5)
    return xr.load_dataset(folder / "scoreboard.nc")


def board(data: xr.Dataset) -> Board:
    numbers = {
        "study": "s",
        "command": "emergence run s",
        "revision": "abc",
        "cpu_hours": 2,
        "seeds": 6,
        "confidence": 0.95,
    }
    return Board(**numbers, standings=standings_of(data, 0.95), readings=readings_of(data))


def test_every_number_of_the_tables_is_one_of_the_study(data: xr.Dataset, tmp_path: Path) -> None:
    write_json(tmp_path / FILE, board(data).model_dump(mode="json"))
    (tmp_path / PAGE).write_text("# A\n<!-- scoreboard: written by make findings -->\n<!-- end of scoreboard -->\nB\n")
    text = files(tmp_path)[PAGE]
    table = standings(data, 0.95)
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")]
        for line in text.splitlines()
        if "|" in line
    }
    head = rows["measure"]
    for name, row in table.iterrows():
        cells = dict(zip(head, rows[str(name).replace("_", " ")], strict=True))
        assert cells["all"] == f"{row['seen']:.0f} of {row['transitions']:.0f}"
        assert cells["false alarms"].startswith(f"{row['alarms']:.0f} of {row['controls']:.0f}")
    for criterion in data["criterion"].values.tolist():
        assert len(rows[criterion]) == 3 + data.sizes["threshold"]
    (tmp_path / PAGE).write_text(text)
    assert files(tmp_path)[PAGE] == text


def test_the_page_in_the_project_is_that_of_what_is_kept() -> None:
    for page, text in kept.files(ROOT).items():
        assert (ROOT / page).read_text(encoding="utf-8") == text


def test_a_page_without_its_marks_is_named(data: xr.Dataset, tmp_path: Path) -> None:
    write_json(tmp_path / FILE, board(data).model_dump(mode="json"))
    (tmp_path / PAGE).write_text("# A\n")
    with pytest.raises(ValueError, match=r"scoreboard\.md should hold the lines .* each once"):
        files(tmp_path)
