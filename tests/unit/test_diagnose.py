"""What `emergence diagnose` writes is enough to find a problem, and tells nothing of the machine's folders."""

from pathlib import Path

import pytest

from emergence.commands import main
from emergence.parameters.reading import read
from emergence.study.plan import Plan

ROOT = Path(__file__).parents[2]
PARAMETERS = """\
study: {name: mine, experiments: [digits/mlp], seeds: 2}
training: {epochs: 7}
variations: {networks: []}
pruning: {sparsities: [0.5]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("src", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "params.yaml").write_text(PARAMETERS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-from-all")
    return tmp_path


def diagnosis(folder: Path) -> str:
    main(["diagnose"])
    return (folder / "diagnosis.md").read_text()


def test_versions_parameters_and_the_log_of_a_failed_job_stand_in_one_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = Plan(read(Path("params.yaml")), folder).of_phase("train")[0]
    log = folder / job.notes["log"]
    log.parent.mkdir(parents=True)
    log.write_text(f"epoch 3\nOSError: /data/jane/secret/scan.npz is missing, wanted by {folder}/results/a.nc\n")
    text = diagnosis(folder)
    assert "Python 3." in text and "\ntorch 2." in text and "\nsnakemake 9." in text
    assert "training.epochs: 7" in text and "training.batch_size" not in text
    assert "train_networks of digits/mlp/dense" in text and "epoch 3\n" in text
    assert "OSError: .../scan.npz is missing, wanted by results/a.nc" in text
    assert "diagnosis.md: look through it" in capsys.readouterr().out


def test_neither_folders_nor_the_environment_are_told(folder: Path) -> None:
    text = diagnosis(folder)
    assert "hidden-from-all" not in text and str(folder) not in text and str(Path.home()) + "/" not in text


def test_parameters_that_are_refused_are_told(folder: Path) -> None:
    (folder / "params.yaml").write_text("training: {epoch: 3}\n")
    text = diagnosis(folder)
    assert "Parameters are refused" in text and "training.epoch" in text
