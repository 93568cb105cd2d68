"""The examples of the documentation run and give what they say."""

import doctest
import re
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest

import emergence.graph.tracing  # noqa: F401  # registers the library's own rules, which no page then takes away
from emergence.graph.registry import RULES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def examples(page: Path) -> doctest.DocTest:
    text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)  # fences are no output
    return doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)


@pytest.mark.parametrize("page", [path for path in sorted(DOCS.glob("*.md")) if ">>> " in path.read_text("utf-8")])
def test_code_blocks_run_as_documented(page: Path) -> None:
    report: list[str] = []
    with patch.dict(RULES):  # a page may register rules of its own
        failed, attempted = doctest.DocTestRunner().run(examples(page), out=report.append)
    assert attempted > 0
    assert not failed, "".join(report)


def test_the_map_in_the_readme_names_every_folder_and_nothing_that_is_not_there() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Find your way")[1].split("\n## ")[0]
    named = re.findall(r"`([\w.-]+)[/\w]*`", "".join(row.split("|")[1] for row in section.splitlines() if "|" in row))
    files = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    folders = {file.partition("/")[0] for file in files if "/" in file and not file.startswith(".")}
    made = {"results", "logs", "registrations"}
    assert folders <= set(named)
    assert set(named) <= folders | {file for file in files if "/" not in file} | made


def test_every_preset_has_a_row_in_the_table_of_presets() -> None:
    table = (DOCS / "studies.md").read_text(encoding="utf-8").split("| preset | study |")[1].split("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == [file.stem for file in sorted((ROOT / "workflow/presets").glob("*.yaml"))]
