"""Mistakes in parameters are refused before any job starts."""

import json

import pytest

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

MISTAKES = {
    "a misspelt key": ("training.lerning_rate", 0.1, ["training.lerning_rate", "unknown key", "allowed: epochs"]),
    "a misspelt section": ("trainng", {}, ["unknown key 'trainng'", "did you mean 'training'?"]),
    "a sparsity of 1.5": ("pruning.sparsities", [1.5], ["pruning.sparsities[0] = 1.5", "less than 1"]),
    "an unknown data set": (
        "study.experiments",
        ["digit/mlp"],
        ["unknown data set 'digit'", "mnist1d", "did you mean 'digits'?"],
    ),
    "a negative threshold": (
        "emergence.thresholds",
        [-0.1, 0.05],
        ["emergence.thresholds[0] = -0.1", "greater than or equal to 0"],
    ),
}


COMMANDS = {
    "part of the runs that there is not": (["--config", "only=5"], ["only = '5': no run fits", "digits/mlp/dense/"]),
    "a value on the command line": (["--config", "training={epochs: 0}"], ["--config: training.epochs = '0'"]),
    "Python in parameters": (["--configfile", "code.yaml"], ["code.yaml: __use_yte__ = True"]),
    "a key twice": (["--configfile", "twice.yaml"], ["twice.yaml: line 2: the key 'training'", "line 1"]),
    "a list": (["--configfile", "list.yaml"], ["list.yaml: should hold sections"]),
    "aliases without end": (["--configfile", "alias.yaml"], ["alias.yaml: line 1: this alias"]),
    "a device": (["--configfile", "/dev/zero"], ["dev/zero: is no regular file"]),
}
FILES = {
    "code.yaml": "__use_yte__: true\ntraining:\n  epochs: ?open('ran', 'w').write('x')\n",
    "twice.yaml": "training: {epochs: 2}\ntraining: {batch_size: 32}\n",
    "list.yaml": "- 1\n",
    "alias.yaml": "training: &a {epochs: *a}\n",
}


@pytest.fixture(scope="module")
def mistaken(source: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = source.clone(tmp_path_factory.mktemp("refusals") / "clone")
    for name, text in FILES.items():
        (repository.folder / name).write_text(text)
    return repository


@pytest.mark.parametrize("mistake", COMMANDS)
def test_a_mistake_of_the_command_line_is_told_and_nothing_is_run(mistaken: Repository, mistake: str) -> None:
    arguments, told = COMMANDS[mistake]
    output = mistaken.run("snakemake", "--dry-run", *arguments, fails=True)
    for text in told:
        assert text in output
    assert "Traceback" not in output and not (mistaken.folder / "ran").exists()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_key_value_and_what_is_allowed(source: Repository, tmp_path, mistake: str) -> None:
    key, value, told = MISTAKES[mistake]
    repository = source.clone(tmp_path / "clone")
    *sections, name = key.split(".")
    overlay = {name: value}
    for section in reversed(sections):
        overlay = {section: overlay}
    (repository.folder / "mistake.yaml").write_text(json.dumps(overlay))
    output = repository.run("snakemake", "--configfile", "params.yaml", "mistake.yaml", fails=True)
    assert not (repository.folder / "results").exists()
    for text in ["mistake.yaml", *told]:
        assert text in output
