"""Rooms import only rooms that come before them, and nothing imports a private module of another room."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "src" / "emergence"

ROOMS = (
    "processes",
    "core",
    "testbeds",
    "parameters",
    "graph",
    "foreign",
    "networks",
    "datasets",
    "data_kinds",
    "training",
    "pruning",
    "curvature",
    "information",
    "measures",
    "controls",
    "landscape",
    "statistics",
    "drawing",
    "figures",
    "report",
    "recording",
    "jobs",
    "study",
    "comparison",
    "findings",
    "commands",
)
"""The rooms of the library, each before those that may import it; scripts and the workflow come last."""

OUTSIDE = ("scripts", "workflow", "benchmarks")

Import = tuple[Path, str, str]
"""A file, its room, and the dotted name that it imports."""


def sources() -> Iterator[tuple[Path, str]]:
    """Every file of Python that is no test, and its room."""
    for file in sorted(LIBRARY.rglob("*.py")):
        parts = file.relative_to(LIBRARY).parts
        yield file, parts[0] if len(parts) > 1 else ""
    for folder in OUTSIDE:
        yield from ((file, folder) for file in sorted((ROOT / folder).rglob("*.py")))
    yield from ((file, "workflow") for file in (ROOT / "Snakefile", *sorted((ROOT / "workflow").rglob("*.smk"))))


def run(node: ast.AST) -> Iterator[ast.AST]:
    """All parts of a syntax tree but those that are read for their types alone."""
    yield node
    if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from run(child)


def imported(file: Path) -> Iterator[str]:
    """What a file imports of this library, as dotted names."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":  # the language of Snakemake is no Python; its imports are
        text = "\n".join(re.findall(r"^(?:from|import) emergence.*", text, flags=re.MULTILINE))
    for node in run(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.startswith("emergence."))


IMPORTS = [(file, room, name) for file, room in sources() for name in imported(file)]


def told(imports: list[Import]) -> str:
    return "\n".join(f"{file.relative_to(ROOT)} imports {name}" for file, _, name in imports)


def room_of(name: str) -> str:
    """The room that a dotted name belongs to; "" for the public names of the library itself."""
    room = name.split(".")[1]
    return room if (LIBRARY / room).is_dir() else ""


def test_the_library_has_the_rooms_that_are_in_order_and_nothing_else() -> None:
    assert sorted(path.name for path in LIBRARY.iterdir() if path.is_dir() and path.name != "__pycache__") == sorted(
        ROOMS
    )
    assert [path.name for path in LIBRARY.glob("*.py")] == ["__init__.py"]


def test_no_private_module_is_imported_from_outside_its_room() -> None:
    private = [
        (file, room, name)
        for file, room, name in IMPORTS
        if room != room_of(name) and any(re.match("_[a-z]", part) for part in name.split("."))
    ]
    assert not private, told(private)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_before_it(room: str) -> None:
    allowed = ROOMS[: ROOMS.index(room) + 1]
    against = [entry for entry in IMPORTS if entry[1] == room and room_of(entry[2]) not in allowed]
    assert not against, told(against)


def test_scripts_and_the_workflow_are_imported_by_no_room() -> None:
    of_scripts = re.compile(r"^\s*(?:from|import) (?:scripts|workflow|benchmarks)\b", flags=re.MULTILINE)
    against = [file for file in LIBRARY.rglob("*.py") if of_scripts.search(file.read_text(encoding="utf-8"))]
    assert not against, against
