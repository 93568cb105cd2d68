"""A disk that fills during training stops it with a clear error; nothing is lost, and with room it goes on."""

import re
from pathlib import Path

import pytest
import torch

from emergence.core.files import checksum
from emergence.core.seals import read_sealed
from emergence.training.checkpoints import paths, read
from tests.job_files import do
from tests.sampling import one_in
from tests.small_disk import SmallDisk
from tests.unit.test_training_resume import outputs, settings, train
from tests.unit.test_training_scripts import digits, training  # noqa: F401

torch.set_num_threads(1)  # as in jobs

FIRST, ALL = settings(2), settings(12)
SIZES = 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training in full."""
    folder = tmp_path_factory.mktemp("whole")
    train(folder, ALL)
    return folder


@pytest.mark.parametrize("position", one_in(4, range(SIZES)))
def test_a_disk_that_fills_at_any_time_costs_only_time(small_disk: SmallDisk, whole: Path, position: int) -> None:
    folder = small_disk.folder
    train(folder, FIRST)
    before = small_disk.used
    kilobytes = sum(file.stat().st_size for file in {*whole.rglob("*.safetensors"), *whole.rglob("*.nc")}) // 1024
    small_disk.hold(before + kilobytes * position // (2 * SIZES))
    with pytest.raises(OSError, match=r"cannot be written \(No space left on device: ") as found:
        train(folder, ALL)
    assert re.search(r"[\w/.-]+/disk/\S+ cannot be .* what was written before is whole: make room", str(found.value))
    assert_whole(folder)
    small_disk.hold(1024)
    train(folder, ALL)
    assert outputs(folder) == outputs(whole)


def assert_whole(folder: Path) -> None:
    """Published checkpoints and all that the states in the resume folder list are intact, and nothing else is left."""
    assert all(read(path).step == step for step, path in paths(folder / "checkpoints").items())
    records = list((folder / "work").glob("*/state-*.json"))
    assert records
    for record in records:
        files = read_sealed(record)["files"]
        assert all(checksum(record.parent / name) == expected for name, expected in files.items())
    assert not list(folder.rglob("*.partial"))


def test_a_job_on_a_full_disk_ends_with_one_clear_line_and_can_be_repeated(
    small_disk: SmallDisk,
    digits: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    do(training(digits, tmp_path / "whole", tmp_path / "work", epochs=5))
    command = training(digits, small_disk.folder / "parts", small_disk.folder / "work", epochs=5)
    small_disk.hold(400)
    ended = do(command, check=False)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert re.search(r"ERROR .*\.safetensors cannot be written \(No space .*: it needs [\d,]+ bytes, [\d,]+ are", last)
    assert not list(small_disk.folder.rglob("*.partial"))
    small_disk.hold(4096)
    do(command)
    files = [file.relative_to(tmp_path / "whole") for file in (tmp_path / "whole").rglob("*") if file.is_file()]
    assert len(files) == 1 + 1 + 10
    for file in files:
        assert (tmp_path / "whole" / file).read_bytes() == (small_disk.folder / "parts" / file).read_bytes()
