"""Text files as data sets: sequences, their parts, their checks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from emergence.core.files import checksum
from emergence.core.raw_files import RAW_DATA
from emergence.core.storage import read_dataset, write_dataset
from emergence.data_kinds.text import Text
from emergence.datasets import PARTS, RawDataset, RawFiles, SplitDataset, process, read_processed
from emergence.parameters.data import Data
from emergence.parameters.reading import ParametersError, check
from emergence.training.batches import digest_of, parts_of
from tests.unit.test_datasets_script import prepare
from tests.unit.test_study_plan import changed, plan

PROSE = "Größe ist 大, und 𝄞 auch.\r\n" * 40
DATA = Data(probe_samples=5)


def written(folder: Path, text: str = PROSE, length: int = 7) -> Text:
    path = folder / "prose.txt"
    path.write_bytes(text.encode())
    return Text(file=path.name, sha256=checksum(path), length=length)


def loaded(folder: Path, text: str = PROSE, length: int = 7) -> RawDataset:
    return written(folder, text, length).load("mine", RawFiles((folder,)))


def stored(raw: RawDataset, folder: Path) -> SplitDataset:
    write_dataset(folder / "dataset.nc", process("mine", raw, DATA), {})
    return read_processed(folder / "dataset.nc").of_seed(2)


def test_sequences_are_the_text_piece_by_piece_with_the_next_characters_as_labels(tmp_path: Path) -> None:
    raw = loaded(tmp_path)
    assert raw.classes == tuple(sorted(set(PROSE)))
    pieces = [PROSE[start : start + 8] for start in range(0, len(PROSE) - 7, 8)]
    words = ["".join(raw.classes[token] for token in row) for row in raw.inputs]
    following = ["".join(raw.classes[token] for token in row) for row in raw.labels]
    assert words == [piece[:-1] for piece in pieces]
    assert following == [piece[1:] for piece in pieces]


def test_the_test_part_is_the_end_of_the_text_and_the_rest_is_split_as_data_says(tmp_path: Path) -> None:
    raw = loaded(tmp_path)
    data = stored(raw, tmp_path)
    count, tested = len(raw.inputs), len(raw.inputs) // 10
    assert data.parts[-tested:].eq(PARTS.index("test")).all()
    assert not data.parts[:-tested].eq(PARTS.index("test")).any()
    sizes = {name: len(data.part(name)[1]) for name in PARTS}
    rest = count - tested
    assert sizes == {"train": rest - round(rest / 10) - 5, "validation": round(rest / 10), "probe": 5, "test": tested}


@pytest.mark.parametrize(("characters", "kind"), [(250, "uint8"), (300, "int16"), (40000, "int32")])
def test_tokens_take_the_smallest_type_on_disk_and_are_not_normalised(tmp_path, characters: int, kind: str) -> None:
    text = "".join(chr(code) for code in range(0x4E00, 0x4E00 + characters) if not 0xD800 <= code < 0xE000) * 2
    raw = loaded(tmp_path, text)
    data = stored(raw, tmp_path)
    file = read_dataset(tmp_path / "dataset.nc")
    assert {str(file[name].dtype) for name in ("inputs", "labels")} == {kind}
    assert "sample_mean" not in file and "sample_variance" not in file
    inputs, labels = data.part("train")
    seen = data.normalise(inputs)
    assert seen.dtype == labels.dtype == torch.int64
    assert np.array_equal(seen, raw.inputs[data.parts.numpy() == 0])
    assert np.array_equal(labels, raw.labels[data.parts.numpy() == 0])
    settings = {"images_last": True, "number_type": torch.float64}
    train, validation = parts_of(data, ["train", "validation"], [2], torch.device("cpu"), **settings)
    batch = train.batch(train.places[:, [1, 0]])
    assert batch[0].dtype == torch.int64 and torch.equal(batch[0][0], seen[[1, 0]])
    assert digest_of([train]) != digest_of([validation])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros((12, 3), int)}, r"one per token, \(12, 4\), not \(12, 3\)"),
        ({"labels": np.zeros(12, int)}, r"labels must be integers \(sample, position\)"),
        ({"inputs": np.zeros((12, 4), np.float32)}, "inputs must be integers .* not float32"),
        ({"inputs": np.full((12, 4), 2)}, r"inputs must lie in 0 to 1 \(2 classes\), but reach from 2 to 2"),
        ({"test": np.zeros((12, 4), bool)}, "test must be 12 booleans"),
    ],
)
def test_malformed_tokens_are_refused(change: dict, message: str) -> None:
    valid = {"inputs": np.zeros((12, 4), int), "labels": np.ones((12, 4), int), "classes": ("a", "b"), "source": "me"}
    assert RawDataset(**valid, tokens=True).tokens
    with pytest.raises(ValueError, match=message):
        RawDataset(**valid | change, tokens=True)


def test_a_missing_file_and_one_of_another_content_are_named_with_the_key(tmp_path: Path) -> None:
    text = written(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"elsewhere.prose.txt: put it there, or correct data.sets.mine.file"):
        text.load("mine", RawFiles((tmp_path / "elsewhere",)))
    (tmp_path / "prose.txt").write_text("another")
    found = checksum(tmp_path / "prose.txt")
    with pytest.raises(ValueError, match=rf"prose.txt .*data.sets.mine.sha256 .*write {found}"):
        text.load("mine", RawFiles((tmp_path,)))


def test_a_text_that_is_too_short_or_no_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"79 characters, which make 9 sequences of 7, .*data.sets.mine.length"):
        loaded(tmp_path, "x" * 79)
    (tmp_path / "latin.txt").write_bytes("Größe".encode("latin-1") * 99)
    latin = Text(file="latin.txt", sha256=checksum(tmp_path / "latin.txt"))
    with pytest.raises(ValueError, match=r"latin.txt is no text in UTF-8"):
        latin.load("mine", RawFiles((tmp_path,)))


def test_the_script_stores_a_text_and_says_what_it_is_made_from(tmp_path: Path) -> None:
    raw = tmp_path / RAW_DATA
    raw.mkdir(parents=True)
    text = written(raw).model_dump()
    run = prepare(tmp_path, "mine", **DATA.model_dump(exclude={"sets"}), sets={"mine": text})
    assert run.returncode == 0, run.stderr
    file = read_dataset(tmp_path / "out" / "dataset.nc")
    made_from = json.loads(file.attrs["parameters"])
    assert made_from["data"]["sets"]["mine"]["sha256"] == checksum(raw / "prose.txt")


TEXT = {"kind": "text", "file": "mine.txt", "sha256": "0" * 64, "length": 8}
ON_TEXT = {
    "study": {"experiments": ["mine/small", "digits/mlp"], "seeds": 2},
    "networks": {"small": {"builder": "tests.text_networks:build"}, "mlp": {"builder": "mlp"}},
}


def test_content_and_length_of_a_text_change_its_keys_alone_and_its_place_none() -> None:
    before = plan(**ON_TEXT, data={"sets": {"mine": TEXT}})
    assert not changed(before, plan(**ON_TEXT, data={"sets": {"mine": TEXT | {"file": "moved/mine.txt"}}})) - {
        "write_report"
    }
    for change in ({"sha256": "1" * 64}, {"length": 9}):
        after = plan(**ON_TEXT, data={"sets": {"mine": TEXT | change}})
        old, new = ({job.key for job in one.jobs if job.run} for one in (before, after))
        assert {job.run.dataset for job in after.jobs if job.run and job.key in new - old} == {"mine"}
        assert "prepare_data" in changed(before, after)
    (job,) = (job for job in before.of_phase("data") if job.name == "mine")
    assert job.settings["data"]["sets"]["mine"] == {"kind": "text", "sha256": "0" * 64, "length": 8}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"experiments": ["mine/mlp"]},
            "'mine' is text, which 'mlp' (mlp) cannot read; allowed: a network of kind tran",
        ),
        (
            {"experiments": ["digits/transformer"]},
            "reads text, not 'digits'; allowed: names in data.sets of kind formal_language or induction or text or "
            "tokens (mine)",
        ),
        ({"experiments": ["mime/transformer"]}, "unknown data set 'mime'"),
    ],
)
def test_networks_that_cannot_read_their_data_set_are_refused_before_any_job(changes: dict, message: str) -> None:
    with pytest.raises(ParametersError) as refused:
        check({"study": changes, "data": {"sets": {"mine": TEXT}}})
    assert message in str(refused.value)


def test_another_content_and_a_taken_name_are_told_before_any_job(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("EMERGENCE_DATA", str(tmp_path))
    (tmp_path / "mine.txt").write_text("abc")
    with pytest.raises(ParametersError) as refused:
        check({"data": {"sets": {"mine": TEXT}}})
    assert "data.sets.mine.sha256" in str(refused.value) and checksum(tmp_path / "mine.txt") in str(refused.value)
    with pytest.raises(ParametersError, match=r"data.sets.digits: another data set has this name"):
        check({"data": {"sets": {"digits": {**TEXT, "file": "none.txt"}}}})
