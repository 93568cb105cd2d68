"""The surfaces that readers of the report turn: what of the sampled landscapes the page holds."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emergence.core.runs import DENSE, Variant
from emergence.drawing.inputs import Runs, read_runs
from emergence.report.surfaces import surface_data, surfaces_fragment
from tests import figure_data
from tests.figure_drawing import MLP, SMALL, VARIANTS


@pytest.fixture(scope="module")
def landscapes(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder: Path = tmp_path_factory.mktemp("results")
    manifest = figure_data.write_results(folder, figure_data.TWO[:1], VARIANTS[:2], **SMALL)
    return read_runs(manifest, None, "landscape")


def embedded(landscapes: Runs) -> dict[str, Any]:
    page = surfaces_fragment(landscapes, "viridis")
    (text,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    data: dict[str, Any] = json.loads(text)
    return data


def test_all_planes_of_the_first_seed_can_be_read_back_from_the_page(landscapes: Runs) -> None:
    data = embedded(landscapes)
    assert len(data["surfaces"]) == 2 * 2 * 2
    for surface in data["surfaces"]:
        variant = Variant(DENSE, 0.0) if surface["sparsity"] == "dense" else list(landscapes[MLP])[1]
        run = landscapes[MLP][variant].isel(seed=0).sel(step=surface["step"], plane=surface["plane"])
        np.testing.assert_allclose(10 ** np.array(surface["heights"]), run["plane_loss"], rtol=2e-3)
        np.testing.assert_allclose(surface["alpha"], run["alpha"], atol=1e-3)
        if surface["plane"] == "trajectory":
            path = np.column_stack([run["trajectory_alpha"], run["trajectory_beta"]])
            np.testing.assert_allclose(surface["path"], path, atol=1e-3)
        else:
            assert surface["path"] == []


def test_the_scale_of_a_plane_spans_its_losses_in_all_networks_of_an_experiment(landscapes: Runs) -> None:
    for plane, scale in embedded(landscapes)["scales"]["digits, mlp"].items():
        losses = np.concatenate(
            [run["plane_loss"].isel(seed=0).sel(plane=plane).values.ravel() for run in landscapes[MLP].values()]
        )
        assert scale["low"] == pytest.approx(np.log10(losses.min()), abs=1e-3)
        assert scale["high"] == pytest.approx(np.log10(losses.max()), abs=1e-3)
        assert all(scale["low"] <= height <= scale["high"] and float(label) > 0 for height, label in scale["ticks"])


def test_points_without_a_finite_loss_are_left_out_of_the_surface(landscapes: Runs) -> None:
    dense = landscapes[MLP][Variant(DENSE, 0.0)].copy(deep=True)
    dense["plane_loss"][0, 0, 0, 1, 2] = np.nan
    dense["plane_loss"][0, 0, 0, 3, 3] = np.inf
    heights = surface_data({MLP: {Variant(DENSE, 0.0): dense}}, "viridis")["surfaces"][0]["heights"]
    missing = [(i, j) for i, row in enumerate(heights) for j, height in enumerate(row) if height is None]
    assert missing == [(1, 2), (3, 3)]


def test_names_of_experiments_cannot_become_markup(landscapes: Runs) -> None:
    strange = MLP._replace(network="</script><b>")
    assert "<b>" not in surfaces_fragment({strange: landscapes[MLP]}, "viridis").split("<noscript>")[1]


def test_a_study_without_landscapes_has_no_surfaces() -> None:
    assert surfaces_fragment({}, "viridis") == ""
