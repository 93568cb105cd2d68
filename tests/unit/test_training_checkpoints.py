"""Checkpoints rebuild their networks, and a damaged one is found and named."""

import json
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch

from emergence.core.files import checksum
from emergence.core.steps import Step
from emergence.networks import Architecture
from emergence.training import checkpoints
from emergence.training.checkpoints import CHECKSUMS, Checkpoint, paths, publish, publish_last, read, write
from emergence.training.member import initial_network
from emergence.training.tensor_files import write_tensors

ARCHITECTURE = Architecture("cnn", (1, 8, 8), 10, {"channels": [4], "batch_norm": True})
NETWORKS = [initial_network(ARCHITECTURE, seed).eval() for seed in (3, 8)]
STATES = [network.state_dict() for network in NETWORKS]
WEIGHTS = {name: torch.stack([state[name] for state in STATES]) for name in STATES[0]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Published checkpoints of three steps."""
    files = {}
    for step in (Step(10), Step(0, 4), Step(2)):
        file = tmp_path / "work" / f"{step}.safetensors"
        files[file] = write(Checkpoint(step, (3, 8), ARCHITECTURE, WEIGHTS), file)
    publish(files, tmp_path / "checkpoints")
    return tmp_path / "checkpoints"


def test_a_network_rebuilt_from_a_checkpoint_computes_the_same(folder: Path) -> None:
    stored = read(folder / "ep2.safetensors")
    inputs = torch.randn(5, 1, 8, 8)
    for seed, network in zip((3, 8), NETWORKS, strict=True):
        assert torch.equal(stored.network(seed)(inputs), network(inputs))
    assert (stored.step, stored.seeds, stored.architecture) == (Step(2), (3, 8), ARCHITECTURE)
    assert torch.equal(stored.of_seeds([8, 3])["conv1.weight"], WEIGHTS["conv1.weight"].flip(0))


def test_the_format_is_plain_safetensors_with_the_promised_metadata(folder: Path) -> None:
    loaded = safetensors.torch.load_file(folder / "ep0it4.safetensors")
    assert {name: tensor.shape for name, tensor in loaded.items()} == {n: t.shape for n, t in WEIGHTS.items()}
    with safetensors.safe_open(folder / "ep0it4.safetensors", "pt") as file:
        metadata = file.metadata()
    assert (metadata["step"], json.loads(metadata["seeds"])) == ("ep0it4", [3, 8])
    assert Architecture.from_json(metadata["network"]) == ARCHITECTURE


def test_checkpoints_are_listed_in_the_order_of_training(folder: Path) -> None:
    assert [str(step) for step in paths(folder)] == ["ep0it4", "ep2", "ep10"]


def test_the_last_checkpoints_of_runs_gather_under_names_of_the_runs(folder: Path, tmp_path: Path) -> None:
    publish_last({"one": folder, "other": folder}, tmp_path / "networks")
    gathered = tmp_path / "networks"
    assert {file.name for file in gathered.iterdir()} == {"one.safetensors", "other.safetensors", CHECKSUMS}
    assert read(gathered / "one.safetensors").step == Step(10)
    assert (gathered / "one.safetensors").samefile(folder / "ep10.safetensors")
    publish_last({"other": folder}, gathered)
    assert not (gathered / "one.safetensors").exists()
    (gathered / "other.safetensors").unlink()
    (gathered / "other.safetensors").write_bytes((folder / "ep2.safetensors").read_bytes())
    with pytest.raises(OSError, match=r"other\.safetensors is damaged"):
        read(gathered / "other.safetensors")


def test_a_damaged_checkpoint_is_not_gathered(folder: Path, tmp_path: Path) -> None:
    with (folder / "ep10.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"?")
    with pytest.raises(OSError, match=r"ep10\.safetensors is damaged: .*; delete its folder"):
        publish_last({"one": folder}, tmp_path / "networks")
    assert not (tmp_path / "networks").exists()


def test_a_file_without_checksum_of_its_own_is_read_where_its_folder_lists_it(folder: Path) -> None:
    file = folder / "ep2.safetensors"
    with safetensors.safe_open(file, "pt") as stored:
        metadata = {key: value for key, value in stored.metadata().items() if key != "sha256"}
    file.unlink()
    safetensors.torch.save_file(WEIGHTS, file, metadata)
    with pytest.raises(OSError, match=r"ep2\.safetensors is damaged"):
        read(file)
    (folder / CHECKSUMS).write_text(json.dumps({file.name: checksum(file)}))
    assert read(file).step == Step(2)
    (folder / CHECKSUMS).unlink()
    with pytest.raises(OSError, match="its header states no SHA-256"):
        read(file)


def test_equal_tensors_give_equal_bytes(tmp_path: Path) -> None:
    metadata = {f"key{i}": str(i) for i in range(8)}
    assert len({write_tensors(tmp_path / "a", WEIGHTS, metadata) for _ in range(10)}) == 1


@pytest.mark.parametrize("position", [0, 60, -1])
def test_a_flipped_bit_anywhere_is_found_and_the_file_named(folder: Path, position: float) -> None:
    file = folder / "ep2.safetensors"
    content = bytearray(file.read_bytes())
    content[int(position * len(content)) if 0 < position < 1 else int(position)] ^= 1
    file.write_bytes(content)
    with pytest.raises(OSError, match=r"ep2\.safetensors is damaged"):
        read(file)


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "alone"])
@pytest.mark.parametrize("share", [0, 0.99])
def test_a_truncated_file_is_found_and_named(folder: Path, share: float, listed: bool) -> None:
    file = folder / "ep2.safetensors"
    os.truncate(file, int(share * file.stat().st_size))
    if not listed:
        (folder / checkpoints.CHECKSUMS).unlink()
    with pytest.raises(OSError, match=r"ep2\.safetensors"):
        read(file)


def test_missing_and_strange_files_are_named(folder: Path, tmp_path: Path) -> None:
    (folder / "ep2.safetensors").unlink()
    with pytest.raises(OSError, match=r"lacks ep2\.safetensors"):
        paths(folder)
    with pytest.raises(OSError, match=r"ep2\.safetensors is missing"):
        read(folder / "ep2.safetensors")
    (folder / "ep3.safetensors").write_bytes((folder / "ep10.safetensors").read_bytes())
    with pytest.raises(OSError, match=r"ep3\.safetensors is not listed"):
        read(folder / "ep3.safetensors")
    (folder / "ep2.safetensors").write_bytes((folder / "ep10.safetensors").read_bytes())
    with pytest.raises(OSError, match=r"holds ep3\.safetensors, not listed"):
        paths(folder)
    with pytest.raises(OSError, match=r"ep2\.safetensors is damaged"):
        read(folder / "ep2.safetensors")
    for place in (tmp_path / "work", tmp_path / "absent", folder / "ep10.safetensors"):
        with pytest.raises(OSError, match=f"{place} is no folder of checkpoints"):
            paths(place)
    write_tensors(tmp_path / "other.safetensors", WEIGHTS, {"made": "elsewhere"})
    with pytest.raises(OSError, match=r"other\.safetensors is no checkpoint: its header lacks 'step'"):
        read(tmp_path / "other.safetensors")
    write_tensors(tmp_path / "other.safetensors", WEIGHTS, {"step": "first", "seeds": "[]", "network": "{}"})
    with pytest.raises(OSError, match=r"other\.safetensors is no checkpoint: its header cannot be read \('first'"):
        read(tmp_path / "other.safetensors")


def test_seeds_that_are_not_stored_are_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"no seeds \[4\]; it has \[3, 8\]"):
        read(folder / "ep2.safetensors").network(4)
