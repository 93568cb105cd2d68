"""A study in which networks diverge ends like any other, says which did, and judges without them."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
import yaml

from tests.workflow.conftest import Repository

pytestmark = pytest.mark.workflow

FRAGILE = """
import torch

from emergence.networks.mlp import build as mlp


def build(input_shape, classes, broken=()):
    network = mlp(input_shape, classes, (8, 6))
    if torch.initial_seed() in broken:
        with torch.no_grad():
            network.output.weight *= 1e30
    return network
"""
STUDY = {
    "study": {"experiments": ["digits/fragile"], "seeds": 4, "seeds_per_block": 4},
    "data": {"probe_samples": 32},
    "training": {"epochs": 2, "checkpoints": {"early_iterations": [2]}},
    "pruning": {"methods": ["global_magnitude"], "sparsities": [0.5], "retraining": ["rewind"]},
    "variations": {"networks": []},
    "emergence": {"thresholds": [0.05, 0.2], "criteria": ["mean"], "through": ["all"]},
    "measures": {"names": ["weight_norm"]},
    "controls": {"steps": ["last"], "noise": [0.3]},
    "landscape": {"seeds": 2, "steps": ["last"], "points": 5, "slices": 2, "slice_points": 7, "line_points": 5},
    "curvature": {"eigenvalues": 1, "probes": 1, "lanczos_steps": 4},
    "minima": {"radii": [0.5], "copies": 2, "epochs": 1, "line_points": 3},
    "statistics": {"resamples": 1024},
}


class Words(HTMLParser):
    """The text of a page, styles and programs left out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self._skipped = "", False
        self.feed(page)
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._skipped = tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._skipped = False

    def handle_data(self, data: str) -> None:
        self.text += " " * (not self._skipped) + data * (not self._skipped)


@pytest.mark.parametrize(
    ("broken", "left_out"),
    [pytest.param([0, 2], 4, id="some"), pytest.param([0, 1, 2, 3], 8, id="all", marks=pytest.mark.long)],
)
def test_a_study_with_diverged_networks_ends_and_says_so(
    broken: list[int], left_out: int, source: Repository, tmp_path: Path
) -> None:
    clone = source.clone(tmp_path / "clone")
    (clone.folder / "extensions" / "fragile.py").write_text(FRAGILE)
    fragile = {"builder": "extensions.fragile:build", "options": {"broken": broken}}
    (clone.folder / "diverging.yaml").write_text(yaml.safe_dump({**STUDY, "networks": {"fragile": fragile}}))
    clone.run("snakemake", "--configfile", "params.yaml", "diverging.yaml")
    joined = xr.load_dataset(clone.study / "statistics" / "study.nc")
    assert (int(joined["left_out"].sum()), joined["left_out"].size) == (left_out, 8)
    stated = f"{left_out} of 8 networks are left out"
    claims: Any = clone.claims()
    for claim in claims.values():
        assert claim["verdict"] != "inconclusive" or stated in claim["reason"]
    assert claims["C4"]["runs"] == 4 - len(broken)
    if left_out == 8:
        assert {(claim["verdict"], claim["runs"]) for claim in claims.values()} == {("inconclusive", 0)}
    page = Words((clone.study / "report.html").read_text()).text
    assert f"Networks that diverged {stated}" in page
    seeds = " and ".join(", ".join(map(str, broken)).rsplit(", ", 1))
    assert re.search(rf"digits/fragile/dense {len(broken)} of 4 {seeds} ep0 ", page)
