"""The examples of the documentation run and give what they say."""

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: Path) -> doctest.DocTest:
    text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)  # fences are no output
    return doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)


@pytest.mark.parametrize("page", [path for path in sorted(DOCS.glob("*.md")) if ">>> " in path.read_text("utf-8")])
def test_code_blocks_run_as_documented(page: Path) -> None:
    report: list[str] = []
    failed, attempted = doctest.DocTestRunner().run(examples(page), out=report.append)
    assert attempted > 0
    assert not failed, "".join(report)
