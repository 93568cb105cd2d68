"""What the project says about its packages agrees in all places, and what is installed is all that there is."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
WORKFLOW_TOOLS = ("dvc", "snakemake")

LIBRARY = (
    "core", "testbeds", "graph", "foreign", "networks", "datasets", "data_kinds", "training", "pruning", "curvature",
    "information", "measures", "controls", "landscape", "recording", "commands",
)  # fmt: skip
"""The rooms that need no extra, but for single data sets."""

OF_EXTRAS = {
    "core.torchvision_import": ("torchvision", "workflow"),
    "datasets._torchvision": ("torchvision", "workflow"),
    "datasets.cifar10": ("torchvision", "workflow"),
    "datasets.cifar10_jpeg": ("PIL", "workflow"),
    "datasets.digits": ("sklearn", "workflow"),
    "datasets.fashion_mnist": ("torchvision", "workflow"),
    "datasets.mnist": ("torchvision", "workflow"),
    "drawing.style": ("matplotlib", "figures"),
    "figures.sparsity": ("matplotlib", "figures"),
    "parameters.reading": ("yaml", "workflow"),
    "recording.figures": ("matplotlib", "figures"),
    "recording.lightning": ("lightning", "lightning"),
    "recording.page": ("matplotlib", "figures"),
    "recording.transformers": ("transformers", "transformers"),
    "report.page": ("jinja2", "workflow"),
    "statistics.judge": ("sklearn", "workflow"),
    "study.status": ("yaml", "workflow"),
}
"""Modules that need an extra: what they miss first without it, and the extra."""

ALONE = f"""
import importlib, json, pkgutil, sys

absent = "matplotlib PIL yaml jinja2 sklearn statsmodels torchvision snakemake dvc transformers lightning timm"
sys.modules.update(dict.fromkeys(absent.split()))
import emergence
found = {{"file": emergence.__file__, "heavy": [name for name in ("torch", "xarray") if name in sys.modules]}}
import torch
from emergence import *

net = torch.nn.Sequential(torch.nn.Linear(2, 3, bias=False), torch.nn.ReLU(), torch.nn.Linear(3, 2, bias=False))
net[0].weight.data = torch.tensor([[1.0, 0.5], [2.0, 1.5], [-1.0, 1.0]])
net[2].weight.data = torch.tensor([[1.0, 0.5, 2.0], [2.0, -1.0, 1.0]])
found["count"] = count_paths(net, torch.tensor([[1.0, 0.0]]), include_input=True).exact()
found["told"] = {{}}
names = [
    module.name
    for room in {LIBRARY}
    for module in pkgutil.walk_packages([f"{{emergence.__path__[0]}}/{{room}}"], f"emergence.{{room}}.")
]
for name in [*names, *(f"emergence.{{name}}" for name in {list(OF_EXTRAS)})]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        found["told"][name] = str(error)
from emergence.measures import apply

found["weight_norm"] = float(apply(net, torch.eye(2), torch.tensor([0, 1]), ["weight_norm"])["weight_norm"])
print(json.dumps(found))
"""
"""What a user of the library does where no extra is installed."""


def name_of(requirement: str) -> str:
    return re.split(r"[<>=~! \[;]", requirement)[0].lower()


def needed_for(*extras: str) -> list[str]:
    """What an installation asks for by itself, in order."""
    asked = {needed for extra in extras for needed in EXTRAS[extra] if name_of(needed) != PROJECT["name"]}
    return sorted({*PROJECT["dependencies"], *asked})


def sources(folder: Path) -> set[Path]:
    """The files of the package below a folder, as far as they are no bytecode."""
    files = (folder / "emergence").rglob("*")
    return {file.relative_to(folder) for file in files if file.is_file() and file.suffix != ".pyc"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, installed from a wheel that was built from the sources alone."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]):
        shutil.copy(ROOT / name, folder)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    built = subprocess.run([sys.executable, "-c", build], cwd=folder, capture_output=True, text=True, check=True)
    wheel = folder / built.stdout.splitlines()[-1]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", "installed"]
    subprocess.run([*pip, wheel], cwd=folder, check=True)
    return folder / "installed"


@pytest.fixture(scope="module")
def alone(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a user of the library finds where neither the checkout nor any extra is."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", ALONE]
    run = subprocess.run(command, cwd=tmp_path_factory.mktemp("elsewhere"), env=environment, stdout=-1, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_a_wheel_holds_every_file_of_the_package(installed: Path) -> None:
    assert sources(installed) == sources(ROOT / "src")


def test_the_library_counts_and_measures_without_checkout_and_extras(installed: Path, alone: dict[str, Any]) -> None:
    assert Path(alone["file"]).is_relative_to(installed)
    assert alone["count"] == 6  # the worked example of docs/measure.md
    assert alone["weight_norm"] > 0


def test_torch_is_imported_only_when_a_name_is_used(alone: dict[str, Any]) -> None:
    assert alone["heavy"] == []


def test_a_missing_extra_is_named_by_what_needs_it_and_by_nothing_else(alone: dict[str, Any]) -> None:
    assert alone["told"] == {
        f"emergence.{module}": f"{missing} is not installed: pip install 'nn-emergence[{extra}]'"
        for module, (missing, extra) in OF_EXTRAS.items()
    }


def test_rules_run_in_the_environment_that_the_package_declares() -> None:
    environment = yaml.safe_load((ROOT / "workflow/envs/emergence.yaml").read_text())
    listed = environment["dependencies"][-1]["pip"]
    assert listed == [needed for needed in needed_for("figures", "workflow") if not needed.startswith(WORKFLOW_TOOLS)]


def test_every_dependency_is_pinned_and_explained() -> None:
    constraints = (ROOT / "constraints.txt").read_text()
    readme = (ROOT / "README.md").read_text()
    table = readme[readme.index("## Dependencies") :]
    for requirement in needed_for(*EXTRAS):
        assert re.search(rf"^{name_of(requirement)}==", constraints, flags=re.MULTILINE), requirement
    for requirement in needed_for(*(extra for extra in EXTRAS if extra != "dev")):
        assert re.search(rf"^\| .*\b{name_of(requirement)}\b.* \|", table, flags=re.MULTILINE), requirement


def test_every_dependency_is_used_by_the_library() -> None:
    imported_as = {"pyyaml": "yaml", "scikit-learn": "sklearn", "pillow": "PIL"}
    sources = "\n".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    for requirement in needed_for("figures", "workflow"):
        name = imported_as.get(name_of(requirement), name_of(requirement))
        if not name.startswith(WORKFLOW_TOOLS):
            assert re.search(rf"((import|from) |engine=\"){name}\b", sources), requirement


def test_the_library_imports_neither_snakemake_nor_dvc() -> None:
    for file in (ROOT / "src/emergence").rglob("*.py"):
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
