"""What decides every claim equals what code of its own makes of the files of single runs."""

import copy
from pathlib import Path
from typing import Any

import pytest

from emergence.parameters.statistics import Statistics
from emergence.statistics.collect import collect
from emergence.statistics.judge import judge
from emergence.statistics.rules import read_rules
from emergence.statistics.study import Reference
from tests import raw_study
from tests.recomputation import compare

pytestmark = pytest.mark.long  # tests/workflow/test_recomputation.py does the same on a study that was run

CLAIMS = read_rules().claims


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def claims(results: Path) -> dict[str, dict[str, Any]]:
    files = raw_study.write(results)
    return judge(collect(files), Statistics(), Reference("global_magnitude", raw_study.WAY))


def test_what_decides_all_claims_is_as_recomputed_from_the_files_of_runs(
    results: Path, claims: dict[str, dict[str, Any]]
) -> None:
    deciding = {f"{name}/{quantity}" for name, claim in CLAIMS.items() for quantity in claim.read_as("")}
    assert compare(results, claims) == deciding


def test_files_of_runs_lead_to_unlike_verdicts(claims: dict[str, dict[str, Any]]) -> None:
    assert {claim["verdict"] for claim in claims.values()} >= {"supported", "contradicted", "inconclusive"}


@pytest.mark.parametrize("number", ["estimate", "interval_low", "corrected_p_value", "contradiction_p_value"])
@pytest.mark.parametrize("name", CLAIMS)
def test_a_number_that_differs_is_seen(
    results: Path, claims: dict[str, dict[str, Any]], name: str, number: str
) -> None:
    wrong = copy.deepcopy({name: claims[name]})
    experiment = next(iter(wrong[name]["experiments"].values()))
    experiment[number] += 1e-6
    with pytest.raises(AssertionError, match=f"{name}, .*: {number} is"):
        compare(results, wrong)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_verdict_that_differs_is_seen(results: Path, claims: dict[str, dict[str, Any]], name: str) -> None:
    wrong = {name: {**claims[name], "verdict": "mixed"}}
    with pytest.raises(AssertionError, match=f"{name}, .*: verdict is mixed"):
        compare(results, wrong)
