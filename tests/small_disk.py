"""A disk of a few kilobytes in memory, which fills at once."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class SmallDisk:
    """A file system with its own size, mounted on `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._mount("-t", "tmpfs", "-o", "size=1024k", "tmpfs")

    @property
    def used(self) -> int:
        """Kilobytes that are not free."""
        state = os.statvfs(self.folder)
        return (state.f_blocks - state.f_bfree) * state.f_frsize // 1024

    def hold(self, kilobytes: int) -> None:
        """Change the size, of which a few kilobytes more may come from rounding."""
        self._mount("-o", f"remount,size={kilobytes}k")

    def empty(self) -> None:
        """Remove all files."""
        subprocess.run(["find", self.folder, "-mindepth", "1", "-delete"], check=True)

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def _mount(self, *options: str) -> None:
        subprocess.run(["mount", *options, self.folder], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk; needs the right to mount one."""
    try:
        disk = SmallDisk(tmp_path / "disk")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a small disk needs root")
    try:
        yield disk
    finally:
        disk.remove()
