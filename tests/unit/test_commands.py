"""The command `emergence` gives what the library gives, and says in one line what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from safetensors.torch import save_file
from torch import nn

from emergence import Recorder, count_paths
from emergence.commands import main
from emergence.core.steps import Step
from emergence.core.storage import read_dataset
from emergence.networks import Architecture
from emergence.training.checkpoints import Checkpoint, write
from emergence.training.member import initial_network

torch.set_num_threads(1)

INPUTS, LABELS = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 3


def small(width: int = 8) -> nn.Module:
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))


MODEL = f"{__name__}:small"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "samples.npz"
    np.savez(path, inputs=INPUTS.numpy(), labels=LABELS.numpy())
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    main([str(argument) for argument in arguments])
    return capsys.readouterr().out


def test_what_is_measured_is_what_the_library_counts(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(0)
    network = small(5)
    torch.save({"model_state_dict": network.state_dict()}, data.with_name("w.pt"))
    output = data.with_name("out.nc")
    arguments = ["--option", "width=5", "--threshold", 0.1, 0.3, "--measures", "weight_norm", "--output", output]
    out = told(capsys, "measure", MODEL, "--data", data, "--weights", data.with_name("w.pt"), *arguments)
    found = read_dataset(output)
    for threshold in (0.1, 0.3):
        counts = count_paths(network, INPUTS, threshold=threshold)
        of_threshold = found.sel(threshold=threshold, criterion="mean", through="all")
        assert of_threshold["emergence"] == counts.emergence
        assert of_threshold["active_units"].values.tolist() == counts.active.tolist()
        assert counts.emergence > 0 and f"{counts.log10:.4g}" in out
    assert f"{found['weight_norm'].item():.4g}" in out and "probe_loss" in found
    assert json.loads(found.attrs["parameters"])["measured"]["thresholds"] == [0.1, 0.3]


@pytest.mark.parametrize("form", ["npy", "safetensors", "pt"])
def test_samples_are_read_in_every_form(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"samples.{form}"
    if form == "npy":
        np.save(path, INPUTS.numpy())
    else:
        save = save_file if form == "safetensors" else torch.save
        save({"inputs": INPUTS, "labels": LABELS}, path)
    out = told(capsys, "measure", MODEL, "--data", path, "--measures")
    assert ("accuracy" in out) == (form != "npy") and "20 samples" in out


def test_a_checkpoint_of_the_project_is_measured(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    architecture = Architecture("mlp", (1, 2, 2), 3, {"widths": [4]})
    states = [initial_network(architecture, seed).state_dict() for seed in (3, 4)]
    stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    path = data.with_name("ep1.safetensors")
    write(Checkpoint(Step(1), (3, 4), architecture, stacked), path)
    np.savez(data, inputs=INPUTS.reshape(20, 1, 2, 2).numpy())
    first, second = (told(capsys, "measure", path, "--data", data, "--seed", seed) for seed in (3, 4))
    assert first == told(capsys, "measure", path, "--data", data) != second


def test_a_page_is_written_for_every_recording_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "ab":
        Recorder(small(), INPUTS, LABELS, thresholds=[0.05], measures=[], file=tmp_path / f"{name}.nc").record(0)
    xr.Dataset({"x": ("n", [1.0])}).to_netcdf(tmp_path / "other.nc")
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    assert told(capsys, "report", tmp_path).splitlines() == [str(page) for page in pages]
    assert all("</html>" in page.read_text() for page in pages)


WRONG: dict[str, tuple[list[str], str]] = {
    "command": (["mesure"], "invalid choice: 'mesure'"),
    "no data": (["measure", MODEL], "required: --data"),
    "missing data": (["measure", MODEL, "--data", "none.npz"], "none.npz is missing"),
    "data of another form": (["measure", MODEL, "--data", "a.csv"], "files '.csv' are not read; allowed: .npz"),
    "damaged data": (["measure", MODEL, "--data", "damaged.npz"], "damaged.npz is damaged"),
    "data with code": (["measure", MODEL, "--data", "code.npy"], "code.npy is damaged or holds no numbers"),
    "data without inputs": (["measure", MODEL, "--data", "other.npz"], "other.npz has no 'inputs', but nothing"),
    "other labels": (["measure", MODEL, "--data", "labels.npz"], "'labels' has shape (2,) for 20 samples"),
    "model": (["measure", f"{__name__}:smal", "--data", "samples.npz"], "has no function 'smal'"),
    "option": (["measure", MODEL, "--data", "samples.npz", "--option", "width"], "must be NAME=VALUE"),
    "threshold": (["measure", MODEL, "--data", "samples.npz", "--threshold", "-1"], "threshold -1.0 must be"),
    "criterion": (["measure", MODEL, "--data", "samples.npz", "--criterion", "men"], "did you mean 'mean'"),
    "measure": (
        ["measure", MODEL, "--data", "samples.npz", "--measures", "norm"],
        "unknown name in emergence.measures",
    ),
    "weights": (["measure", MODEL, "--data", "samples.npz", "--weights", "w.pt"], "w.pt is missing"),
    "output": (["measure", MODEL, "--data", "samples.npz", "--output", "."], ". is a folder"),
    "folder": (["report", "nowhere"], "nowhere is missing"),
    "no recordings": (["report", "."], "holds no recording"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_in_one_line(
    case: str, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data.parent)
    Path("damaged.npz").write_bytes(data.read_bytes()[:100])
    np.save("code.npy", np.array([print], dtype=object), allow_pickle=True)
    np.savez("other.npz", x=INPUTS.numpy())
    np.savez("labels.npz", inputs=INPUTS.numpy(), labels=LABELS[:2].numpy())
    arguments, message = WRONG[case]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    error = capsys.readouterr().err
    assert ended.value.code == 2 and message in error
    assert error.startswith("emergence") and error.count("\n") == 1


HELP = """
import sys
from emergence.commands import main
try:
    main(["measure", "--help"])
finally:
    print(sorted({"torch", "xarray", "matplotlib", "pandas"} & set(sys.modules)))
"""


def test_help_waits_for_no_package_that_takes_long_to_load() -> None:
    ended = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    assert "torchvision:resnet18" in ended.stdout and ended.stdout.endswith("[]\n")


def test_results_of_counting_tell_emergence_on_every_scale() -> None:
    torch.manual_seed(0)
    counts = count_paths(small(), INPUTS, threshold=0.3)
    line = str(counts)
    assert "\n" not in line and len(line) < 150
    for value in (
        f"emergence={counts.emergence:g}",
        f"log10={counts.log10:.4f}",
        f"normalised={counts.normalised:.4g}",
    ):
        assert value in line
