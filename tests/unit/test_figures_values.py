"""The numbers that figures show, read back from the drawn objects."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.scale import SymmetricalLogTransform
from scipy import stats

from emergence.core.runs import Run, Variant, Variation
from emergence.core.storage import read_dataset
from emergence.drawing.bands import describe_correlation, describe_slope
from emergence.drawing.inputs import Inputs, dense, join_blocks, split_study
from emergence.figures.landscape_ruggedness_against_emergence import APART
from emergence.statistics.convergence import convergence
from emergence.statistics.estimate import mean_interval
from emergence.statistics.stopping_rules import RULES
from tests import figure_data
from tests.figure_drawing import MLP, SMALL, STYLE, VARIANTS, Manifest, drawn, inputs_of, panels, shown_ticks


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return figure_data.write_results(tmp_path_factory.mktemp("results"), figure_data.TWO[:1], VARIANTS, **SMALL)


def study_of(manifest: Manifest) -> xr.Dataset:
    return read_dataset(Path(manifest["study"][0]["study"]))


def t_interval(values: np.ndarray) -> np.ndarray:
    """The ends of the interval over the first axis, by scipy alone."""
    return np.array(stats.t.interval(0.95, len(values) - 1, loc=values.mean(axis=0), scale=stats.sem(values, axis=0)))


def test_lines_of_shares_are_means_and_bands_are_t_intervals_over_seeds(manifest: Manifest) -> None:
    axes = panels(drawn("training_curves", manifest))[0]
    study = study_of(manifest)
    accuracy = study["train_accuracy"].isel(run=0).values
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), accuracy.mean(axis=0))
    np.testing.assert_allclose(axes.get_lines()[0].get_xdata(), study["step_epoch"].isel(run=0))
    np.testing.assert_allclose(ends_of_band(axes, 0), np.clip(t_interval(accuracy), 0, 1))


def test_lines_of_losses_are_geometric_means_and_bands_are_t_intervals_of_the_logarithm(manifest: Manifest) -> None:
    axes = panels(drawn("training_curves", manifest))[2]
    loss = study_of(manifest)["train_loss"].isel(run=0).values
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), stats.gmean(loss, axis=0))
    expected = np.exp(t_interval(np.log(loss)))
    np.testing.assert_allclose(ends_of_band(axes, 0), expected)
    assert axes.get_yscale() == "log" and axes.get_ylim()[0] < expected[0].min()


def test_losses_on_the_line_are_geometric_means_with_their_range(manifest: Manifest) -> None:
    loss, accuracy = panels(drawn("landscape_line", manifest))[:2]
    data = read_dataset(Path(manifest["landscape"][0]["landscape"]))
    for axes, values, mean in ((loss, data["line_loss"], stats.gmean), (accuracy, data["line_accuracy"], np.mean)):
        np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), mean(values.values, axis=0))
        np.testing.assert_allclose(ends_of_band(axes, 0), [values.min("seed"), values.max("seed")])


def test_emergence_of_zero_and_bands_that_reach_it_have_a_place_on_the_axis(manifest: Manifest) -> None:
    study = study_of(manifest).load()
    for name in ("emergence", "relative_emergence"):
        study[name].loc[{"run": study["run"][0], "seed": [1, 2]}] = 0
    cells = split_study(study)
    run, shown = STYLE.at_reference(dense(cells[MLP])), panels(drawn("emergence_over_training", Inputs(cells)))
    for axes, name, smallest in zip(shown, ("emergence", "relative_emergence"), (1, 1 / 7000), strict=True):
        values = run[name].values
        np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), values.mean(axis=0))
        expected = t_interval(values)
        assert (expected[0] < 0).all()
        low, high = ends_of_band(axes, 0)
        assert (low == 0).all()
        np.testing.assert_allclose(high, expected[1])
        scale = axes.yaxis.get_transform()
        assert isinstance(scale, SymmetricalLogTransform) and scale.linthresh == pytest.approx(smallest)
        assert axes.get_ylim()[0] < 0 < high.max() < axes.get_ylim()[1]
        assert "0" in shown_ticks(axes.yaxis)


def ends_of_band(axes: Axes, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends, in the order of positions, of one of the bands of a panel."""
    corners = axes.collections[place].get_paths()[0].vertices
    positions = np.unique(corners[:, 0])
    ends = [corners[corners[:, 0] == position, 1] for position in positions]
    return np.array([end.min() for end in ends]), np.array([end.max() for end in ends])


def test_points_compare_emergence_at_the_start_of_an_epoch_with_the_improvement_during_it(manifest: Manifest) -> None:
    axes = panels(drawn("emergence_against_improvement", manifest))[0]
    study = STYLE.at_reference(study_of(manifest).isel(run=0)).sel(
        through="all", samples="probe", step=[f"ep{n}" for n in range(5)]
    )
    change = 100 * np.diff(study["train_accuracy"])
    points = np.column_stack([study["emergence"][:, :-1].values.ravel(), change.ravel()])
    np.testing.assert_allclose(axes.collections[0].get_offsets(), points)
    found = claim_of(manifest, "C1", "correlation")
    assert axes.get_title(loc="left") == f"digits, mlp\n{describe_correlation(found)}"
    assert "4 distinct values in a run of 4 epochs" in axes.get_xlabel()


def claim_of(manifest: Manifest, claim: str, quantity: str) -> dict[str, Any]:
    """What a claim found of a quantity in the first experiment."""
    entry = json.loads(Path(manifest["claims"][0]["claims"]).read_text())[claim]
    found: dict[str, Any] = entry["further"].get(quantity, entry)["experiments"]["digits/mlp"]
    return found


def test_the_number_of_distinct_values_of_emergence_in_a_run_is_told(manifest: Manifest) -> None:
    study = study_of(manifest).load()
    study["emergence"].loc[{"run": study["run"][0], "seed": 1}] = 7.0
    axes = panels(drawn("emergence_against_improvement", Inputs(split_study(study))))[0]
    assert "1 to 4 distinct values in a run of 4 epochs" in axes.get_xlabel()


def test_residuals_given_the_epoch_have_the_correlation_that_stands_above_them(manifest: Manifest) -> None:
    study = study_of(manifest).load()
    random = np.random.default_rng(0)
    study["emergence"] = study["emergence"] * random.lognormal(0, 1, study["emergence"].shape)
    study["train_accuracy"] = study["train_accuracy"].copy(data=random.uniform(size=study["train_accuracy"].shape))
    axes = panels(drawn("emergence_against_improvement", Inputs(split_study(study))))[1]
    points = np.asarray(axes.collections[0].get_offsets()).reshape(4, 4, 2)
    at = STYLE.at_reference(study.isel(run=0)).sel(through="all", samples="probe", step=[f"ep{n}" for n in range(5)])
    epoch = np.arange(4.0)
    for seed, shown in enumerate(points):
        for side, values in enumerate((at["emergence"].values[seed, :-1], np.diff(at["train_accuracy"].values[seed]))):
            ranks = stats.rankdata(values)
            fit = stats.linregress(epoch, ranks)
            np.testing.assert_allclose(shown[:, side], ranks - fit.intercept - fit.slope * epoch, atol=1e-9)
    varying = [shown for shown in points if np.ptp(shown, axis=0).min() > 1e-9]
    mean = np.mean([stats.pearsonr(*shown.T).statistic for shown in varying])
    assert f"ρ = {mean:.2f}".replace("-", "\N{MINUS SIGN}") in axes.get_title(loc="left")


def test_convergence_over_sparsity_is_counted_as_the_claim_counts_it(manifest: Manifest) -> None:
    axes = panels(drawn("sparsity", manifest))[1]
    study = study_of(manifest)
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


RETRAININGS = ("original_initialisation", "rewind", "fine_tune")


def retrained(methods: tuple[str, ...], epochs: int = 6) -> Inputs:
    """A study of networks pruned by these methods to two sparsities and trained again in three ways."""
    run = {"dataset": "digits", "network": "mlp", "seeds": [0, 1, 2]}
    pruned = [
        {**run, "method": method, "sparsity": sparsity, "retraining": retraining}
        for method in methods
        for sparsity in (0.5, 0.9)
        for retraining in RETRAININGS
    ]
    cells = split_study(
        figure_data.make_study([{**run, "method": "dense", "sparsity": 0.0, "retraining": "none"}, *pruned], epochs)
    )
    return Inputs(cells, cells=cells)


def test_relative_emergence_before_retraining_meets_the_epochs_to_convergence_of_the_same_runs() -> None:
    inputs = retrained(("global_magnitude", "random"))
    (axes,) = panels(drawn("emergence_against_convergence", inputs))
    runs = inputs.cells[MLP]
    expected = []
    for variant, run in runs.items():
        if variant.sparsity:
            at = run.sel(criterion="mean", threshold=0.05)
            times = convergence(run, dense(runs), 0.95)
            expected.append((float(at["relative_emergence"].sel(step="ep0").mean("seed")), times.mean()))
    found = [line.get_xydata()[0] for line in axes.get_lines()]
    np.testing.assert_allclose(sorted(map(tuple, found)), sorted(expected))
    assert len({line.get_marker() for line in axes.get_lines()}) == 2
    assert len({str(line.get_color()) for line in axes.get_lines()}) == 2


def test_points_with_a_run_that_never_converges_are_hollow() -> None:
    inputs = retrained(("global_magnitude",))
    runs = inputs.cells[MLP]
    late = runs[Variant("global_magnitude", 0.5, "rewind")]
    late["validation_accuracy"].loc[{"seed": 1}] = 0.1
    expected = [
        float(run.pipe(STYLE.at_reference)["relative_emergence"].isel(step=0).mean())
        for variant, run in runs.items()
        if variant.sparsity and (convergence(run, dense(runs), 0.95) == 7).any()
    ]
    lines = panels(drawn("emergence_against_convergence", inputs))[0].get_lines()
    hollow = [line.get_xydata()[0, 0] for line in lines if line.get_markerfacecolor() == "white"]
    assert sorted(hollow) == pytest.approx(sorted(expected)) and len(hollow) < len(lines)
    assert len({line.get_marker() for line in lines}) == len(RETRAININGS)


def test_each_way_of_training_again_has_a_line_from_the_dense_network_on() -> None:
    inputs = retrained(("global_magnitude", "random"))
    figure = drawn("retraining", inputs)
    accuracy, times = panels(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == sorted(RETRAININGS)
    runs = inputs.cells[MLP]
    for place, retraining in enumerate(sorted(RETRAININGS)):
        line = [dense(runs), *(runs[Variant("global_magnitude", sparsity, retraining)] for sparsity in (0.5, 0.9))]
        final = [float(run["test_accuracy"].isel(step=-1).mean()) for run in line]
        epochs = [convergence(run, dense(runs), 0.95).mean() for run in line]
        shift = 1.35 * (place - 1)
        shown = [axes.get_lines()[3 * place] for axes in (accuracy, times)]
        for drawn_line, values in zip(shown, (final, epochs), strict=True):
            np.testing.assert_allclose(drawn_line.get_xdata(orig=False), [0, 50 + shift, 90 + shift])
            np.testing.assert_allclose(drawn_line.get_ydata(orig=False), values)


def test_blocks_of_seeds_join_to_one_run(manifest: Manifest) -> None:
    whole = read_dataset(Path(manifest["emergence"][0]["emergence"]))
    parts = [(Run(*MLP, "dense", 0.0), whole.isel(seed=part)) for part in (slice(2, 4), slice(2))]
    assert dense(join_blocks(parts)[MLP]).equals(whole)


def test_steps_and_seeds_that_a_run_lacks_are_left_out(manifest: Manifest) -> None:
    study = study_of(manifest).load()
    for name in ("train_accuracy", "step_epoch"):
        study[name].loc[{"run": study["run"][1], "step": "ep4"}] = np.nan
    study["train_accuracy"].loc[{"run": study["run"][1], "seed": 3}] = np.nan
    runs = split_study(study)[MLP]
    assert [run.sizes["step"] for run in runs.values()] == [9, 8, 9]
    assert [run.sizes["seed"] for run in runs.values()] == [4, 3, 4]


def test_networks_varied_on_purpose_have_the_correlations_within_strata_of_the_claim(tmp_path: Path) -> None:
    methods = ("global_magnitude", "random_weights", "most_emergence", "least_emergence")
    variants = [("dense", 0.0), *((method, sparsity) for method in methods for sparsity in (0.5, 0.9))]
    manifest = figure_data.write_results(tmp_path, figure_data.TWO[:1], variants, seeds=3, epochs=3, points=5)
    figure = drawn("landscape_ruggedness_against_emergence", manifest)
    for axes, quantity in zip(panels(figure), ("ruggedness", "concentration"), strict=False):
        shown = np.concatenate([points.get_offsets() for points in axes.collections])
        assert axes.get_title(loc="left") == f"digits, mlp\n{describe_correlation(claim_of(manifest, 'C6', quantity))}"
        assert "rank in its stratum" in axes.get_xlabel() and "rank in its stratum" in axes.get_ylabel()
        assert len(shown) >= 2 * 2 * 3 * 3
        np.testing.assert_allclose(shown.mean(axis=0), 0, atol=APART)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0 %", "50 %", "90 %"]
    assert [text.get_text() for text in figure.legends[1].get_texts()] == ["ep0", "ep3"]


def test_masks_are_shown_layer_by_layer_as_they_are_and_in_effect(manifest: Manifest) -> None:
    (axes,) = panels(drawn("mask_density", manifest))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["linear1", "linear2", "output"]
    for place, entry in enumerate(manifest["densities"]):
        masks = read_dataset(Path(entry["densities"]))
        for line, name in zip(axes.get_lines()[2 * place :], ("density", "effective_density"), strict=False):
            np.testing.assert_allclose(line.get_ydata(), 100 * masks[name].mean("seed"))
    assert len(axes.get_lines()) == 2 * len(manifest["densities"]) == 4


@pytest.mark.parametrize(("start", "step"), [("ep1", 5), ("last", -1), ("new", None)])
def test_emergence_before_pruning_is_that_of_the_dense_network_at_the_same_weights(
    start: str, step: int | None
) -> None:
    inputs = retrained(("global_magnitude", "random"))
    runs = inputs.cells[MLP]
    runs[Variant("gradual", 0.5, "none")] = runs[Variant("random", 0.5, "rewind")].assign_coords(retraining="none")
    style = STYLE.model_copy(update={"reference_start": start, "reference_retraining": "rewind"})
    before, after = panels(drawn("emergence_before_and_after_pruning", inputs, style))
    of_dense = dense(runs)["emergence"].sel(criterion="mean", threshold=0.05).mean("seed").values
    magnitude, during, chance = (line.get_ydata() for line in before.get_lines()[::3])
    assert magnitude[0] == pytest.approx(np.nan if step is None else of_dense[step], nan_ok=True)
    assert np.isnan(during[1]) and not np.isnan([magnitude[1:], chance[1:]]).any()
    for lines, place in ((before.get_lines()[::3], 0), (after.get_lines()[::3], -1)):
        for method, line in (("global_magnitude", lines[0]), ("random", lines[2])):
            pruned = [runs[Variant(method, s, "rewind")].sel(criterion="mean", threshold=0.05) for s in (0.5, 0.9)]
            expected = [float(run["emergence"].isel(step=place).mean()) for run in pruned]
            np.testing.assert_allclose(line.get_ydata()[1:], expected)
    assert after.get_lines()[0].get_ydata()[0] == pytest.approx(of_dense[-1])
    assert before.get_ylim() == after.get_ylim()


def test_winning_tickets_are_filled_points_at_the_emergence_that_they_start_from() -> None:
    inputs = retrained(("global_magnitude", "random"))
    runs = inputs.cells[MLP]
    final = runs[Variant("random", 0.9, "rewind")]["test_accuracy"]
    final.loc[{"step": "ep6"}] = dense(runs)["test_accuracy"].sel(step="ep6") + np.array([0.01, -0.5, 0.0])
    shown = {True: np.empty((0, 2)), False: np.empty((0, 2))}
    axes, relative = panels(drawn("winning_tickets", inputs))
    for line in axes.get_lines():
        if len(line.get_xdata()) and line.get_marker() != "None":
            filled = line.get_markerfacecolor() != "white"
            shown[filled] = np.concatenate([shown[filled], line.get_xydata()])
    of_dense = dense(runs)["test_accuracy"].isel(step=-1)
    missed = float(of_dense.std("seed", ddof=1))
    expected: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for variant, run in runs.items():
        if variant.retraining in ("original_initialisation", "rewind"):
            gap = run["test_accuracy"].isel(step=-1) - of_dense
            start = run["emergence"].sel(criterion="mean", threshold=0.05).isel(step=0)
            for seed in range(3):
                expected[bool(gap[seed] >= -missed)].append((float(start[seed]), 100 * float(gap[seed])))
    for won in (True, False):
        np.testing.assert_allclose(sorted(map(tuple, shown[won])), sorted(expected[won]), atol=1e-9)
        assert expected[won]
    dashed = [line for line in axes.get_lines() if line.get_linestyle() == "--"]
    assert dashed[0].get_ydata()[0] == pytest.approx(-100 * missed, abs=1e-3)
    assert len(relative.get_lines()) == len(axes.get_lines())


def test_initialisations_are_points_at_their_emergence_before_training_and_what_became_of_them(
    manifest: Manifest,
) -> None:
    inputs = inputs_of("emergence_at_start", manifest)
    performance, trainability = panels(drawn("emergence_at_start", manifest))
    scaled = inputs.varied[MLP][Variation(alpha=4.0)]
    start = STYLE.at_reference(scaled).isel(step=0)["emergence"].values
    points = [line.get_xydata() for line in performance.get_lines() if line.get_marker() == "o"]
    of_seeds = np.column_stack([start, scaled["test_accuracy"].isel(step=-1).values])
    assert any(np.array_equal(found, of_seeds) for found in points)
    assert any(np.allclose(found, of_seeds.mean(axis=0)[None]) for found in points)
    claim = inputs.claims["C2"]
    for axes, entry in ((performance, claim), (trainability, claim["further"]["trainability"])):
        assert describe_correlation(entry["experiments"]["digits/mlp"]) in axes.get_title(loc="left")


def test_differences_of_networks_held_back_are_taken_seed_by_seed(manifest: Manifest) -> None:
    inputs = inputs_of("inhibition", manifest)
    accuracy, emergence, answers = panels(drawn("inhibition", manifest))[:3]
    usual, held = (inputs.varied[MLP][Variation(inhibition=way)] for way in ("", "penalty"))
    for axes, name, scale in ((accuracy, "test_accuracy", 100), (answers, "monosemanticity", 1)):
        mean, low, high = mean_interval(scale * (held[name] - usual[name]).isel(step=-1).values, 0.95)
        written = f"penalty: {mean:+.2f} [{low:+.2f}, {high:+.2f}]".replace("-", "\N{MINUS SIGN}")
        assert written in axes.get_title(loc="left")
    for axes in (accuracy, emergence, answers):
        assert len(axes.get_lines()) == 3
    shown = accuracy.get_lines()[1].get_ydata()
    np.testing.assert_allclose(shown, held["test_accuracy"].mean("seed"))


def test_networks_of_all_sizes_are_points_at_their_parameters_and_emergence(manifest: Manifest) -> None:
    inputs = inputs_of("emergence_against_size", manifest)
    before, after, share = panels(drawn("emergence_against_size", manifest))
    sizes = [run for variation, run in inputs.varied[MLP].items() if variation.alpha == 1 and not variation.inhibition]
    assert len(sizes) == 5
    for axes, name, step in ((before, "emergence", 0), (after, "emergence", -1), (share, "normalised_emergence", 0)):
        expected = [
            (
                float(run["nonzero_parameters"].max()),
                float(np.exp(np.log(STYLE.at_reference(run)[name].isel(step=step)).mean())),
            )
            for run in sizes
        ]
        shown = [bars.lines[0].get_xydata()[0] for bars in axes.containers[: len(sizes)]]
        assert np.allclose(shown, expected)
    assert describe_slope(inputs.claims["C7"]["experiments"]["digits/mlp"]) in before.get_title(loc="left")


def test_complexity_over_training_stands_with_the_early_change_that_decides(manifest: Manifest) -> None:
    axes = panels(drawn("effective_complexity", manifest))[0]
    found = json.loads(Path(manifest["claims"][0]["claims"]).read_text())["C8"]["experiments"]["digits/mlp"]
    assert f"early change {found['estimate']:+.2f}".replace("-", "\N{MINUS SIGN}") in axes.get_title(loc="left")
    expected = study_of(manifest)["effective_complexity"].isel(run=0).mean("seed")
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), expected)


def test_stopping_rules_stand_side_by_side_over_the_tolerated_loss(manifest: Manifest) -> None:
    saved, lost = panels(drawn("stopping", manifest))
    found = read_dataset(Path(manifest["stopping"][0]["stopping"])).isel(experiment=0)
    for axes, name, unit in ((saved, "epochs_saved", 100 / float(found["epochs"])), (lost, "accuracy_lost", 100)):
        for place, rule in enumerate(RULES):
            drawn_rule = axes.containers[place].lines[0]
            np.testing.assert_allclose(drawn_rule.get_ydata(), unit * found[f"{name}_mean"].sel(rule=rule))
            assert np.round(drawn_rule.get_xdata()).tolist() == [0, 1]


def test_what_a_figure_needs_comes_as_labelled_data_sets(manifest: Manifest) -> None:
    inputs = inputs_of("landscape_contour", manifest)
    landscapes = inputs.data("landscape")
    assert landscapes["sparsity"].values.tolist() == [sparsity for _, sparsity in VARIANTS]
    of_dense = read_dataset(Path(manifest["landscape"][0]["landscape"]))
    np.testing.assert_array_equal(landscapes["plane_loss"].isel(run=0), of_dense["plane_loss"])
    assert landscapes["alpha"].equals(of_dense["alpha"])
    assert inputs_of("sparsity", manifest).data("study").equals(study_of(manifest))
    with pytest.raises(KeyError, match="rivals"):
        inputs.data("rivals")
