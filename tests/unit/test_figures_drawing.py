"""The look of all figures, and what their files depend on."""

import re
from itertools import pairwise
from pathlib import Path
from typing import get_args

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.core.runs import UNVARIED, Variant
from emergence.drawing.inputs import Inputs, Runs, dense, split_study
from emergence.drawing.render import render
from emergence.drawing.style import Style
from emergence.figures import catalogue
from emergence.parameters.figures import FontFamily
from emergence.statistics.skills import LANGUAGE
from emergence.study.table import ESTIMATION
from tests import figure_data
from tests.figure_drawing import SMALL, STYLE, VARIANTS, Manifest, drawn, inputs_of, panels, shown_ticks
from tests.job_files import do, job_file
from tests.sampling import one_in

ROOT = Path(__file__).parents[2]
COARSE = STYLE.model_copy(update={"dpi": 50})
FORMS = ("png", "svg", "pdf")


@pytest.fixture(scope="module")
def one_experiment(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return figure_data.write_results(tmp_path_factory.mktemp("results"), figure_data.TWO[:1], VARIANTS[:2], **SMALL)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return figure_data.write_results(tmp_path_factory.mktemp("results"), variants=VARIANTS, **SMALL)


@pytest.fixture(scope="module", params=catalogue())
def figure(request: pytest.FixtureRequest, manifest: Manifest) -> Figure:
    return drawn(request.param, manifest)


def test_every_axis_says_what_it_shows(figure: Figure) -> None:
    common = [figure.get_supxlabel(), figure.get_supylabel()]
    for axes in figure.axes:
        if axes.axison:
            along, up = axes.get_xlabel() or common[0], axes.get_ylabel() or common[1] or names_rows(axes)
            assert up if axes.get_label() == "<colorbar>" else along and up


def names_rows(axes: Axes) -> bool:
    """Whether the rows of a panel have names, beside it or beside a panel that it shares the axis with."""
    panels = axes.get_shared_y_axes().get_siblings(axes)
    labels = [label.get_text() for panel in panels for label in panel.get_yticklabels()]
    return any(label.strip("-\N{MINUS SIGN}.0123456789") for label in labels)


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


def test_logarithmic_axes_have_ticks_to_read_them_by(figure: Figure) -> None:
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() != "linear":
                assert 2 <= len(shown_ticks(axis)) <= 8
                boxes = [label.get_window_extent() for label in axis.get_majorticklabels() if label.get_text()]
                assert not any(first.overlaps(second) for first, second in pairwise(boxes))


@pytest.mark.parametrize("name", ["landscape_contour", "landscape_surface"])
def test_titles_lie_within_a_figure_of_one_row(name: str, one_experiment: Manifest) -> None:
    figure = drawn(name, one_experiment)
    for axes in panels(figure):
        for title in (axes.title, axes._left_title):  # type: ignore[attr-defined]
            assert not title.get_text() or title.get_window_extent().ymax <= figure.bbox.ymax


@pytest.mark.parametrize("name", one_in(12, sorted(catalogue(), key="landscape_surface".__ne__)))
def test_equal_inputs_give_equal_bytes_also_in_another_process(
    name: str, one_experiment: Manifest, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    forms = (*FORMS, "gif") if catalogue()[name].animated else FORMS
    if name == "landscape_surface":
        run_script(name, one_experiment, second, tmp_path)
    else:
        render(name, inputs_of(name, one_experiment), COARSE, *(second / f"a.{form}" for form in forms))
    render(name, inputs_of(name, one_experiment), COARSE, *(first / f"a.{form}" for form in forms))
    for form in forms:
        assert (first / f"a.{form}").read_bytes() == (second / f"a.{form}").read_bytes()
    assert b"Software" not in (first / "a.png").read_bytes()
    assert b"dc:date" not in (first / "a.svg").read_bytes()
    assert b"Date" not in (first / "a.pdf").read_bytes()


@pytest.mark.parametrize("family", get_args(FontFamily))
def test_pdf_figures_hold_the_typeface_of_the_parameters_as_text(
    family: str, manifest: Manifest, tmp_path: Path
) -> None:
    style = Style.model_validate({**COARSE.model_dump(), "font_family": family})
    render("sparsity", inputs_of("sparsity", manifest), style, tmp_path / "a.pdf")
    document = (tmp_path / "a.pdf").read_bytes()
    fonts = set(re.findall(rb"/BaseFont /(?:[A-Z]{6}\+)?([\w-]+)", document))
    assert {font.partition(b"-")[0].decode() for font in fonts} == {family.replace(" ", "")}
    assert document.count(b"/FontFile2 ") == len(fonts)
    assert b"/Type3" not in document


def run_script(name: str, manifest: Manifest, folder: Path, tmp_path: Path) -> None:
    parameters = figure_data.parameters()
    settings = {
        "figures": parameters.figures.model_dump() | {"dpi": COARSE.dpi},
        "statistics": parameters.statistics.model_dump(exclude=set(ESTIMATION.without)),
        "ruggedness": parameters.ruggedness.model_dump(),
    }
    inputs = {need: manifest[need] for need in catalogue()[name].needs}
    outputs = {form: folder / f"a.{form}" for form in FORMS}
    do(job_file(tmp_path / "job.json", "draw_figure", inputs, outputs, name=name, settings=settings))


def test_a_user_setting_of_matplotlib_changes_nothing(manifest: Manifest, tmp_path: Path) -> None:
    render("active_units", inputs_of("active_units", manifest), COARSE, tmp_path / "a.png", tmp_path / "a.svg")
    with matplotlib.rc_context({"lines.linewidth": 9, "axes.facecolor": "pink", "image.cmap": "jet"}):
        render("active_units", inputs_of("active_units", manifest), COARSE, tmp_path / "b.png", tmp_path / "b.svg")
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


def test_networks_with_other_sites_have_a_legend_of_their_own(manifest: Manifest) -> None:
    figure = drawn("active_units", manifest)
    found = {legend.get_title().get_text(): len(legend.get_texts()) for legend in figure.legends}
    assert found == {"site of mlp": 3, "site of cnn": 5}
    assert len({str(line.get_color()) for line in figure.legends[1].get_lines()}) == 5


@pytest.mark.parametrize(
    "name", one_in(4, (name for name, entry in catalogue().items() if "densities" not in entry.needs))
)
def test_figures_hold_for_a_study_without_pruning_and_with_emergence_gone(name: str, one_experiment: Manifest) -> None:
    inputs = inputs_of(name, one_experiment)
    gone = {"emergence": 0.0, "relative_emergence": 0.0}

    def only_dense(runs: Runs) -> Runs:
        return {
            experiment: {
                Variant("dense", 0.0): dense(of_variant).assign(
                    {key: value * dense(of_variant)[key] for key, value in gone.items() if key in dense(of_variant)}
                )
            }
            for experiment, of_variant in runs.items()
        }

    study, analyses, cells = map(only_dense, (inputs.study, inputs.analyses, inputs.cells))
    varied = {experiment: {UNVARIED: dense(of_variant)} for experiment, of_variant in cells.items()}
    figure = drawn(name, Inputs(study, analyses, inputs.claims, cells, varied, inputs.conclusions))
    assert all(np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all() for axes in figure.axes)


def test_networks_on_random_words_are_left_out_of_what_is_known_of_a_language(manifest: Manifest) -> None:
    inputs = inputs_of("order_parameters", manifest)
    learning, control = inputs.study
    known = {name: run.assign(random_answers=1.0) for name, run in inputs.study[control].items()}
    without = drawn("order_parameters", Inputs({**inputs.study, control: known}))
    titles = [axes.get_title("left") for axes in panels(without) if axes.has_data()]
    assert titles == [str(learning), f"{learning}\nanswers to prompts"]


def test_a_scoreboard_names_the_transitions_of_every_testbed_in_one_row(manifest: Manifest) -> None:
    of_parities = inputs_of("scoreboard", manifest).conclusions["scoreboard"]
    of_language = of_parities.assign_coords(
        skill=list(LANGUAGE), experiment=[f"sentences{place}/t" for place in range(of_parities.sizes["experiment"])]
    )
    both = xr.concat([of_parities, of_language], "experiment", join="outer")
    table, *_ = panels(drawn("scoreboard", Inputs(conclusions={"scoreboard": both})))
    experiments = of_parities.sizes["experiment"]
    named = [label.get_text() for label in table.get_xticklabels()]
    assert sorted(named) == sorted([*of_parities["skill"].values.tolist() * experiments, *list(LANGUAGE) * experiments])


def test_methods_of_pruning_are_told_apart() -> None:
    variants = [("dense", 0.0), ("global_magnitude", 0.5), ("random", 0.5), ("random", 0.9)]
    run = {"dataset": "digits", "network": "mlp", "seeds": [0, 1, 2]}
    runs = [
        {**run, "method": method, "sparsity": sparsity, "retraining": figure_data.RETRAINING if sparsity else "none"}
        for method, sparsity in variants
    ]
    cells = split_study(figure_data.make_study(runs, epochs=2))
    inputs = Inputs(cells, cells=cells)
    labels = [text.get_text() for text in drawn("training_curves", inputs).legends[0].get_texts()]
    assert labels == ["dense", "50 % global_magnitude", "50 % random", "90 % random"]
    methods = [text.get_text() for text in drawn("sparsity", inputs).legends[0].get_texts()]
    assert methods == ["global_magnitude", "random"]


def test_a_misspelt_figure_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'sparsity'"):
        render("sparsty", Inputs(), STYLE, tmp_path / "a.png", tmp_path / "a.svg")
