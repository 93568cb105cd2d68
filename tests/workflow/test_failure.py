"""A job that fails is told of so that its cause can be seen and the job repeated."""

import re

import pytest

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow


def test_a_failed_rule_shows_the_end_of_its_log_and_the_command_that_repeats_it(source: Repository, tmp_path) -> None:
    clone = source.clone(tmp_path / "clone")
    clone.edit(
        "scripts/prepare_data.py", "-> xr.Dataset:\n", '-> xr.Dataset:\n    raise ValueError("the disc is lost")\n'
    )
    told = clone.run("snakemake", "--config", "compute={device: cpu}", "--", "data", fails=True)
    assert "prepare_data of digits did not finish" in told
    assert re.search(r"^    ValueError: the disc is lost\n+To run it again:$", told, flags=re.MULTILINE)
    command = told.split("To run it again:\n")[1].split("\n")[0].strip()
    assert "the disc is lost" in clone.run("sh", "-c", command, fails=True)
