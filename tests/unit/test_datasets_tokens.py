"""Files of token ids as data sets: their forms, their sequences, their checks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from emergence.core.files import checksum
from emergence.core.raw_files import RawFiles
from emergence.data_kinds.tokens import Tokens
from emergence.datasets import RawDataset
from tests.unit.test_study_plan import changed, plan

IDS = np.arange(60, dtype=np.uint16) * 7 % 50

SAVE: dict[str, Callable[[Path, Any], None]] = {
    "npy": np.save,
    "npz": lambda path, ids: np.savez(path, tokens=ids, lengths=np.ones(3)),
    "safetensors": lambda path, ids: save_file({"input_ids": ids}, path),
}


def loaded(folder: Path, ids: Any, form: str = "npy", length: int = 4, vocabulary: int = 50) -> RawDataset:
    path = folder / f"ids.{form}"
    SAVE[form](path, ids)
    entry = Tokens(file=path.name, sha256=checksum(path), length=length, vocabulary=vocabulary)
    return entry.load("mine", RawFiles((folder,)))


@pytest.mark.parametrize("form", SAVE)
def test_sequences_are_the_ids_piece_by_piece_with_the_next_ids_as_labels(form: str, tmp_path: Path) -> None:
    raw = loaded(tmp_path, IDS, form)
    assert raw.inputs.tolist() == IDS.reshape(12, 5)[:, :-1].tolist()
    assert raw.labels.tolist() == IDS.reshape(12, 5)[:, 1:].tolist()
    assert raw.classes == tuple(str(token) for token in range(50)) and raw.tokens
    assert raw.test is not None and raw.test.tolist() == [False] * 11 + [True]


def test_no_sequence_is_of_two_documents(tmp_path: Path) -> None:
    raw = loaded(tmp_path, IDS.reshape(5, 12))
    assert raw.inputs.tolist() == [row[start : start + 4] for row in IDS.reshape(5, 12).tolist() for start in (0, 5)]


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (np.append(IDS, 50), r"ids\.npy holds token ids from 0 to 50; data.sets.mine.vocabulary = 50 allows 0 to 49"),
        (IDS.astype(int) - 1, "token ids from -1 to 48"),
        (IDS.astype(float), r"holds float64 \(60,\); data.sets.mine needs integers"),
        (IDS.reshape(3, 4, 5), r"\(3, 4, 5\); .*\(document, position\)"),
        (IDS[:0], "none empty"),
        (IDS[:49], r"49 tokens, which make 9 sequences of 4, but 10 are needed; lower data.sets.mine.length"),
        (np.array([print]), r"ids\.npy is no whole .npy, .npz or .safetensors file of numbers"),
    ],
)
def test_what_is_no_file_of_ids_is_refused_with_file_and_key(ids: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=told):
        loaded(tmp_path, ids)


@pytest.mark.parametrize("form", SAVE)
def test_a_file_cut_short_is_named(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"ids.{form}"
    SAVE[form](path, IDS)
    path.write_bytes(path.read_bytes()[:-30])
    entry = Tokens(file=path.name, sha256=checksum(path), length=4, vocabulary=50)
    with pytest.raises(ValueError, match=rf"ids\.{form} is no whole"):
        entry.load("mine", RawFiles((tmp_path,)))


def test_several_arrays_need_one_called_tokens(tmp_path: Path) -> None:
    np.savez(tmp_path / "ids.npz", ids=IDS, lengths=np.ones(3))
    entry = Tokens(file="ids.npz", sha256=checksum(tmp_path / "ids.npz"), vocabulary=50)
    with pytest.raises(ValueError, match=r"holds the arrays ids, lengths; call that of token ids 'tokens'"):
        entry.load("mine", RawFiles((tmp_path,)))


def test_what_changes_the_samples_changes_their_keys() -> None:
    entry = {"kind": "tokens", "file": "ids.npy", "sha256": "0" * 64, "length": 8, "vocabulary": 50}
    study = {"study": {"experiments": ["mine/small"], "seeds": 2}, "networks": {"small": {"builder": "transformer"}}}
    before = plan(**study, data={"sets": {"mine": entry}})
    for change in ({"sha256": "1" * 64}, {"length": 9}, {"vocabulary": 51}):
        assert "prepare_data" in changed(before, plan(**study, data={"sets": {"mine": entry | change}}))
    moved = plan(**study, data={"sets": {"mine": entry | {"file": "elsewhere/ids.npy"}}})
    assert "prepare_data" not in changed(before, moved)
