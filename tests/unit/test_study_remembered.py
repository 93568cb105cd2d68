"""Digests of code are read back as long as no file changes that they depend on."""

import ast
from pathlib import Path

import pytest

from emergence.study.code import _parse
from emergence.study.remembered import RememberedDigests
from tests.unit.test_study_code import edit, project  # noqa: F401


def digest(root: Path) -> str:
    """The digest of the script, by what is remembered or in full, and remembered from then on."""
    _parse.cache_clear()
    digests = RememberedDigests(root, root / "code.json")
    found = digests.digest("train")
    digests.save()
    return found


def test_what_is_remembered_is_not_parsed_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    found = digest(project)
    monkeypatch.setattr(ast, "parse", lambda *_, **__: pytest.fail("a file is parsed"))
    assert digest(project) == found


def test_a_changed_file_an_added_one_and_damage_give_what_a_full_reading_gives(project: Path) -> None:  # noqa: F811
    first = digest(project)
    edit(project, "src/emergence/loop.py", "RATE = 0.1", "RATE = 0.2")
    second = digest(project)
    assert second != first
    edit(project, "src/emergence/loop.py", "RATE = 0.2", "RATE = 0.1")
    (project / "code.json").write_text("{")
    assert digest(project) == first
    remembered = (project / "code.json").read_text()
    (project / "code.json").write_text(remembered.replace(first, second))
    assert digest(project) == first


def test_a_file_that_changes_before_its_digest_is_saved_is_read_again(project: Path) -> None:  # noqa: F811
    digests = RememberedDigests(project, project / "code.json")
    found = digests.digest("train")
    edit(project, "src/emergence/loop.py", "RATE = 0.1", "RATE = 0.2")
    digests.save()
    assert digest(project) != found
