"""Mistakes in parameters are refused before any job starts."""

import pytest

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

COMMANDS = {
    "part of the runs that there is not": (["--config", "only=5"], ["only = '5': no run fits", "digits/mlp/dense/"]),
    "a value on the command line": (["--config", "training={epochs: 0}"], ["--config: training.epochs = '0'"]),
    "a misspelt dotted key": (
        ["--config", "training.epohcs=3"],
        ["training.epohcs: unknown key", "'epochs'"],
    ),
    "a misspelt key": (["--configfile", "params.yaml", "key.yaml"], ["key.yaml: training.lerning_rate", "allowed: "]),
    "Python in parameters": (["--configfile", "code.yaml"], ["code.yaml: __use_yte__ = True"]),
}
FILES = {
    "key.yaml": "training: {lerning_rate: 0.1}\n",
    "code.yaml": "__use_yte__: true\ntraining:\n  epochs: ?open('ran', 'w').write('x')\n",
}


@pytest.fixture(scope="module")
def mistaken(source: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = source.clone(tmp_path_factory.mktemp("refusals") / "clone")
    for name, text in FILES.items():
        (repository.folder / name).write_text(text)
    return repository


@pytest.mark.parametrize("mistake", COMMANDS)
def test_a_mistake_is_told_and_nothing_is_run(mistaken: Repository, mistake: str) -> None:
    arguments, told = COMMANDS[mistake]
    output = mistaken.run("snakemake", *arguments, fails=True)
    for text in told:
        assert text in output
    assert "Traceback" not in output
    assert not any((mistaken.folder / name).exists() for name in ("ran", "results"))
