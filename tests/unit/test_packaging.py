"""What the project says about its packages agrees in all places."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOW_TOOLS = ("dvc", "snakemake")


def name_of(requirement: str) -> str:
    return re.split(r"[<>=~! \[;]", requirement)[0].lower()


def test_rules_run_in_the_environment_that_the_package_declares() -> None:
    environment = yaml.safe_load((ROOT / "workflow/envs/emergence.yaml").read_text())
    listed = environment["dependencies"][-1]["pip"]
    assert listed == [needed for needed in PROJECT["dependencies"] if not needed.startswith(WORKFLOW_TOOLS)]


def test_every_dependency_is_pinned_and_explained() -> None:
    constraints = (ROOT / "constraints.txt").read_text()
    readme = (ROOT / "README.md").read_text()
    table = readme[readme.index("## Dependencies") :]
    for requirement in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["kubernetes"]]:
        assert re.search(rf"^{name_of(requirement)}==", constraints, flags=re.MULTILINE), requirement
        assert re.search(rf"\| .*\b{name_of(requirement)}\b.* \|", table), requirement


def test_every_dependency_is_used_by_the_library() -> None:
    imported_as = {"pyyaml": "yaml", "scikit-learn": "sklearn", "pillow": "PIL"}
    sources = "\n".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    for requirement in PROJECT["dependencies"]:
        name = imported_as.get(name_of(requirement), name_of(requirement))
        if not name.startswith(WORKFLOW_TOOLS):
            assert re.search(rf"((import|from) |engine=\"){name}\b", sources), requirement


def test_the_library_imports_neither_snakemake_nor_dvc() -> None:
    for file in (ROOT / "src").rglob("*.py"):
        assert not re.search(r"^\s*(import|from) (snakemake|dvc)\b", file.read_text(), flags=re.MULTILINE), file


def test_the_dockerfile_copies_what_there_is_and_installs_with_the_constraints() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [path for line in re.findall(r"^COPY (.+) \S+$", dockerfile, flags=re.MULTILINE) for path in line.split()]
    assert sorted(copied) == sorted(kept)
    assert all((ROOT / path).exists() for path in copied)
    assert {PROJECT["readme"], *PROJECT["license-files"], "pyproject.toml", "src"} <= set(copied)
    installed = re.search(r"^RUN pip install .*--constraint (\S+) '\.\[(\w+)\]'$", dockerfile, flags=re.MULTILINE)
    assert installed and installed[1] in copied and installed[2] in PROJECT["optional-dependencies"]
    python = re.search(r"^FROM python:3\.(\d+)-slim$", dockerfile, flags=re.MULTILINE)
    lowest, beyond = re.findall(r"3\.(\d+)", PROJECT["requires-python"])
    assert python and int(lowest) <= int(python[1]) < int(beyond)
