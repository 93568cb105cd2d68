"""The examples record, during training, what their saved checkpoints give afterwards."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor, nn

from emergence import emergence_grid
from emergence.core.storage import read_dataset
from emergence.foreign import load_model, load_weights
from emergence.measures.hoyer_sparsity import measure
from emergence.recording.settings import THRESHOLDS

torch.set_num_threads(1)


def plain(example: Any, folder: Path) -> tuple[nn.Module, dict[int, Path], Tensor, Tensor]:
    inputs, labels = example.data()
    files = {step: folder / f"step_{step}.pt" for step in range(0, example.UPDATES + 1, example.EVERY)}
    return example.build(), files, inputs[-256:], labels[-256:]


def lightning(example: Any, folder: Path) -> tuple[nn.Module, dict[int, Path], Tensor, Tensor]:
    inputs, labels = example.data()
    files = {step: folder / f"step={step}.ckpt" for step in range(example.EVERY, example.UPDATES + 1, example.EVERY)}
    return example.Classifier(), files, inputs[-256:], labels[-256:]


def hugging_face(example: Any, folder: Path) -> tuple[nn.Module, dict[int, Path], Tensor, Tensor]:
    torch.manual_seed(0)
    ids = example.sequences(64)
    files = {step: folder / f"checkpoint-{step}" for step in range(example.EVERY, example.UPDATES + 1, example.EVERY)}
    return load_model(str(files[example.EVERY])), files, ids[:, :-1], ids[:, 1:]


CASES: dict[str, tuple[str, Callable[[Any, Path], tuple[nn.Module, dict[int, Path], Tensor, Tensor]]]] = {
    "": ("pytorch_loop", plain),
    "lightning": ("lightning_module", lightning),
    "transformers": ("hugging_face_trainer", hugging_face),
}


@pytest.fixture(params=CASES)
def ran(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, ...]]:
    """An example that was run: the network, its checkpoints, the probe, and what was recorded."""
    for package in filter(None, (request.param, "accelerate" if request.param == "transformers" else "")):
        pytest.importorskip(package)
    name, look = CASES[request.param]
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "examples")
    example = importlib.import_module(name)
    example.main(tmp_path)
    page = (tmp_path / "recording.html").read_text(encoding="utf-8")
    assert "</html>" in page and "http" not in page
    yield *look(example, tmp_path), read_dataset(tmp_path / "recording.nc")


def test_what_an_example_records_is_what_its_checkpoints_give(ran: tuple[Any, ...]) -> None:
    network, files, probe, labels, recorded = ran
    assert isinstance(recorded, xr.Dataset) and set(files) <= set(recorded["step"].values) and len(files) > 2
    assert recorded["emergence"].std("step").max() > 0 and recorded["probe_loss"][-1] < recorded["probe_loss"][0]
    for step, file in files.items():
        load_weights(network, file)
        found = recorded.sel(step=step)
        counted = emergence_grid(network, probe, thresholds=THRESHOLDS, criteria=["mean"])
        np.testing.assert_array_equal(found["emergence"], counted["emergence"])
        np.testing.assert_array_equal(found["active_units"], counted["active_units"])
        with torch.no_grad():
            answer = network.eval()(probe)
        logits = answer if isinstance(answer, Tensor) else answer.logits.movedim(-1, 1)
        assert found["hoyer_sparsity"] == measure(network, probe, labels)
        np.testing.assert_allclose(found["probe_loss"], nn.functional.cross_entropy(logits, labels), rtol=1e-5)
