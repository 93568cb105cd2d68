"""What a job is told to read is what was written for it, and what lies in fixed places is what stamps say."""

from pathlib import Path

import pytest

from emergence.core import stamps
from emergence.core.files import remove
from emergence.core.seals import Damaged
from emergence.jobs import JobFile
from emergence.parameters.curvature import Curvature
from tests.job_files import RUN, job_file

CLAIMS, FIGURE = Path("results/claims.json"), Path("results/figures/png/sparsity.png")
STAMP = Path("results/stamps/statistics/claims.0123456789ab")
LIST = {"claims": [{"claims": str(CLAIMS)}], "figures": [{"png": str(FIGURE), "seeds": [0, 1]}]}


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job file that lists two files in the working folder, with the stamp that speaks for both."""
    monkeypatch.chdir(tmp_path)
    for file in (CLAIMS, FIGURE):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"content of {file}")
    stamps.write(STAMP, [CLAIMS, FIGURE])
    job_file(Path("job.json"), "write_report", LIST, {"report": Path("report.html")}, stamps=[str(STAMP)])
    return Path("job.json")


def test_a_job_file_is_read_as_it_was_written(given: Path) -> None:
    assert JobFile.read(given).inputs == LIST


@pytest.mark.parametrize("file", [CLAIMS, FIGURE], ids=str)
@pytest.mark.parametrize("way", ["edited", "cut short", "emptied", "deleted", "replaced by a folder"])
def test_a_file_of_a_fixed_place_that_is_not_what_its_stamp_says_is_named(given: Path, file: Path, way: str) -> None:
    content = file.read_text()
    remove(file)
    contents = {"edited": content.replace("content", "Content"), "cut short": content[:-1], "emptied": ""}
    if way in contents:
        file.write_text(contents[way])
    elif way == "replaced by a folder":
        file.mkdir()
    with pytest.raises(Damaged, match=f"^{file} is not what {STAMP} says of it; delete it and run the same command"):
        JobFile.read(given)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "3", "{}", '{"results/claims.json": 3}'])
def test_a_stamp_that_says_nothing_of_its_files_is_not_believed(given: Path, content: str) -> None:
    STAMP.write_text(content)
    with pytest.raises(Damaged, match=r"is no stamp|is not what"):
        JobFile.read(given)


def test_a_setting_that_is_not_declared_is_named_by_whoever_reads_it(tmp_path: Path) -> None:
    where, settings = tmp_path / "job.json", {"curvature": {"probes": 3}}
    job_file(where, "measure_curvature", {}, {}, run=RUN, settings=settings)
    given = JobFile.read(where)
    curvature = given.section(Curvature, "curvature")
    assert curvature.probes == 3
    with pytest.raises(
        AttributeError, match=r"Curvature\.eigenvalues is read, but the table of rules does not declare"
    ):
        _ = curvature.eigenvalues
    with pytest.raises(KeyError, match=r"measure_curvature reads landscape\.steps, but the table of rules does not"):
        given.setting("landscape", "steps")
