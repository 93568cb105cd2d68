"""Networks that diverged are found by a stated rule, and left out of everything but the count of them."""

from math import inf, log, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from matplotlib.text import Text

from emergence.core.runs import UNVARIED
from emergence.core.steps import Step
from emergence.core.storage import write_dataset
from emergence.drawing.inputs import Inputs, read_inputs
from emergence.drawing.render import draw
from emergence.figures import catalogue
from emergence.parameters.statistics import Statistics
from emergence.parameters.training import Training
from emergence.pruning import Mask, prune, report, starting_weights
from emergence.statistics.collect import collect, read_manifest
from emergence.statistics.divergence import TIMES_GUESSING, Diverged, diverged_runs, left_out, without_diverged
from emergence.statistics.judge import judge
from emergence.statistics.study import Reference, identified
from emergence.training.block import train_block
from emergence.training.checkpoints import Checkpoint, publish, write
from emergence.training.member import initial_network
from tests import figure_data
from tests.figure_drawing import STYLE
from tests.sampling import one_in
from tests.unit.test_training_block import MLP, Blobs, settings

REFERENCE = Reference("global_magnitude", figure_data.RETRAINING)
QUICK = Statistics(resamples=1024)
PLAIN = {"retraining": "none", "method": "dense", "sparsity": 0.0}
PRUNED = {"retraining": figure_data.RETRAINING, "method": "global_magnitude", "sparsity": 0.5}
SEEDS = 4


class Probed(Blobs):
    """Blobs with probe samples."""

    sizes = Blobs.sizes | {"probe": 7}


def study_of(*networks: str, variations: Any = ()) -> xr.Dataset:
    """A joined study of dense and pruned networks of some kinds, none of which diverged."""
    runs = [
        {"dataset": "digits", "network": network, "seeds": list(range(SEEDS)), **way}
        for network in networks
        for way in (PLAIN, PRUNED)
    ]
    return figure_data.make_study(runs + [{**runs[0], **variation} for variation in variations], epochs=3)


def with_losses(study: xr.Dataset, run: int, seed: int, losses: list[float]) -> xr.Dataset:
    """The study with other last losses of one network, and with numbers of no meaning in all else that it has."""
    changed = study.copy(deep=True)
    for name, variable in changed.data_vars.items():
        if {"run", "seed"} <= {*variable.dims} and name != "train_accuracy":
            variable[{"run": run, "seed": seed}] = 1e30
    ends = np.full(changed.sizes["step"], 1.0)
    ends[-len(losses) :] = losses
    changed["train_loss"][{"run": run, "seed": seed}] = ends
    return changed


@pytest.mark.parametrize(
    ("losses", "since"),
    [
        ([nan], "ep3"),
        ([inf], "ep3"),
        ([nan, inf, 1e9], "ep1"),
        ([nan, 0.5, nan], "ep3"),
        ([nan, 0.5], None),
        ([TIMES_GUESSING * log(10) * 1.001], "ep3"),
        ([TIMES_GUESSING * log(10) * 0.999], None),
    ],
)
def test_a_network_diverged_that_ends_without_a_loss_or_far_above_that_of_guessing(
    losses: list[float], since: str | None
) -> None:
    study = study_of("mlp").assign(guessing_loss=log(10))
    marked = without_diverged(with_losses(study, 1, 2, losses))
    found = (
        [] if since is None else [Diverged("digits/mlp/global_magnitude~0.5/original_initialisation", (2,), 4, since)]
    )
    assert diverged_runs(marked) == found
    assert left_out(marked) == (len(found), 8)


def test_without_the_loss_of_guessing_large_losses_are_losses() -> None:
    assert left_out(without_diverged(with_losses(study_of("mlp"), 0, 1, [1e9]))) == (0, 8)


def test_with_a_dense_network_the_pruned_ones_of_its_seed_are_left_out_and_no_others() -> None:
    study = study_of("mlp", "cnn", variations=[{"alpha": 2.0}])
    marked = without_diverged(with_losses(study, 0, 3, [nan]))
    assert marked["diverged"].sum("seed").values.tolist() == [1, 0, 0, 0, 0]
    assert marked["left_out"].sum("seed").values.tolist() == [1, 1, 0, 0, 0]
    for name, variable in study.data_vars.items():
        if {"run", "seed"} <= {*variable.dims}:
            known = marked[name].notnull() == variable.notnull()
            kept = known.transpose("run", "seed", ...).values.reshape(5, SEEDS, -1).all(-1)
            empty = marked[name].isnull().transpose("run", "seed", ...).values.reshape(5, SEEDS, -1).all(-1)
            assert empty[:2, 3].all()
            assert np.delete(kept, 3, axis=1).all() and kept[2:].all()


def test_seeds_that_a_run_lacks_did_not_diverge() -> None:
    study = study_of("mlp")
    study["train_loss"][{"run": 1, "seed": 0}] = nan
    study["train_accuracy"][{"run": 1, "seed": 0}] = nan
    marked = without_diverged(study)
    assert left_out(marked) == (0, 7)
    assert bool(marked["diverged"].isel(run=1, seed=0).isnull())


def without_counts(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: {**claim, "reason": str(claim["reason"]).split(";")[0]} for name, claim in claims.items()}


def test_verdicts_are_those_of_a_study_without_the_seed_that_diverged() -> None:
    study = study_of("mlp", variations=[{"alpha": 2.0}, {"width": 2.0}])
    diverged = study
    for run in range(study.sizes["run"]):
        diverged = with_losses(diverged, run, 1, [nan])
    judged = judge(without_diverged(diverged), QUICK, REFERENCE)
    assert without_counts(judged) == without_counts(judge(study.drop_sel(seed=1), QUICK, REFERENCE))
    open_ones = [claim["reason"] for claim in judged.values() if claim["reason"]]
    assert open_ones
    assert all("4 of 16 networks are left out, because training diverged" in reason for reason in open_ones)


def all_diverged(study: xr.Dataset) -> xr.Dataset:
    return without_diverged(study.assign(train_loss=study["train_loss"] * nan))


def test_where_all_networks_diverged_every_claim_is_left_open_for_that_reason() -> None:
    claims = judge(all_diverged(study_of("mlp")), QUICK, REFERENCE)
    assert {claim["verdict"] for claim in claims.values()} == {"inconclusive"}
    assert all("8 of 8 networks are left out" in claim["reason"] for claim in claims.values())
    assert {claim["runs"] for claim in claims.values()} == {0}


def test_joined_runs_are_without_the_networks_that_diverged(tmp_path: Path) -> None:
    metrics = train_block(Blobs(), MLP, [4, 5], settings(), tmp_path / "work").metrics
    assert float(metrics["guessing_loss"]) == pytest.approx(log(MLP.classes))
    metrics["train_loss"][{"seed": 0, "step": -1}] = inf
    write_dataset(tmp_path / "metrics.nc", metrics, {"training": Training().model_dump()})
    entry = {"dataset": "blobs", "network": "mlp", **PLAIN, "seeds": [4, 5], "metrics": str(tmp_path / "metrics.nc")}
    study = collect(read_manifest({"training": [entry]}))
    assert left_out(study) == (1, 2)
    assert bool(study["validation_accuracy"].sel(seed=4).isnull().all())
    assert np.array_equal(study["validation_accuracy"].sel(seed=5)[0], metrics["validation_accuracy"].sel(seed=5))


def stored(**diverged: float) -> Checkpoint:
    """Networks of three seeds, the weights of one of them changed to a value."""
    states = [initial_network(MLP, seed).state_dict() for seed in (3, 4, 5)]
    weights = {name: torch.stack([state[name] for state in states]) for name in states[0]}
    for seed, value in diverged.items():
        next(iter(weights.values()))[int(seed.removeprefix("seed"))] = value
    return Checkpoint(Step(1), (3, 4, 5), MLP, weights)


@pytest.mark.parametrize(("method", "value"), [("global_magnitude", nan), ("snip", inf), ("unit_norm", -inf)])
def test_nothing_is_removed_from_a_network_that_diverged_and_others_lose_what_they_did(
    method: str, value: float, caplog: pytest.LogCaptureFixture
) -> None:
    whole, mask = prune(stored(), Probed(), method, 0.5), prune(stored(seed1=value), Probed(), method, 0.5)
    assert mask.diverged == (4,)
    assert all(bool(kept.all()) for kept in mask.of_seed(4).values())
    for seed in (3, 5):
        assert all(torch.equal(kept, whole.of_seed(seed)[name]) for name, kept in mask.of_seed(seed).items())
    assert "seed 4: the network diverged" in caplog.text


def test_where_all_networks_diverged_all_masks_keep_everything(tmp_path: Path) -> None:
    mask = prune(stored(seed0=nan, seed1=nan, seed2=nan), Probed(), "unit_norm", 0.5)
    mask.write(tmp_path / "mask.safetensors")
    again = Mask.read(tmp_path / "mask.safetensors")
    assert again.diverged == (3, 4, 5)
    assert all(bool(kept.all()) for kept in again.kept.values())
    assert again.shuffled().diverged == (3, 4, 5)


def test_what_is_trained_under_the_mask_of_a_diverged_network_diverges_too(tmp_path: Path) -> None:
    checkpoint = stored(seed1=nan)
    mask = prune(checkpoint, Probed(), "global_magnitude", 0.5)
    path = tmp_path / "ep1.safetensors"
    publish({path: write(stored(), path)}, tmp_path / "dense")
    for start in ("new", "last"):
        initial = starting_weights(MLP, [5, 4], tmp_path / "dense", start, mask.diverged)
        assert all(bool(tensor[1].isnan().all()) and bool(tensor[0].isfinite().all()) for tensor in initial.values())
    masks = mask.of_seeds([5, 4])
    trained = train_block(Blobs(), MLP, [5, 4], settings(), tmp_path / "work", masks=masks, initial=initial)
    assert np.isfinite(trained.metrics["train_loss"].values).all(axis=1).tolist() == [True, False]


def test_densities_of_networks_that_could_not_be_pruned_are_unknown() -> None:
    checkpoint, example = stored(seed1=nan), torch.zeros(1, *MLP.input_shape)
    densities = report(prune(checkpoint, Probed(), "global_magnitude", 0.5), checkpoint, example)
    assert bool(densities["density"].sel(seed=4).isnull().all())
    assert bool(densities["density"].sel(seed=[3, 5]).notnull().all())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[dict[str, Any]]], xr.Dataset]:
    """Results to draw, and the study among them."""
    folder, networks = tmp_path_factory.mktemp("results"), ("mlp", "cnn")
    pairs, variants = [("digits", network) for network in networks], (("dense", 0.0), ("global_magnitude", 0.5))
    manifest = figure_data.write_results(folder, pairs, variants, seeds=SEEDS, epochs=3, points=5)
    return manifest, xr.load_dataset(folder / "study.nc")


def inputs_without(
    results: tuple[dict[str, list[dict[str, Any]]], xr.Dataset], name: str, gone: xr.DataArray, folder: Path
) -> Inputs:
    """What a figure is drawn from where the networks in `gone` diverged."""
    manifest, study = results
    write_dataset(folder / "study.nc", without_diverged(study.assign(train_loss=study["train_loss"].where(~gone))), {})
    described = {key: study[key] for key in ("dataset", "network", "method", "sparsity", "retraining")}
    training = []
    for place in [place for place, run in enumerate(identified(study)) if run.variation == UNVARIED]:
        run, path = study.isel(run=place), folder / f"{place}.nc"
        noted = run[["train_loss", "train_accuracy", "step_epoch"]].reset_coords(drop=True)
        noted["train_loss"] = noted["train_loss"].where(~gone.isel(run=place))
        noted["step_iteration"] = noted["step_epoch"]
        data = noted.set_coords(["step_epoch", "step_iteration"])
        write_dataset(path, data, {"training": Training().model_dump()})
        entry = {key: values.values[place].item() for key, values in described.items()}
        training.append({**entry, "seeds": study["seed"].values.tolist(), "metrics": str(path)})
    changed = manifest | {"study": [{"study": str(folder / "study.nc")}], "training": training, "dense": training}
    wanted = {need: changed[need] for need in catalogue()[name].needs}
    return read_inputs(wanted, STYLE.reference_method, STYLE.reference_retraining, STYLE.reference_through)


def texts(name: str, inputs: Inputs) -> str:
    """All that is written on a figure."""
    with STYLE.active():
        figure = draw(name, inputs, STYLE)
        figure.draw_without_rendering()
    return " ".join(text.get_text().replace("\n", " ") for text in figure.findobj(Text))


UNTOLD = ("learning_rates",)
"""Figures of the networks that choose learning rates, which show where training diverged."""


@pytest.mark.parametrize("name", one_in(9, (name for name in catalogue() if name not in UNTOLD)))
def test_figures_say_how_many_networks_are_left_out(
    name: str, results: tuple[dict[str, list[dict[str, Any]]], xr.Dataset], tmp_path: Path
) -> None:
    study = results[1]
    some = (study["network"] == "cnn") | (study["seed"] == 0)
    one_network = texts(name, inputs_without(results, name, some, tmp_path))
    assert "networks are left out: they, or the dense networks of their seeds, diverged." in one_network
    assert "nothing is left" not in one_network
    nothing = texts(name, inputs_without(results, name, xr.ones_like(some), tmp_path))
    assert "nothing is left to show" in nothing
    assert "networks are left out" in nothing
