"""What figures show, read back from the drawn objects, and what their files depend on."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from emergence.figures import catalogue
from emergence.figures._inputs import Experiment, Inputs, Variant, dense, join_blocks, read_inputs
from emergence.figures._render import render
from emergence.figures._style import Style
from emergence.plugins import load
from emergence.storage import read_dataset
from tests import figure_data

ROOT = Path(__file__).parents[2]
MLP = Experiment("digits", "mlp")
SMALL: dict[str, Any] = {"seeds": 4, "epochs": 4, "points": 7}
VARIANTS = (("dense", 0.0), ("global_magnitude", 0.5), ("global_magnitude", 0.9))
STYLE = Style(reference_threshold=0.05, reference_criterion="mean", confidence=0.95, convergence_share=0.95)

Manifest = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def one_experiment(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return figure_data.write_results(tmp_path_factory.mktemp("results"), figure_data.TWO[:1], VARIANTS[:2], **SMALL)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return figure_data.write_results(tmp_path_factory.mktemp("results"), variants=VARIANTS, **SMALL)


def inputs_of(name: str, manifest: Manifest) -> Inputs:
    return read_inputs({need: manifest[need] for need in catalogue()[name].needs})


def drawn(name: str, manifest: Manifest, style: Style = STYLE) -> Figure:
    with style.active():
        figure: Figure = load("figures", name, "draw")(inputs_of(name, manifest), style)
        figure.draw_without_rendering()
    return figure


def panels(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


@pytest.fixture(scope="module", params=catalogue())
def figure(request: pytest.FixtureRequest, manifest: Manifest) -> Figure:
    return drawn(request.param, manifest)


def test_every_axis_says_what_it_shows(figure: Figure) -> None:
    common = [figure.get_supxlabel(), figure.get_supylabel()]
    for axes in figure.axes:
        along, up = axes.get_xlabel() or common[0], axes.get_ylabel() or common[1]
        assert up if axes.get_label() == "<colorbar>" else along and up


def test_text_lies_within_the_figure_and_legends_cover_no_panel(figure: Figure) -> None:
    page = figure.bbox
    boxes = [axes.get_window_extent() for axes in panels(figure)]
    legends = [*figure.legends, *(legend for axes in figure.axes if (legend := axes.get_legend()))]
    for legend in legends:
        extent = legend.get_window_extent()
        assert not any(extent.overlaps(box) for box in boxes)
        assert page.x0 <= extent.x0 and extent.x1 <= page.x1 and extent.y1 <= page.y1
    for axes in figure.axes:
        for text in (axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label):  # type: ignore[attr-defined]
            extent = text.get_window_extent()
            assert not text.get_text() or (page.x0 <= extent.x0 and extent.x1 <= page.x1 and extent.y1 <= page.y1 + 1)


@pytest.mark.parametrize("name", catalogue())
def test_equal_inputs_give_equal_bytes_also_in_another_process(
    name: str, one_experiment: Manifest, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    render(name, inputs_of(name, one_experiment), STYLE, first / "a.png", first / "a.svg")
    if name == "landscape_surface":
        run_script(name, one_experiment, second, tmp_path)
    else:
        render(name, inputs_of(name, one_experiment), STYLE, second / "a.png", second / "a.svg")
    for form in ("png", "svg"):
        assert (first / f"a.{form}").read_bytes() == (second / f"a.{form}").read_bytes()
    assert b"Software" not in (first / "a.png").read_bytes()
    assert b"dc:date" not in (first / "a.svg").read_bytes()


def run_script(name: str, manifest: Manifest, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({need: manifest[need] for need in catalogue()[name].needs}))
    parameters = figure_data.parameters()
    sections = {
        "figures": parameters.figures.model_dump(),
        "statistics": parameters.statistics.model_dump(exclude={"resamples", "seed"}),
    }
    arguments = ["--figure", name, "--parameters", json.dumps(sections), "--manifest", str(tmp_path / "manifest.json")]
    outputs = ["--png", str(folder / "a.png"), "--svg", str(folder / "a.svg")]
    subprocess.run([sys.executable, "scripts/draw_figure.py", *arguments, *outputs], cwd=ROOT, check=True)


def test_a_user_setting_of_matplotlib_changes_nothing(manifest: Manifest, tmp_path: Path) -> None:
    import matplotlib

    render("active_units", inputs_of("active_units", manifest), STYLE, tmp_path / "a.png", tmp_path / "a.svg")
    with matplotlib.rc_context({"lines.linewidth": 9, "axes.facecolor": "pink", "image.cmap": "jet"}):
        render("active_units", inputs_of("active_units", manifest), STYLE, tmp_path / "b.png", tmp_path / "b.svg")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_parameters_set_colours_sizes_and_resolution(manifest: Manifest, tmp_path: Path) -> None:
    look = {"colours": ["#123456"], "font_size": 13, "panel_width": 5.0, "dpi": 60}
    style = Style.model_validate({**STYLE.model_dump(), **look})
    figure = drawn("sparsity", manifest, style)
    assert figure.get_figwidth() == pytest.approx(15)
    assert {line.get_color() for axes in panels(figure) for line in axes.get_lines() if line.get_marker() == "o"} == {
        "#123456"
    }
    assert panels(figure)[0].xaxis.label.get_size() == 13
    render("sparsity", inputs_of("sparsity", manifest), style, tmp_path / "a.png", tmp_path / "a.svg")
    assert int.from_bytes((tmp_path / "a.png").read_bytes()[16:20], "big") == 15 * 60


def test_lines_are_means_and_bands_are_t_intervals_over_seeds(manifest: Manifest) -> None:
    axes = panels(drawn("training_curves", manifest))[0]
    study = read_dataset(Path(manifest["study"][0]["study"]))
    accuracy = study["train_accuracy"].isel(run=0).values
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), accuracy.mean(axis=0))
    np.testing.assert_allclose(axes.get_lines()[0].get_xdata(), study["step_epoch"].isel(run=0))
    expected = stats.t.interval(0.95, 3, loc=accuracy.mean(axis=0), scale=stats.sem(accuracy, axis=0))
    corners = axes.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose([corners[:, 1].min(), corners[:, 1].max()], [expected[0].min(), expected[1].max()])


def test_emergence_is_drawn_at_the_reference_threshold_and_criterion(manifest: Manifest) -> None:
    style = Style.model_validate({**STYLE.model_dump(), "reference_threshold": 0.2, "reference_criterion": "any"})
    axes = panels(drawn("emergence_over_training", manifest, style))[0]
    emergence = read_dataset(Path(manifest["study"][0]["study"]))["emergence"].isel(run=0)
    expected = emergence.sel(threshold=0.2, criterion="any").mean("seed")
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), expected)


def test_points_compare_emergence_at_the_start_of_an_epoch_with_the_improvement_during_it(manifest: Manifest) -> None:
    axes = panels(drawn("emergence_against_improvement", manifest))[0]
    study = read_dataset(Path(manifest["study"][0]["study"])).isel(run=0).sel(threshold=0.05, criterion="mean")
    points = [
        (
            float(study["emergence"].sel(seed=seed, step=f"ep{epoch}")),
            100 * float(study["train_accuracy"].sel(seed=seed, step=f"ep{epoch + 1}"))
            - 100 * float(study["train_accuracy"].sel(seed=seed, step=f"ep{epoch}")),
        )
        for seed in range(4)
        for epoch in range(4)
    ]
    np.testing.assert_allclose(axes.collections[0].get_offsets(), points)


def test_the_correlation_above_a_panel_is_that_of_the_claim(manifest: Manifest) -> None:
    found = json.loads(Path(manifest["claims"][0]["claims"]).read_text())["C1"]["experiments"]["digits/mlp"]
    title = panels(drawn("emergence_against_improvement", manifest))[0].get_title(loc="left")
    assert title == (
        f"digits, mlp\nρ = {found['estimate']:.2f} [{found['interval_low']:.2f}, {found['interval_high']:.2f}], 4 seeds"
    )


def test_convergence_over_sparsity_is_counted_as_the_claim_counts_it(manifest: Manifest) -> None:
    axes = panels(drawn("sparsity", manifest))[1]
    study = read_dataset(Path(manifest["study"][0]["study"]))
    accuracy, epochs = study["validation_accuracy"].values, study["step_epoch"].values[0]
    times = []
    for seed in range(4):
        goal = 0.95 * accuracy[0, seed, -1]
        after = next(place for place, value in enumerate(accuracy[1, seed]) if value >= goal)
        start, end = accuracy[1, seed, after - 1], accuracy[1, seed, after]
        times.append(epochs[after - 1] + (goal - start) / (end - start) * (epochs[after] - epochs[after - 1]))
    sparsity, shown = axes.get_lines()[0].get_data()
    assert list(sparsity) == pytest.approx([0, 50, 90])
    assert shown[1] == pytest.approx(np.mean(times))


@pytest.mark.parametrize("name", catalogue())
def test_figures_hold_for_a_study_without_pruning_and_with_emergence_gone(name: str, tmp_path: Path) -> None:
    manifest = figure_data.write_results(tmp_path, experiments=figure_data.TWO[:1], variants=[("dense", 0.0)], **SMALL)
    study = read_dataset(tmp_path / "study.nc").load()
    study["emergence"][:] = 0
    study["relative_emergence"][:] = 0
    study.to_netcdf(tmp_path / "study.nc")
    figure = drawn(name, manifest)
    assert all(np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all() for axes in figure.axes)


def test_methods_of_pruning_are_told_apart(tmp_path: Path) -> None:
    variants = [("dense", 0.0), ("global_magnitude", 0.5), ("random", 0.5), ("random", 0.9)]
    manifest = figure_data.write_results(tmp_path, figure_data.TWO[:1], variants, **SMALL)
    labels = [text.get_text() for text in drawn("training_curves", manifest).legends[0].get_texts()]
    assert labels == ["dense", "50 % global_magnitude", "50 % random", "90 % random"]
    methods = [text.get_text() for text in drawn("sparsity", manifest).legends[0].get_texts()]
    assert methods == ["global_magnitude", "random"]


def test_blocks_of_seeds_join_to_one_run(manifest: Manifest) -> None:
    whole = read_dataset(Path(manifest["emergence"][0]["emergence"]))
    parts = [
        (MLP, Variant("dense", 0.0), whole.isel(seed=slice(2, 4))),
        (MLP, Variant("dense", 0.0), whole.isel(seed=slice(2))),
    ]
    assert dense(join_blocks(parts)[MLP]).equals(whole)


def test_steps_and_seeds_that_a_run_lacks_are_left_out(tmp_path: Path) -> None:
    manifest = figure_data.write_results(tmp_path, variants=VARIANTS, **SMALL)
    study = read_dataset(tmp_path / "study.nc")
    for name in ("train_accuracy", "step_epoch"):
        study[name].loc[{"run": study["run"][1], "step": "ep4"}] = np.nan
    study["train_accuracy"].loc[{"run": study["run"][1], "seed": 3}] = np.nan
    study.to_netcdf(tmp_path / "study.nc")
    runs = read_inputs({"study": manifest["study"]}).study[MLP]
    assert [run.sizes["step"] for run in runs.values()] == [9, 8, 9]
    assert [run.sizes["seed"] for run in runs.values()] == [4, 3, 4]


def test_a_misspelt_figure_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'sparsity'"):
        render("sparsty", Inputs(), STYLE, tmp_path / "a.png", tmp_path / "a.svg")
