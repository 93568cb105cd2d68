"""Stamps hold as long as the files they speak for are what they were."""

from pathlib import Path

import pytest

from emergence.study import stamps


@pytest.fixture
def stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path("results/report.html").write_text("report")
    stamp = Path("results/stamps/report/report.0123456789ab")
    stamps.write(stamp, [Path("results/report.html")])
    return stamp


def test_a_stamp_of_unchanged_files_stays(stamp: Path) -> None:
    assert stamps.remove_broken(Path()) == []
    assert stamp.is_file()


@pytest.mark.parametrize("damage", ["edit", "delete", "damage the stamp"])
def test_a_stamp_is_removed_when_its_files_or_itself_changed(stamp: Path, damage: str) -> None:
    if damage == "edit":
        Path("results/report.html").write_text("another report")
    elif damage == "delete":
        Path("results/report.html").unlink()
    else:
        stamp.write_text("{")
    assert stamps.remove_broken(Path()) == [stamp]
    assert not stamp.exists()


def test_a_new_stamp_replaces_that_of_another_key_and_no_others(stamp: Path) -> None:
    other = stamp.with_name("reporting.0123456789ab")
    stamps.write(other, [])
    newer = stamp.with_name("report.ba9876543210")
    stamps.write(newer, [Path("results/report.html")])
    assert sorted(stamp.parent.iterdir()) == sorted([newer, other])
