"""Stamps hold as long as the files they speak for are what they were."""

import json
from pathlib import Path

import pytest

from emergence.core import stamps

REPORT = "results/report.html"


@pytest.fixture
def stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path(REPORT).write_text("report")
    stamp = Path("results/stamps/report/report.0123456789ab")
    stamps.write(stamp, [Path(REPORT)])
    return stamp


def test_a_stamp_holds_for_the_files_that_it_lists_and_no_others(stamp: Path) -> None:
    assert stamps.holds(stamp, Path())
    assert stamps.holds(stamp, Path(), [REPORT])
    assert not stamps.holds(stamp, Path(), [])
    assert not stamps.holds(stamp, Path(), [REPORT, "results/claims.json"])


@pytest.mark.parametrize("content", ["another", "another report", None])
def test_a_stamp_of_changed_or_missing_files_does_not_hold(stamp: Path, content: str | None) -> None:
    Path(REPORT).unlink()
    if content is not None:
        Path(REPORT).write_text(content)
    assert not stamps.holds(stamp, Path())


def test_of_a_large_file_size_and_existence_are_compared(stamp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "LARGE", 5)
    Path(REPORT).write_text("treppe")
    assert stamps.holds(stamp, Path())
    Path(REPORT).write_text("treppen")
    assert not stamps.holds(stamp, Path())


@pytest.mark.parametrize(
    "content",
    ["", "{", "{}", "[]", "null", "3", '"results/report.html"', "[" * 100_000]
    + [json.dumps({REPORT: said}) for said in (None, 3, [], {}, {"bytes": 6}, {"bytes": "6", "sha256": 6})]
    + [json.dumps({name: {"bytes": 6, "sha256": "0" * 64}}) for name in ("\0", "/dev/zero", "results")],
)
def test_odd_content_is_no_stamp(stamp: Path, content: str) -> None:
    stamp.write_text(content)
    assert not stamps.holds(stamp, Path())


def test_a_folder_or_nothing_is_no_stamp(stamp: Path) -> None:
    stamp.unlink()
    assert not stamps.holds(stamp, Path())
    stamp.mkdir()
    assert not stamps.holds(stamp, Path())
    stamps.write(stamp, [Path(REPORT)])
    assert stamps.holds(stamp, Path())


def test_a_new_stamp_replaces_that_of_another_key_and_no_other_file(stamp: Path) -> None:
    other = stamp.with_name("reporting.0123456789ab")
    stamps.write(other, [Path(REPORT)])
    foreign, folder = stamp.with_name("report.notes"), stamp.with_name("report.ba9876543211")
    foreign.write_text("mine")
    folder.mkdir()
    newer = stamp.with_name("report.ba9876543210")
    stamps.write(newer, [Path(REPORT)])
    assert sorted(stamp.parent.iterdir()) == sorted([newer, other, foreign, folder])
