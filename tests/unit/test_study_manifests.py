"""What a job is told to read is what was written for it, and what lies in fixed places is what stamps say."""

from pathlib import Path

import pytest

from emergence.core.files import remove
from emergence.core.seals import Damaged
from emergence.study import manifests, stamps

CLAIMS, FIGURE = Path("results/claims.json"), Path("results/figures/png/sparsity.png")
STAMP = Path("results/stamps/statistics/claims.0123456789ab")
LIST = {"claims": [{"claims": str(CLAIMS)}], "figures": [{"png": str(FIGURE), "seeds": [0, 1]}]}


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of two files in the working folder, with the stamp that speaks for both."""
    monkeypatch.chdir(tmp_path)
    for file in (CLAIMS, FIGURE):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"content of {file}")
    stamps.write(STAMP, [CLAIMS, FIGURE])
    manifests.write(Path("list.json"), LIST, [str(STAMP)])
    return Path("list.json")


def test_a_list_is_read_as_it_was_written(manifest: Path) -> None:
    assert manifests.read(manifest) == LIST


@pytest.mark.parametrize("file", [CLAIMS, FIGURE], ids=str)
@pytest.mark.parametrize("way", ["edited", "cut short", "emptied", "deleted", "replaced by a folder"])
def test_a_file_of_a_fixed_place_that_is_not_what_its_stamp_says_is_named(manifest: Path, file: Path, way: str) -> None:
    content = file.read_text()
    remove(file)
    contents = {"edited": content.replace("content", "Content"), "cut short": content[:-1], "emptied": ""}
    if way in contents:
        file.write_text(contents[way])
    elif way == "replaced by a folder":
        file.mkdir()
    with pytest.raises(Damaged, match=f"^{file} is not what {STAMP} says of it; delete it and run the same command"):
        manifests.read(manifest)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "3", "{}", '{"results/claims.json": 3}'])
def test_a_stamp_that_says_nothing_of_its_files_is_not_believed(manifest: Path, content: str) -> None:
    STAMP.write_text(content)
    with pytest.raises(Damaged, match=r"is no stamp|is not what"):
        manifests.read(manifest)
