"""Results are written whole or not at all, and a fault is named."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from emergence.core.files import remove_partial, write_json, write_text, written_whole
from emergence.core.storage import read_dataset, write_dataset
from tests.sampling import one_in
from tests.small_disk import SmallDisk

UNITS = {"units": "1", "long_name": "a number"}


def numbers(size: int) -> xr.Dataset:
    values = np.random.default_rng(0).random(size)
    return xr.Dataset({"a": ("x", values, UNITS), "b": ("y", values[:3000], UNITS), "c": ("z", ["ab", "cde"], UNITS)})


def test_an_error_leaves_the_earlier_content_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "earlier")
    with pytest.raises(RuntimeError), written_whole(tmp_path / "a") as path:
        path.write_text("half")
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "earlier"


def test_what_a_killed_process_left_is_removed_by_the_next_write(tmp_path: Path) -> None:
    for name in ("a", "b"):
        killed = f"import os; from emergence.core.files import *\nwith written_whole(Path('{name}')) as p:\n"
        killed += " p.write_text('half'); os._exit(1)"
        subprocess.run([sys.executable, "-c", killed], cwd=tmp_path, check=False)
    assert len(list(tmp_path.glob(".?.*.partial"))) == 2
    write_text(tmp_path / "a", "whole")
    assert [path.name.split(".")[1] for path in tmp_path.glob(".*")] == ["b"]
    remove_partial(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_processes_that_write_the_same_target_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    """As when a dry run, a download or a job meets another's."""
    program = "from emergence.core.files import *\nfor i in range(200): write_text(Path('a'), 'whole' * 1000)"
    writers = [subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_folder_can_take_the_place_of_a_file_and_the_other_way_round(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "file")
    with written_whole(tmp_path / "a") as folder:
        folder.mkdir()
        (folder / "b").write_text("in a folder")
    assert (tmp_path / "a" / "b").read_text() == "in a folder"
    write_text(tmp_path / "a", "file")
    assert (tmp_path / "a").read_text() == "file"


def test_content_is_on_the_disk_before_its_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a power failure cannot leave a name without content."""
    events = []
    replace, sync = os.replace, os.fsync

    def noted_sync(descriptor: int) -> None:
        events.append(("sync", os.fstat(descriptor).st_ino))
        sync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        events.append(("replace", source.stat().st_ino))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_json(tmp_path / "a.json", 1)
    write_dataset(tmp_path / "a.nc", numbers(10), {})
    with written_whole(tmp_path / "folder") as folder:
        folder.mkdir()
        (folder / "file").write_text("content")
    files = [(tmp_path / name).stat().st_ino for name in ("a.json", "a.nc", "folder/file", "folder")]
    expected = [("sync", files[0]), ("replace", files[0]), ("sync", files[1]), ("replace", files[1])]
    assert events == [*expected, ("sync", files[2]), ("sync", files[3]), ("replace", files[3])]


def test_equal_results_are_equal_bytes_whatever_memory_held_before(tmp_path: Path) -> None:
    program = "from tests.unit.test_storage import *; write_dataset(Path(sys.argv[1]), numbers(20_000), {})"
    for fill in ("1", "170"):
        command = [sys.executable, "-c", program, str(tmp_path / fill)]
        subprocess.run(command, env={**os.environ, "MALLOC_PERTURB_": fill}, cwd=Path(__file__).parents[2], check=True)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "170").read_bytes()


def test_a_full_disk_is_named_with_what_is_needed(small_disk: SmallDisk) -> None:
    write_text(small_disk.folder / "earlier", "x")
    small_disk.hold(small_disk.used)
    with (
        pytest.raises(OSError, match=r"new cannot be written \(No space left on device: it needs 9,999 bytes") as found,
        written_whole(small_disk.folder / "new", 9_999) as path,
    ):
        path.write_bytes(bytes(9_999))
    assert found.value.errno == errno.ENOSPC
    assert [file.name for file in small_disk.folder.iterdir()] == ["earlier"]


@pytest.mark.parametrize("values", one_in(2, [60_000, 5_000]))
def test_results_on_a_disk_of_any_size_are_whole_or_refused_clearly(
    small_disk: SmallDisk, tmp_path: Path, values: int
) -> None:
    """The netCDF library says "Permission denied" of a full disk, and may end the process badly afterwards."""
    write_dataset(tmp_path / "whole.nc", numbers(values), {})
    needed = (tmp_path / "whole.nc").stat().st_size // 1024
    target = small_disk.folder / "a.nc"
    messages = []
    for kilobytes in np.linspace(4, needed + 32, 16).astype(int):
        small_disk.hold(int(kilobytes))
        child = os.fork()
        if child == 0:
            ended = 0
            try:
                write_dataset(target, numbers(values), {})
            except OSError as error:
                (tmp_path / "message").write_text(str(error))
                ended = 1
            os._exit(ended)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            assert target.read_bytes() == (tmp_path / "whole.nc").read_bytes()
        else:
            messages.append((tmp_path / "message").read_text())
            (tmp_path / "message").unlink()
            assert not list(small_disk.folder.iterdir())
        small_disk.empty()
    assert 4 < len(messages) < 16
    assert all(f"{target} cannot be written (No space left on device" in message for message in messages)


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_an_unreadable_result_is_named(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "a.nc"
    write_dataset(file, numbers(4000), {})
    content = file.read_bytes()
    file.unlink()
    if damage != "gone":
        file.write_bytes(content[: len(content) // 2])
    with pytest.raises(OSError, match=r"a\.nc is (cut short|missing)"):
        read_dataset(file)
