"""Views of loss landscapes: trajectories, steps of training, minima."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from PIL import Image
from scipy.signal import argrelmin

from emergence.core.runs import Run, Variant
from emergence.drawing.inputs import Inputs, join_blocks
from emergence.drawing.render import render
from tests import figure_data
from tests.figure_drawing import MLP, SMALL, STYLE, VARIANTS, Manifest, drawn, inputs_of, panels

DENSE = Variant("dense", 0.0)
COARSE = STYLE.model_copy(update={"dpi": 50})


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return figure_data.write_results(tmp_path_factory.mktemp("results"), figure_data.TWO[:1], VARIANTS, **SMALL)


@pytest.fixture(scope="module")
def inputs(manifest: Manifest) -> Inputs:
    return inputs_of("landscape_contour", manifest)


def of_dense(data: xr.Dataset) -> Inputs:
    return Inputs(analyses=join_blocks([(Run(*MLP, *DENSE[:2]), data)]))


def paths(axes: Axes) -> list[np.ndarray]:
    return [line.get_xydata() for line in axes.get_lines() if len(line.get_xdata()) > 1]


def test_the_contours_show_where_the_checkpoints_lie_in_the_plane_of_the_trajectory(inputs: Inputs) -> None:
    for axes, run in zip(panels(drawn("landscape_contour", inputs)), inputs.analyses[MLP].values(), strict=True):
        plane = run.isel(seed=0, step=-1).sel(plane="trajectory")
        expected = np.column_stack([plane["trajectory_alpha"], plane["trajectory_beta"]])
        assert len(paths(axes)) == 2
        for path in paths(axes):
            np.testing.assert_allclose(path, expected)
        assert axes.get_title("left").endswith("40 % + 40 % of path")


def test_contours_of_other_planes_have_no_trajectory(inputs: Inputs) -> None:
    random = inputs.analyses[MLP][DENSE].sel(plane=["random"])
    (axes,) = panels(drawn("landscape_contour", of_dense(random)))
    assert not paths(axes)
    assert axes.get_title("left") == "digits, mlp, dense"


def test_there_is_a_map_per_sampled_step_in_colours_of_one_scale(inputs: Inputs) -> None:
    shown = panels(drawn("landscape_over_training", inputs))
    loss = inputs.analyses[MLP][DENSE]["plane_loss"].isel(seed=0, plane=0)
    for axes, step in zip(shown, ("ep0", "ep20"), strict=True):
        at = loss.sel(step=step)
        assert axes.get_title("left").endswith(f"{step}: {float(at.min()):.2g} to {float(at.max()):.2g} nat")
        norm = axes.collections[0].norm
        assert (norm.vmin, norm.vmax) == pytest.approx((float(loss.min()), float(loss.max())))


def test_more_steps_than_fit_side_by_side_go_on_below(inputs: Inputs) -> None:
    dense = inputs.analyses[MLP][DENSE]
    many = xr.concat([dense.isel(step=[0])] * 8, "step", data_vars="all").assign_coords(
        step=[f"ep{epoch}" for epoch in range(8)]
    )
    boxes = [axes.get_window_extent() for axes in panels(drawn("landscape_over_training", of_dense(many)))]
    assert len(boxes) == 8 and len({round(box.y0) for box in boxes}) == 2
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_the_animation_has_a_frame_per_sampled_step(inputs: Inputs, tmp_path: Path) -> None:
    render("landscape_over_training", inputs, COARSE, tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as animation:
        frames = []
        for place in range(getattr(animation, "n_frames", 1)):
            animation.seek(place)
            frames.append(np.asarray(animation.convert("RGB")))
    assert len(frames) == 2
    assert (frames[0] != frames[1]).any(axis=-1).mean() > 0.1


def test_dots_mark_the_minima_of_slices(inputs: Inputs) -> None:
    run = inputs.analyses[MLP][DENSE].copy(deep=True)
    offset = run["offset"].values
    run["slice_loss"][:] = 2 + np.cos(3 * np.pi * offset) + offset * np.array([0.0, 0.1, 0.2, 0.3])[:, None]
    (axes,) = panels(drawn("landscape_slices", of_dense(run)))
    dots = np.concatenate([line.get_xydata() for line in axes.get_lines() if line.get_marker() == "o"])
    losses = run["slice_loss"].isel(seed=0, step=-1).values
    expected = np.concatenate([np.column_stack([offset[at], loss[at]]) for loss in losses for at in argrelmin(loss)])
    np.testing.assert_allclose(dots, expected)
    assert axes.get_title("left").endswith(f"dense: {len(expected) // len(losses)} minima a line")
    (axes,) = panels(drawn("landscape_slices", of_dense(run), STYLE.model_copy(update={"noise_floor": 1e9})))
    assert not sum(len(line.get_xdata()) for line in axes.get_lines() if line.get_marker() == "o")
