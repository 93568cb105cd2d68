"""Nothing that a file says is run: neither the builder that a checkpoint names nor what others hold."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import torch

from emergence.core.files import checksum
from emergence.core.steps import Step
from emergence.core.storage import read_dataset
from emergence.data_kinds.text import Text
from emergence.datasets import RawFiles, read_processed
from emergence.networks import Architecture
from emergence.pruning import Mask, starting_weights
from emergence.training.checkpoints import Checkpoint, publish, read, write
from emergence.training.member import initial_network
from emergence.training.tensor_files import write_tensors

SMALL = Architecture("mlp", (1, 2, 2), 3, {"widths": [4]})
OWN = "tests.text_networks:build"


def described(**change: Any) -> str:
    """The description of a small network as a checkpoint holds it, changed."""
    return json.dumps(json.loads(SMALL.to_json()) | change)


def crafted(path: Path, network: str, **metadata: str) -> Path:
    """A file with the weights of a small network, whose header describes another."""
    tensors = {name: tensor[None].clone() for name, tensor in initial_network(SMALL, 3).state_dict().items()}
    header = {"step": "ep1", "seeds": "[3]", "network": network} | metadata
    write_tensors(path, tensors, header)
    return path


@pytest.mark.parametrize(
    ("builder", "input_shape", "classes", "options"),
    [
        ("os:system", ["touch trace"], 1, {}),
        ("subprocess:run", [2], 3, {"args": ["touch", "trace"]}),
        ("builtins:exec", [1], 3, {}),
        ("pathlib:Path.touch", [4], 2, {}),
        ("tests.unit.trace:leave", [4], 2, {}),
        ("emergence.core.plugins:load", [4], 2, {}),
        ("../trace", [4], 2, {}),
    ],
)
def test_no_builder_of_a_checkpoint_is_called_that_the_caller_does_not_name(
    builder: str,
    input_shape: list[Any],
    classes: int,
    options: Mapping[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests.unit.trace.py").write_text("")
    network = {"builder": builder, "input_shape": input_shape, "classes": classes, "options": options}
    path = crafted(tmp_path / "ep1.safetensors", json.dumps(network))
    before = set(sys.modules)
    with pytest.raises((OSError, ValueError), match=r"ep1.safetensors"):
        read(path, builders=[OWN]).network(3)
    assert not (tmp_path / "trace").exists()
    assert set(sys.modules) == before


def test_the_callers_own_builder_is_called_where_it_is_named(tmp_path: Path) -> None:
    own = Architecture(OWN, (5,), 3)
    network = initial_network(own, 3)
    stacked = {name: tensor[None] for name, tensor in network.state_dict().items()}
    path = tmp_path / "ep0.safetensors"
    publish({path: write(Checkpoint(Step(0), (3,), own, stacked), path)}, tmp_path / "run")
    with pytest.raises(ValueError, match=rf"ep0.safetensors: its network is built by '{OWN}'.*builders="):
        read(path)
    rebuilt = read(path, builders=[OWN]).network(3)
    assert all(torch.equal(rebuilt.state_dict()[name], tensor) for name, tensor in network.state_dict().items())
    assert starting_weights(own, [3], tmp_path / "run", "ep0").keys() == stacked.keys()


@pytest.mark.parametrize(
    "change",
    [
        {"options": {"widths": [10**12]}},
        {"options": {"widths": [1] * 100_000}},
        {"options": {"widths": [5]}},
        {"input_shape": [10**9]},
        {"classes": 10**9},
        {"builder": "cnn", "options": {"channels": [10**6, 10**6]}, "input_shape": [1, 8, 8]},
        {"builder": "transformer", "options": {"blocks": 10**9}, "input_shape": [4]},
        {"builder": "resnet", "options": {}},
    ],
)
def test_a_header_that_describes_another_network_than_is_stored_allocates_nothing(
    change: dict[str, Any], tmp_path: Path
) -> None:
    path = crafted(tmp_path / "ep1.safetensors", described(**change))
    random, threads = torch.get_rng_state(), torch.get_num_threads()
    with pytest.raises(
        (OSError, ValueError), match=r"ep1.safetensors(: its network cannot be rebuilt| is no checkpoint)"
    ):
        read(path).network(3)
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.get_num_threads() == threads
    assert len(list(initial_network(SMALL, 0).parameters())) == 4  # other networks are built as ever


@pytest.mark.parametrize(
    "network",
    [
        described(classes=-1),
        described(classes="3"),
        described(classes=True),
        described(input_shape=[]),
        described(input_shape="12"),
        described(options={"widths": ["4"]}),
        described(options={"width": 4}),
        described(options={"widths": [4], "activation": "os.system"}),
        described(options=[]),
        described(builder=["mlp"]),
        described(builder="plugins"),
        described(more=1),
        "",
        "[" * 10_000,
        "1e999",
    ],
)
def test_a_header_of_wrong_types_is_refused_with_the_name_of_the_file(network: str, tmp_path: Path) -> None:
    path = crafted(tmp_path / "ep1.safetensors", network)
    with pytest.raises((OSError, ValueError), match=r"ep1.safetensors"):
        read(path)


@pytest.mark.parametrize("seeds", ["[3, 4]", "[]", "3", '["3"]', "[true]", "[[3]]", "[" * 10_000])
def test_seeds_that_are_not_those_of_the_tensors_are_refused(seeds: str, tmp_path: Path) -> None:
    path = crafted(tmp_path / "ep1.safetensors", SMALL.to_json(), seeds=seeds)
    with pytest.raises(OSError, match=r"ep1.safetensors is no checkpoint"):
        read(path)
    with pytest.raises(ValueError, match=r"ep1.safetensors holds no mask"):
        Mask.read(path)


class Program:
    """What runs a program when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return subprocess.run, (["touch", "trace"],)


@pytest.mark.parametrize("reader", [read, Mask.read, read_dataset, read_processed])
def test_pickles_in_the_place_of_other_files_are_not_loaded(
    reader: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(Program(), "whole.pt")
    np.save("array.npy", np.array([Program()], dtype=object), allow_pickle=True)
    for name in ("whole.pt", "array.npy"):
        with pytest.raises((OSError, ValueError), match=name):
            reader(Path(name))
    assert not Path("trace").exists()


def test_attributes_of_netcdf_files_and_texts_are_read_as_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = "__import__('os').system('touch trace')"
    with netCDF4.Dataset("crafted.nc", "w") as file:
        file.setncatts({"parameters": program, "classes": program, "dataset": "$(touch trace)", "coordinates": program})
        file.createDimension("seed", 1)
        file.createVariable("loss", "f8", ("seed",))[:] = 1.0
        file["loss"].setncatts({"units": program, "calendar": program})
    with pytest.raises((OSError, ValueError), match=r"crafted.nc"):
        read_processed(Path("crafted.nc"))
    Path("a.txt").write_text(
        f"{program} $(touch trace) !!python/object/apply:os.system ['touch trace'] {{{{ }}}}\n" * 9
    )
    raw = Text(file="a.txt", sha256=checksum(Path("a.txt")), length=3).load("a", RawFiles((tmp_path,)))
    assert set(raw.classes) == set(Path("a.txt").read_text())
    assert not Path("trace").exists()
