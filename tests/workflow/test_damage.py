"""Every kind of file that a study writes, damaged in every way: named or made anew, never taken for something else."""

import json
import logging
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from emergence.core import stamps
from emergence.core.files import remove
from emergence.core.seals import Damaged, read_sealed
from emergence.core.storage import read_dataset
from emergence.jobs import JobFile
from emergence.landscape.journal import Journal
from emergence.parameters.reading import ParametersError
from emergence.pruning import Mask
from emergence.report.records import Record, times
from emergence.study import layout, status
from emergence.study.layout import JOBS, RESUME, SAMPLED
from emergence.study.studies import parameters_of
from emergence.study.table import RULES
from emergence.training import checkpoints
from emergence.training.resume import ResumeFolder, State
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

FLIPS = (3, pytest.param(12, marks=pytest.mark.long))
"""How many bits of the files of each kind are flipped, one at a time."""

WAYS = ("cut short", "emptied", "deleted", "replaced by a folder")

STAMPS = layout.stamp("smoke", "*", "*", "*")

NEVER_READ = ("lock", ".snakemake_timestamp")
"""Files whose content says nothing."""


def read_checkpoints(file: Path, _: Path) -> None:
    for path in checkpoints.paths(file.parent).values():
        checkpoints.read(path)


def read_gathered(file: Path, _: Path) -> None:
    """As someone does who was handed the folder; even without the list of checksums, a file shows its damage."""
    for path in sorted(file.parent.glob("*.safetensors")) if file.name == checkpoints.CHECKSUMS else [file]:
        checkpoints.read(path)
    if not file.is_file():  # the networks are read all the same
        raise Damaged(file, "is missing")


def read_fixed(file: Path, whole: Path) -> None:
    """As a job does; before it runs anything, the workflow asks the same."""
    name = next(name for name in whole.glob(STAMPS) if str(file) in stamps.listed(name))
    stamps.check(name.relative_to(whole))


def read_stamp(stamp: Path, _: Path) -> None:
    if not stamps.holds(stamp, Path()):
        raise Damaged(stamp, "does not hold")


def read_parameters(file: Path, _: Path) -> None:
    try:
        parameters_of("smoke", Path())
    except ParametersError as error:
        raise Damaged(file, str(error)) from error


def read_state(file: Path, whole: Path) -> None:
    """Training goes on from what was saved last or before, or starts anew."""
    before, found = (saved_state(file.parent, folder, whole) for folder in (whole, Path()))
    assert before is not None
    if found is None or found.updates < before.updates:
        raise Damaged(file, "does not count")
    assert found.updates == before.updates
    assert all(torch.equal(found.weights[name], weight) for name, weight in before.weights.items())


def saved_state(folder: Path, root: Path, whole: Path) -> State | None:
    """The state that training would go on from below `root`, where it is described as in the study that is whole."""
    record = max((whole / folder).glob("state-*.json"), key=lambda path: int(re.sub(r"\D", "", path.name)))
    said = read_sealed(record)
    with ResumeFolder(root / folder.parent, said["description"]) as resumed:
        seeds = len(next(iter(checkpoints.read(whole / folder / "ep0.safetensors").weights.values())))
        return resumed.load(seeds, said["updates"])


def read_points(file: Path, whole: Path) -> None:
    """What is kept of a sampling is what was, or less."""
    heading, *lines = [json.loads(line[9:]) for line in (whole / file).read_text().splitlines()]
    lost = False
    with Journal(file, heading) as journal:
        for part, start, numbers in lines:
            for name, values in numbers.items():
                end = start + len(values)
                kept = journal.values(part, end).get(name, np.full(end, np.nan))[start:]
                is_kept = journal.finished(part, end)[start:]
                np.testing.assert_array_equal(kept[is_kept], np.array(values)[is_kept])
                lost |= not is_kept.all()
    if lost:
        raise Damaged(file, "has lost points, which are sampled anew")


def read_time(file: Path, _: Path) -> None:
    """What Snakemake writes has no checksum: it is only stated, and where it is no time, it is unknown."""
    times([Record("train_networks", "a", "b", (), str(file))])


def read_log(file: Path, _: Path) -> None:
    if file.is_file():
        status.last_lines(file, status.LINES)


Reader = Callable[[Path, Path], object]
"""What reads a file below the working folder as a job does; the same study, undamaged, lies in the second folder.

Raises Damaged for a file that is named or made anew, and fails for one that is taken for something else.
"""


def keyed(rule: str, file: str) -> tuple[str, Reader]:
    pattern = f"{RULES[rule].folder}/**/{'[0-9a-f]' * 12}/{file}"
    if file == "checkpoints":
        return f"{pattern}/*", read_checkpoints
    readers = {".nc": read_dataset, ".safetensors": Mask.read}
    return pattern, lambda path, _, read=readers[Path(file).suffix]: read(path)


CHECKED: dict[str, tuple[str, Reader]] = {
    **{
        f"{rule}: {file}": keyed(rule, file)
        for rule, place in RULES.items()
        if place.keyed
        for file in place.files.values()
    },
    **{
        f"{rule}: {form}": (f"{place.folder.format(study='smoke')}/{file.format(name='*')}", read_fixed)
        for rule, place in RULES.items()
        if not place.keyed
        for form, file in place.files.items()
    },
    "fixed netCDF": ("results/studies/smoke/statistics/*.nc", lambda path, _: read_dataset(path)),
    "gathered networks": ("results/studies/smoke/networks/*", read_gathered),
    "stamps": (STAMPS, read_stamp),
    "parameters of a study": (layout.parameters("smoke"), read_parameters),
    "job files": (f"{JOBS}/*/*", lambda path, _: JobFile.read(path)),
    "states of training": (f"{RESUME}/**/*[ps]*[0-9]*.*", read_state),
    "points of landscapes": (f"{SAMPLED}/**/*.jsonl", read_points),
}
"""Files from which results are made, by kind."""

SHOWN: dict[str, tuple[str, Reader]] = {
    "times": ("logs/timings/**/*.tsv", read_time),
    "costs": ("logs/costs/**/*.json", read_log),
    "logs": ("logs/**/*.log", read_log),
}
"""Files from which no result is made: reading them, in whatever state they are, must not fail."""


@pytest.fixture(scope="module")
def studies(finished: Repository, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A finished study, and a copy of it to spoil."""
    copy = finished.copy(tmp_path_factory.mktemp("spoiled") / "study")
    return finished.folder, copy.folder


@pytest.fixture
def whole(studies: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The finished study; its copy is the working folder."""
    monkeypatch.chdir(studies[1])
    logging.disable()  # what is damaged is told many times
    yield studies[0]
    logging.disable(logging.NOTSET)


def files_of(pattern: str) -> list[Path]:
    return sorted(file for file in Path().glob(pattern) if file.is_file() and file.name not in NEVER_READ)


@contextmanager
def spoiled(file: Path, way: str, chance: random.Random) -> Iterator[None]:
    """Damage a file, and put it back afterwards."""
    content = file.read_bytes()
    changed = bytearray(content)
    if way == "flipped":
        changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif way == "cut short":
        del changed[chance.randrange(1, len(content)) :]
    elif way == "emptied":
        changed.clear()
    file.unlink()
    if way == "replaced by a folder":
        file.mkdir()
    elif way != "deleted":
        file.write_bytes(changed)
    try:
        yield
    finally:
        remove(file)
        file.write_bytes(content)


def is_found(read: Reader, file: Path, whole: Path) -> bool:
    try:
        read(file, whole)
    except Damaged as error:
        assert str(file) in str(error) or str(file.parent) in str(error)
        return True
    return False


def test_every_file_that_a_study_writes_is_of_a_kind_that_is_damaged_here(whole: Path) -> None:
    known = {file for pattern, _ in (CHECKED | SHOWN).values() for file in files_of(pattern)}
    written = {
        file for folder in ("results", "data/processed", ".cache", "logs") for file in files_of(f"{folder}/**/*")
    }
    of_code = {
        Path(".cache/code.json"),
        *files_of(".cache/code/*.json"),
    }  # read anew, or told as unknown, where damaged
    assert written - known == of_code
    assert len([kind for kind, (pattern, _) in CHECKED.items() if files_of(pattern)]) >= 20


@pytest.mark.parametrize("flips", FLIPS)
def test_every_flipped_bit_is_found(whole: Path, flips: int) -> None:
    chance = random.Random(flips)
    for kind, (pattern, read) in CHECKED.items():
        for file in [chance.choice(files) for _ in range(flips) if (files := files_of(pattern))]:
            with spoiled(file, "flipped", chance):
                if not is_found(read, file, whole):
                    # Of two states only the later one counts, so nothing is lost with what the earlier one alone has.
                    assert kind == "states of training", file
            assert not is_found(read, file, whole)


@pytest.mark.parametrize("way", WAYS)
def test_a_file_of_any_kind_that_is_damaged_otherwise_is_found(whole: Path, way: str) -> None:
    chance = random.Random(way)
    for kind, (pattern, read) in CHECKED.items():
        if files := files_of(pattern):
            file = chance.choice(files)
            with spoiled(file, way, chance):
                assert is_found(read, file, whole) or kind == "states of training", file


@pytest.mark.parametrize("way", [*WAYS, "flipped"])
def test_what_is_only_shown_stops_nothing_in_whatever_state_it_is(whole: Path, way: str) -> None:
    chance = random.Random(way)
    for pattern, read in SHOWN.values():
        file = chance.choice([file for file in files_of(pattern) if file.stat().st_size > 1])
        with spoiled(file, way, chance):
            read(file, whole)


@pytest.mark.parametrize(
    ("kind", "reader"),
    [
        ("metrics", "collect_runs"),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in (("emergence", "collect_runs"), ("mask", "retrain_networks"))
        ),
    ],
)
def test_what_the_message_says_about_a_damaged_result_leads_to_the_same_claims(
    repository: Repository, kind: str, reader: str
) -> None:
    claims = (repository.study / "claims.json").read_bytes()
    jobs = repository.plan().jobs
    damaged, needed = next(
        (source, job)
        for job in jobs
        if job.rule == reader
        for sources in job.inputs.values()
        for source in sources
        if kind in source.entry.files
    )
    file = repository.folder / damaged.file(kind)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()
    file.write_bytes(content)
    for result in {needed.results[0], "results/studies/smoke/statistics/study.nc"}:
        (repository.folder / result).unlink()
    told = repository.run("snakemake", "statistics", fails=True)
    assert f"{damaged.file(kind)} is damaged" in told
    assert "delete it and run the same command again" in told
    file.unlink()
    repository.run("snakemake", "statistics")
    assert (repository.study / "claims.json").read_bytes() == claims
    assert repository.planned() == {}
