"""What decides the claims of a finished study equals what code of its own makes of its files."""

import pytest

from tests.recomputation import compare
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow


def test_what_decides_the_claims_is_as_recomputed_from_the_files_of_runs(finished: Repository) -> None:
    compared = compare(finished.folder / "results", finished.claims())
    assert {name.partition("/")[0] for name in compared} == {"C4", "C5", "C8"}
