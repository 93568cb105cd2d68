"""Variants: what earlier parameters or code made and the current ones do not ask for."""

from pathlib import Path

import pytest

from emergence.core import stamps
from emergence.parameters.reading import check
from emergence.study.plan import Plan
from emergence.study.variants import remove, stale

ROOT = Path(__file__).parents[2]


def plan(**changes: object) -> Plan:
    study = {"study": {"experiments": ["digits/mlp"], "seeds": 2}, "variations": {"networks": []}}
    return Plan(check({**study, **changes}), ROOT)


def test_results_that_no_job_of_the_plan_makes_are_found_and_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    earlier, current = plan(tuning={"learning_rates": [0.1, 0.2]}), plan()
    for job in (*earlier.jobs, *current.jobs):
        for file in map(Path, job.results):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(job.key) if file.suffix else file.mkdir(exist_ok=True)
        if not job.entry.keyed:
            stamps.write(Path(job.stamp), list(map(Path, job.results)))
    found = stale(current, Path())
    keyed = {Path(job.results[0]).parent for job in earlier.jobs if job.entry.keyed and job.key not in current.by_key}
    (figure,) = [job for job in earlier.jobs if job.name == "learning_rates"]
    assert set(found) == keyed | set(map(Path, figure.files))
    for path in found:
        remove(path, Path())
    assert stale(current, Path()) == []
    assert all(Path(file).exists() for job in current.jobs for file in job.files)
    assert not list(Path("results").rglob("tuning*"))
