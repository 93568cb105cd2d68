"""What jobs ask the machine or the cluster for."""

import re

import pytest

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

ON_GPUS = ["train_networks", "retrain_networks", "count_paths", "apply_measures", "sample_landscape"]
ON_GPUS += ["compare_controls", "measure_curvature", "find_minima"]


@pytest.fixture(scope="module")
def talkative(source: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The project without the messages of its rules, in whose place Snakemake then prints all that it knows."""
    repository = source.clone(tmp_path_factory.mktemp("talkative") / "clone")
    for file in (repository.folder / "workflow/rules").glob("*.smk"):
        file.write_text(re.sub(r"    message:\n(?:        .*\n)+", "", file.read_text()))
    return repository


@pytest.mark.parametrize(
    ("arguments", "gpus"),
    [
        ((), "0"),
        (("--resources", "gpu=2"), "1"),
        pytest.param(("--config", "compute={device: cuda}"), "1", marks=pytest.mark.long),
        pytest.param(("--resources", "gpu=2", "--config", "compute={device: cpu}"), "0", marks=pytest.mark.long),
    ],
)
def test_jobs_that_compute_on_gpus_ask_for_one_where_some_are_offered(
    talkative: Repository, arguments: tuple[str, ...], gpus: str
) -> None:
    planned = talkative.run("snakemake", "--dry-run", "--verbose", *arguments)
    asked = dict(re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: .*?\bgpu=(\d+)", planned, flags=re.MULTILINE))
    assert asked == dict.fromkeys(ON_GPUS, gpus)
