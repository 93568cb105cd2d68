"""torchvision beside a torch that it was not built for."""

import subprocess
import sys

import pytest
import torch

from emergence.core import torchvision_import


def test_operators_are_declared_exactly_where_they_do_not_load() -> None:
    assert (torchvision_import.DECLARED is None) == torchvision_import._operators_load()


def test_nothing_is_declared_where_the_operators_load(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    monkeypatch.setattr(torch.ops, "load_library", loaded.append)
    assert torchvision_import._operators_load()
    assert loaded


def test_operators_built_for_another_torch_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: object) -> None:
        raise OSError("undefined symbol")

    monkeypatch.setattr(torch.ops, "load_library", fail)
    assert not torchvision_import._operators_load()


def test_the_import_also_works_after_torchvision_was_imported() -> None:
    program = (
        "import emergence.core.torchvision_import, sys; del sys.modules['emergence.core.torchvision_import'];"
        "import emergence.core.torchvision_import as again; print(again.DECLARED, again.torchvision.__name__)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["None", "torchvision"]
