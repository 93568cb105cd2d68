"""The choice of a learning rate: which one wins, and what is recorded of those that lose."""

import logging
from math import inf, nan
from pathlib import Path

import pytest
import torch
import xarray as xr

from emergence.core.storage import write_dataset
from emergence.parameters.training import Training
from emergence.training.block import train_block
from emergence.training.tuning import CURVES, at_rate, best_rate, chosen_rate, sweep
from tests.unit.test_training_block import MLP, Blobs, settings

torch.set_num_threads(1)  # as in jobs

SEEDS = (1_000_000, 1_000_001)
DIVERGING = 1e30
SETTINGS = settings(checkpoints={"early_iterations": []})


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ({0.1: [0.3, 0.5], 0.2: [0.1, 0.6], 0.4: [0.5, 0.5]}, 0.2),
        ({0.1: [0.5, 0.5], 0.2: [0.9, 0.9], 0.4: [0.0, nan]}, 0.1),
        ({0.1: [0.5, 0.5], 0.2: [0.4, inf], 0.4: [-inf, 0.1]}, 0.1),
        ({0.4: [0.25, 0.75], 0.2: [0.5, 0.5], 0.1: [0.6, 0.6]}, 0.2),
    ],
    ids=["least mean", "a seed is NaN", "a seed is infinite", "equal means"],
)
def test_the_best_rate_has_the_least_mean_loss_and_no_diverged_seed(losses: dict, best: float) -> None:
    assert best_rate(losses) == best
    assert best_rate(dict(reversed(losses.items()))) == best


def test_where_every_rate_diverges_the_one_at_which_fewest_seeds_do_is_best() -> None:
    assert best_rate({0.5: [nan, inf], 1.0: [nan, 0.1], 2.0: [inf, 0.2]}) == 1.0
    assert best_rate({2.0: [inf, nan], 0.5: [nan, nan]}) == 0.5


def with_losses(losses: dict[float, float]) -> xr.Dataset:
    """A sweep whose training ends with given validation losses."""

    def train(training: Training) -> xr.Dataset:
        loss = losses[training.optimizer.learning_rate]
        curve = (("seed", "step"), [[2.0, loss]], {"units": "nat", "long_name": "made up"})
        return xr.Dataset(dict.fromkeys(CURVES, curve), {"seed": [0], "step": ["ep0", "ep1"]})

    return sweep(train, Training(), sorted(losses))


@pytest.mark.parametrize(
    ("losses", "position"),
    [
        ({0.1: 0.5, 0.2: 0.4, 0.3: 0.6}, "between"),
        ({0.1: 0.3, 0.2: 0.4, 0.3: 0.6}, "lowest"),
        ({0.1: 0.5, 0.2: 0.4, 0.3: 0.1}, "highest"),
        ({0.1: 0.5, 0.2: 0.4, 0.3: nan}, "between"),
    ],
)
def test_a_choice_at_the_end_of_the_list_is_noted_and_warned_of(
    losses: dict[float, float], position: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert with_losses(losses).attrs["position_among_rates"] == position
    assert [position in record.getMessage() for record in caplog.records] == [True] * (position != "between")


def test_every_rate_trains_as_it_would_alone_and_the_file_tells_the_choice(tmp_path: Path) -> None:
    def train(training: Training) -> xr.Dataset:
        return train_block(Blobs(), MLP, SEEDS, training, tmp_path / "work").metrics

    rates = [0.0001, 0.05, DIVERGING]
    tuning = sweep(train, SETTINGS, rates)
    assert tuning["validation_loss"].dims == ("learning_rate", "seed", "step")
    assert tuning["step"].values.tolist() == ["ep0", "ep1", "ep2", "ep3"]
    for rate in rates:
        alone = train_block(Blobs(), MLP, SEEDS, at_rate(SETTINGS, rate), tmp_path / "alone").metrics
        assert alone["learning_rate"].values.tolist() == [rate] * alone.sizes["iteration"]
        for name in CURVES:
            assert tuning[name].sel(learning_rate=rate).equals(alone[name].assign_coords(learning_rate=rate))
    assert tuning["validation_loss"].sel(learning_rate=DIVERGING, step="ep3").isnull().all()
    write_dataset(tmp_path / "tuning.nc", tuning, {})
    assert chosen_rate(tmp_path / "tuning.nc") == 0.05


def test_a_sweep_goes_on_where_it_was_stopped_and_takes_up_further_rates(tmp_path: Path) -> None:
    epochs = 0

    def stopped_in_the_fifth() -> int | None:
        nonlocal epochs
        epochs += 1
        return 15 if epochs == 5 else None

    def train(training: Training) -> xr.Dataset:
        work = tmp_path / "work"
        return train_block(Blobs(), MLP, SEEDS, training, work, interrupted=stopped_in_the_fifth).metrics

    def train_elsewhere(training: Training) -> xr.Dataset:
        return train_block(Blobs(), MLP, SEEDS, training, tmp_path / "elsewhere").metrics

    with pytest.raises(SystemExit):
        sweep(train, SETTINGS, [0.01, 0.05])
    resumed = sweep(train, SETTINGS, [0.01, 0.05, 0.1])
    assert epochs == 3 * SETTINGS.epochs
    assert resumed.identical(sweep(train_elsewhere, SETTINGS, [0.01, 0.05, 0.1]))
