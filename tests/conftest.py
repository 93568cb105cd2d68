"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest
import torch

import emergence.core.torchvision_import  # noqa: F401  (before packages that need a torchvision that fits torch)
from tests.small_disk import small_disk  # noqa: F401

# Tests run side by side; on busy cores, threads of one test would wait for those of another.
torch.set_num_threads(1)

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with the original files of the image data sets; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("EMERGENCE_DATA", ROOT.parent / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data: set EMERGENCE_DATA ({folder} does not exist)")
    return folder
