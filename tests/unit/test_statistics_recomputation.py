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


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def claims(results: Path) -> dict[str, dict[str, Any]]:
    files = raw_study.write(results)
    return judge(collect(files), Statistics(), Reference("global_magnitude", raw_study.WAY))


def test_effects_that_decide_all_claims_are_as_recomputed_from_the_files_of_runs(
    results: Path, claims: dict[str, dict[str, Any]]
) -> None:
    deciding = {
        f"{name}/{quantity}"
        for name, claim in read_rules().claims.items()
        for quantity, rule in claim.quantities.items()
        if rule.role == "decides"
    }
    assert compare(results, claims) == deciding


@pytest.mark.parametrize("name", [f"C{number}" for number in range(1, 9)])
def test_a_number_that_differs_is_seen(results: Path, claims: dict[str, dict[str, Any]], name: str) -> None:
    wrong = copy.deepcopy({name: claims[name]})
    experiment = next(iter(wrong[name]["experiments"].values()))
    experiment["estimate"] += 1e-6
    with pytest.raises(AssertionError, match=f"{name}, .*: estimate is"):
        compare(results, wrong)
