"""Every public name says what it takes, gives and refuses, and has an example or a source."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

EXAMPLE_OR_SOURCE = re.compile(r">>> |arXiv:|doi:|\b(?:19|20)\d\d\b")


def public() -> Iterator[tuple[str, Any]]:
    """Every name of `__all__` of the library and its rooms, with what it stands for."""
    for file in sorted((ROOT / "src/emergence").rglob("__init__.py")):
        module = ".".join(file.parent.relative_to(ROOT / "src").parts)
        if "__all__ = [" in file.read_text(encoding="utf-8") and module != "emergence.jobs":  # which scripts alone use
            found = import_module(module)
            for name in getattr(found, "_HOME", found.__all__):
                yield f"{module}.{name}", getattr(found, name)


NAMES = {name: value for name, value in public() if inspect.isclass(value) or inspect.isroutine(value)}


def is_given(value: Any) -> bool:
    """Whether it is what the library gives, an error or a record, whose fields are documented where they stand."""
    return inspect.isclass(value) and (issubclass(value, tuple | Exception) or hasattr(value, "__dataclass_fields__"))


def documented(value: Any) -> str:
    """The docstring, and that of the class for what makes an instance."""
    return f"{inspect.getdoc(value) or ''}\n{inspect.getdoc(value.__init__) if inspect.isclass(value) else ''}"


def parameters(value: Any) -> list[str]:
    """What a caller gives, of what the caller makes."""
    return [] if is_given(value) else list(inspect.signature(value).parameters)


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_says_what_it_is(name: str) -> None:
    text = inspect.getdoc(NAMES[name]) or ""
    assert len(text.split()) >= 4 and text.partition("\n")[0].endswith((".", ":", ";"))


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_names_its_parameters(name: str) -> None:
    text = documented(NAMES[name])
    assert not [each for each in parameters(NAMES[name]) if not re.search(rf"\b{each}\b", text)]


@pytest.mark.parametrize("name", [name for name, value in NAMES.items() if not is_given(value)])
def test_a_public_name_has_an_example_or_a_source(name: str) -> None:
    assert EXAMPLE_OR_SOURCE.search(documented(NAMES[name]))
