"""The script that stores a data set."""

import os
import subprocess
from pathlib import Path

import torch

from emergence.core.raw_files import RAW_DATA
from emergence.datasets import read_processed
from tests.job_files import job_file

OWN_DATA_SET = """
import numpy as np
from emergence.datasets import RawDataset

def parity(files):
    numbers = np.loadtxt(files.find("parity/numbers.txt"), dtype=np.float32, ndmin=2)
    return RawDataset(numbers, numbers[:, 0].astype(int) % 2, ("even", "odd"), source="own")
"""


def prepare(folder: Path, name: str, **data: object) -> subprocess.CompletedProcess[str]:
    outputs = {"dataset": Path("out/dataset.nc")}
    command = job_file(folder / "job.json", "prepare_data", {}, outputs, name=name, settings={"data": data})
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), os.getenv("PYTHONPATH", "")])}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_a_data_set_of_ones_own_is_stored_like_a_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN_DATA_SET)
    (tmp_path / RAW_DATA / "parity").mkdir(parents=True)
    (tmp_path / RAW_DATA / "parity" / "numbers.txt").write_text("\n".join(f"{i} {i / 2}" for i in range(40)))
    run = prepare(tmp_path, "parity", probe_samples=6, sets={"parity": {"kind": "custom", "loader": "own:parity"}})
    assert run.returncode == 0, run.stderr
    data = read_processed(tmp_path / "out" / "dataset.nc").of_seed(0)
    inputs, labels = data.part("probe")
    assert (data.name, data.class_names, inputs.shape) == ("parity", ("even", "odd"), (6, 2))
    assert torch.equal(inputs[:, 0] % 2, labels.float())
    assert "train 23, validation 3, probe 6, test 8" in run.stderr


def test_an_unknown_data_set_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    run = prepare(tmp_path, "mnist2d")
    assert run.returncode != 0
    assert "did you mean 'mnist1d'?" in run.stderr
    assert not (tmp_path / "out").exists()
