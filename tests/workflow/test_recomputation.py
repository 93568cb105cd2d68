"""The numbers of a finished study equal what code of its own makes of its files."""

import pytest

from tests.recomputation import compare
from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow


def test_effects_that_decide_claims_are_as_recomputed_from_the_files_of_runs(finished: Repository) -> None:
    compared = compare(finished.folder / "results", finished.claims())
    assert {name.partition("/")[0] for name in compared} >= {"C1", "C4", "C5", "C8"}
