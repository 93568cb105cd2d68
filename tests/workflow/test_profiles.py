"""The profiles for machines of other kinds plan the whole study."""

import http.server
import re
import threading
from collections.abc import Iterator

import pytest

from tests.workflow.conftest import Repository, jobs_of

pytestmark = pytest.mark.workflow


class Empty(http.server.BaseHTTPRequestHandler):
    """Storage that holds nothing."""

    def do_HEAD(self) -> None:
        self.send_error(404)

    do_GET = do_HEAD

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ACCESS_KEY", "key")
        monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_SECRET_KEY", "secret")
        yield
        server.shutdown()


def test_a_node_with_many_cores_plans_the_study(source: Repository) -> None:
    assert source.planned("--profile", "profiles/node") == source.planned()


def test_slurm_gets_small_jobs_together_but_not_those_that_wait_for_each_other(source: Repository) -> None:
    pruning = "pruning={methods: [global_magnitude, iterative_magnitude], sparsities: [0.2, 0.3]}"
    planned = source.run("snakemake", "--dry-run", "--verbose", "--profile", "profiles/slurm", "--config", pruning)
    jobs = jobs_of(planned)
    assert jobs == source.planned("--config", pruning)
    groups: dict[str, list[int]] = {}
    for group, members in re.findall(r"Group job (\w+) .*\n+((?:    .*\n)+)", planned):
        groups.setdefault(group, []).append(len(re.findall(r"^    Job \d+:", members, flags=re.MULTILINE)))
    figures = sum(count for rule, count in jobs.items() if rule.startswith("draw_"))
    assert {group: sorted(sizes) for group, sizes in groups.items()} == {
        "masks": [jobs["make_masks"] - 1],  # the second round of 0.3 scores networks that the first has pruned
        "measures": [5, 5],
        "landscape": [2, 2, 2],
        "statistics": [6],
        "figures": sorted([figures % 10, *[10] * (figures // 10)]),
    }


def test_kubernetes_keeps_runs_in_storage_and_what_has_a_fixed_place_at_hand(source: Repository, storage: None) -> None:
    where = ["--default-storage-prefix", "s3://bucket/study", "--container-image", "example/nn-emergence"]
    planned = source.run("snakemake", "--dry-run", "--profile", "profiles/kubernetes", *where)
    assert jobs_of(planned) == source.planned()
    assert "s3://bucket/study/results/train/digits/mlp/dense" in planned
    assert "s3://bucket/study/results/studies" not in planned
    for fixed in ("statistics/study.nc", "claims.json", "figures", "stamps", "report.html"):
        assert f"results/studies/smoke/{fixed}" in planned
