"""The examples of the documentation run and give what they say; commands and parameters in it exist; all is linked."""

import argparse
import doctest
import importlib.util
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import dropwhile, groupby
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest.mock import patch

import pytest
import torch
import yaml

import emergence.graph.tracing  # noqa: F401  # registers the library's own rules, which no page then takes away
from emergence.core.plugins import available
from emergence.graph.registry import RULES
from emergence.parameters import Parameters
from emergence.parameters.base import flat
from emergence.parameters.presets import presets
from emergence.parameters.reading import overlay
from tests.documentation import GIVEN, PAGES, ROOT, blocks

BESIDE_A_STUDY = ("results.md",)
"""Pages whose Python needs a finished study: tests/workflow/test_opened.py runs it."""

OTHERS = {"cd", "export", "git", "gto", "pre-commit", "pytest", "source"}
"""Programs whose arguments are not checked."""


def examples(page: Path) -> doctest.DocTest:
    text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)  # fences are no output
    return doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)


@pytest.mark.parametrize("page", [page for page in PAGES if ">>> " in page.read_text("utf-8")], ids=str)
def test_code_blocks_run_as_documented(page: Path) -> None:
    report: list[str] = []
    with patch.dict(RULES):  # a page may register rules of its own
        failed, attempted = doctest.DocTestRunner().run(examples(page), out=report.append)
    assert attempted > 0
    assert not failed, "".join(report)


def python(page: Path) -> list[str]:
    return [text for text in blocks(page, "python") if not text.startswith("module ")]  # of Snakemake's language


WITH_PYTHON = [page for page in PAGES if python(page) and page.name not in BESIDE_A_STUDY]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_python_runs_in_the_order_of_the_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    names: dict[str, Any] = {"__name__": "page", **GIVEN[page.name]()}
    for text in python(page):
        exec(compile(text, str(page), "exec"), names)


def test_the_network_and_the_measure_of_the_first_steps_work() -> None:
    names: dict[str, Any] = {}
    for text in python(ROOT / "docs/start.md"):
        exec(text, names)
    network = names["build"]((1, 8, 8), 10, width=16)
    assert network(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert names["gap"](torch.nn.Identity(), torch.tensor([[3.0, 1.0, 0.5]]), torch.zeros(1)) == 2.0


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "yaml")], ids=lambda page: page.name)
def test_parameters_of_a_page_are_those_of_the_models(page: Path) -> None:
    for text in blocks(page, "yaml"):
        values = Parameters().model_dump(mode="json")
        overlay(values, yaml.safe_load(re.sub(r"sha256: \w+\.\.\.", f"sha256: '{64 * '0'}'", text)))
        Parameters.model_validate(values)


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command of a page, without variables before it."""
    for text in blocks(page, "sh", "bash"):
        for line in text.splitlines():
            split = shlex.shlex(line, posix=True, punctuation_chars=";&|")
            split.whitespace_split = True
            for separates, words in groupby(split, lambda word: word in (";", "&&", "|")):
                if not separates:
                    yield list(dropwhile(lambda word: re.match(r"[A-Z_]+=", word), words))


COMMANDS = [(page.name, command) for page in PAGES for command in commands(page) if command]


@pytest.mark.parametrize("command", [command for _, command in COMMANDS], ids=" ".join)
def test_a_command_of_a_page_exists_and_takes_its_arguments(command: list[str]) -> None:
    program, *words = command
    checks = {
        "make": _make,
        "emergence": _emergence,
        "snakemake": _snakemake,
        "python": _python,
        "pip": _pip,
        "dvc": _dvc,
    }
    if program in checks:
        checks[program](words)
    else:
        assert program in OTHERS


def _make(words: list[str]) -> None:
    (target,) = [word for word in words if "=" not in word]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert {word.removeprefix("PRESET=") for word in words if "=" in word} <= set(presets())


def _emergence(words: list[str]) -> None:
    assert words[0] in available("commands")
    parser = argparse.ArgumentParser(exit_on_error=False)
    import_module(f"emergence.commands.{words[0]}").add_arguments(parser)
    parser.parse_intermixed_args(words[1:])


@cache
def _snakemake_parser() -> argparse.ArgumentParser:
    from snakemake.cli import get_argument_parser

    parser: argparse.ArgumentParser = get_argument_parser()
    return parser


def _snakemake(words: list[str]) -> None:
    given = _snakemake_parser().parse_args(words)
    known = {*flat(Parameters().model_dump()), "only"}
    assert {pair.partition("=")[0] for pair in given.config or []} <= known
    shipped = [file for file in map(str, given.configfile or []) if "/" in file]
    assert all((ROOT / file).is_file() for file in shipped)
    assert all((ROOT / profile).is_dir() for profile in given.profile or [])


def _python(words: list[str]) -> None:
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1])
    else:
        assert (ROOT / words[0]).is_file() or words[0] == "scripts/RULE.py"


def _pip(words: list[str]) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert words[0] == "install"
    assert {extra for word in words for extra in re.findall(r"^\.\[(.*)\]$", word)} <= set(extras)


def _dvc(words: list[str]) -> None:
    from dvc.cli.parser import get_main_parser

    get_main_parser().parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_the_library_in_a_page_exist(page: Path) -> None:
    for name in re.findall(r"`((?:emergence|benchmarks)(?:\.\w+)+)`", page.read_text(encoding="utf-8")):
        if name not in flat(Parameters().model_dump()) and not (ROOT / name).exists():
            resolve_name(name)


def links(page: Path) -> Iterator[Path]:
    """The pages and notebooks of docs/ that a page links to."""
    for link in re.findall(r"\]\(([^)#\s:]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8")):
        path = (page.parent / link).resolve()
        assert path.exists(), f"{page.name} links to {link}"
        if path.suffix in (".md", ".ipynb"):
            yield path


def test_every_page_is_two_clicks_from_the_index_at_most() -> None:
    index = ROOT / "docs/index.md"
    first = {index, *links(index)}
    reached = first | {page for of_first in first if of_first.suffix == ".md" for page in links(of_first)}
    assert {*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/notebooks").glob("*.ipynb")} <= reached


def test_notebooks_are_kept_without_outputs() -> None:
    for notebook in (ROOT / "docs/notebooks").glob("*.ipynb"):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], notebook.name


def test_the_map_in_the_readme_names_every_folder_and_nothing_that_is_not_there() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Find your way")[1].split("\n## ")[0]
    named = re.findall(r"`([\w.-]+)[/\w]*`", "".join(row.split("|")[1] for row in section.splitlines() if "|" in row))
    files = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    folders = {file.partition("/")[0] for file in files if "/" in file and not file.startswith(".")}
    made = {"results", "logs", "registrations"}
    assert folders <= set(named)
    assert set(named) <= folders | {file for file in files if "/" not in file} | made


def test_every_preset_has_a_row_in_the_table_of_presets() -> None:
    table = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8").split("| preset | study |")[1].split("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == [file.stem for file in sorted((ROOT / "workflow/presets").glob("*.yaml"))]
