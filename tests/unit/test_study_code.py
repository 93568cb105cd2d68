"""The digest of code changes with what a script runs, and with nothing else."""

from pathlib import Path

import pytest

from emergence.study.code import CodeDigests

PROJECT = {
    "scripts/train.py": '"""Train."""\nfrom emergence.loop import train\n\nif __name__ == "__main__":\n    train()\n',
    "src/emergence/__init__.py": "",
    "src/emergence/loop.py": (
        "import emergence.rules\nfrom emergence import tools\n\nRATE = 0.1\n\n\n"
        "def train():\n    return tools.step(RATE)\n\n\ndef unused():\n    return 1\n"
    ),
    "src/emergence/tools.py": (
        "from dataclasses import dataclass\n\n\n@dataclass\nclass Unused:\n    x: int\n\n\n"
        'def step(rate):\n    """Step."""\n    return scaled(rate)\n\n\ndef scaled(rate):\n    return 2 * rate\n\n\n'
        'def style():\n    return "style.txt"\n'
    ),
    "src/emergence/rules.py": "from emergence.registry import rule\n\n\n@rule\ndef linear():\n    return 1\n",
    "src/emergence/registry.py": "RULES = []\n\n\ndef rule(made):\n    RULES.append(made)\n    return made\n",
    "src/emergence/style.txt": "red",
    "extensions/mine.py": "def build():\n    return 1\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def digest(project: Path, *plugins: str) -> str:
    from emergence.study.code import _parse

    _parse.cache_clear()
    return CodeDigests(project / "src", project).digest(project / "scripts" / "train.py", plugins)


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("scripts/train.py", "    train()", "    train()\n    train()"),
        ("src/emergence/loop.py", "RATE = 0.1", "RATE = 0.2"),
        ("src/emergence/loop.py", "tools.step(RATE)", "tools.step(2 * RATE)"),
        ("src/emergence/tools.py", "2 * rate", "3 * rate"),
        ("src/emergence/rules.py", "return 1", "return 2"),
        ("src/emergence/registry.py", "RULES = []", "RULES = [1]"),
    ],
)
def test_an_edit_to_what_the_script_runs_changes_the_digest(project: Path, file: str, old: str, new: str) -> None:
    before = digest(project)
    edit(project, file, old, new)
    assert digest(project) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("src/emergence/loop.py", "RATE = 0.1", "# how fast\nRATE = 0.1"),
        ("src/emergence/tools.py", '"""Step."""', '"""Take a step."""'),
        ("src/emergence/tools.py", "return 2 * rate", "return (2\n        * rate)"),
        ("src/emergence/loop.py", "def unused():\n    return 1", "def unused():\n    return 2"),
        ("src/emergence/tools.py", "x: int", "x: float"),
        ("src/emergence/style.txt", "red", "blue"),
        ("extensions/mine.py", "return 1", "return 2"),
    ],
)
def test_an_edit_to_anything_else_does_not(project: Path, file: str, old: str, new: str) -> None:
    before = digest(project)
    edit(project, file, old, new)
    assert digest(project) == before


def test_a_module_loaded_by_name_counts(project: Path) -> None:
    before = digest(project, "extensions.mine")
    edit(project, "extensions/mine.py", "return 1", "return 2")
    assert digest(project, "extensions.mine") != before


def test_of_a_function_loaded_by_name_the_rest_of_its_module_does_not_count(project: Path) -> None:
    edit(project, "extensions/mine.py", "def build", "def other():\n    return 3\n\n\ndef build")
    before = digest(project, "extensions.mine:build")
    edit(project, "extensions/mine.py", "return 3", "return 4")
    assert digest(project, "extensions.mine:build") == before
    edit(project, "extensions/mine.py", "return 1", "return 2")
    assert digest(project, "extensions.mine:build") != before


def test_a_data_file_named_by_what_runs_counts(project: Path) -> None:
    edit(project, "src/emergence/loop.py", "tools.step(RATE)", "tools.step(RATE), tools.style()")
    before = digest(project)
    edit(project, "src/emergence/style.txt", "red", "blue")
    assert digest(project) != before


def test_a_name_that_the_source_does_not_show_is_refused(project: Path) -> None:
    edit(project, "src/emergence/loop.py", "tools.step(RATE)", "tools.made_at_run_time(RATE)")
    with pytest.raises(LookupError, match="made_at_run_time"):
        digest(project)


def test_a_template_counts_with_those_that_it_names(project: Path) -> None:
    edit(project, "src/emergence/loop.py", "RATE = 0.1", 'RATE = 0.1\nPAGE = "page.html"')
    edit(project, "src/emergence/loop.py", "tools.step(RATE)", "tools.step(RATE, PAGE)")
    folder = project / "src/emergence"
    (folder / "page.html").write_text('{% from "macros.html" import cell %}{% include "part.html" %}')
    (folder / "macros.html").write_text("a cell")
    (folder / "part.html").write_text('{%- include "page.html" %}')
    before = digest(project)
    for name in ("macros.html", "part.html"):
        text = (folder / name).read_text()
        (folder / name).write_text(f"{text} more")
        assert digest(project) != before, name
        (folder / name).write_text(text)
    (folder / "other.html").write_text("not named")
    assert digest(project) == before
