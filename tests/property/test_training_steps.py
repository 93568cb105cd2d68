"""Steps, the schedule of checkpoints and of the learning rate, and the order of samples."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, SequentialLR, StepLR

from emergence.core.steps import Step
from emergence.parameters.training import Training
from emergence.training.batches import sample_order
from emergence.training.schedule import checkpoint_steps, learning_rate

counts = st.integers(0, 10**6)
per_epochs = st.integers(1, 1000)


@given(counts, per_epochs)
def test_a_step_is_found_again_from_its_text_and_from_its_updates(updates: int, per_epoch: int) -> None:
    step = Step.after(updates, per_epoch)
    assert Step.parse(str(step)) == step
    assert step.updates(per_epoch) == updates


@given(st.text(max_size=8))
def test_only_the_written_form_is_read_as_a_step(text: str) -> None:
    try:
        step = Step.parse(text)
    except ValueError as error:
        assert "is no step" in str(error)
    else:
        assert Step.parse(str(step)) == step


@given(st.integers(1, 40), st.integers(1, 12), st.lists(st.integers(1, 50), max_size=5, unique=True), per_epochs)
def test_checkpoints_begin_at_the_start_and_end_at_the_end(
    epochs: int, every: int, early: list[int], per_epoch: int
) -> None:
    training = Training.model_validate(
        {"epochs": epochs, "checkpoints": {"early_iterations": early, "every_epochs": every}}
    )
    updates = [step.updates(per_epoch) for step in checkpoint_steps(training, per_epoch)]
    expected = {0, epochs * per_epoch, *(i for i in early if i < per_epoch)}
    expected |= {epoch * per_epoch for epoch in range(epochs) if epoch % every == 0}
    assert updates == sorted(expected)


@pytest.mark.parametrize("warmup", [0, 0.2, 0.5, 1, 1.7, 6])
@pytest.mark.parametrize("name", ["constant", "step", "cosine"])
def test_learning_rates_equal_those_of_torch(name: str, warmup: float) -> None:
    schedule = {"name": name, "every": 2, "factor": 0.3, "warmup_epochs": warmup}
    training = Training.model_validate({"epochs": 6, "optimizer": {"learning_rate": 0.3}, "schedule": schedule})
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    first, total = round(warmup * 5), 6 * 5
    rule = {
        "constant": lambda: ConstantLR(optimizer, factor=1),
        "step": lambda: StepLR(optimizer, step_size=2 * 5, gamma=0.3),
        "cosine": lambda: CosineAnnealingLR(optimizer, T_max=max(total - first, 1)),
    }[name]()
    if first:
        growth = LinearLR(optimizer, start_factor=1 / first, total_iters=max(first - 1, 1))
        rule = SequentialLR(optimizer, [growth, rule], milestones=[first])
    for update in range(total):
        rate = learning_rate(training, update, 5)
        assert math.isclose(rate, optimizer.param_groups[0]["lr"], rel_tol=1e-9)
        assert 0 < rate <= 0.3
        optimizer.step()
        rule.step()


@given(st.integers(1, 30), st.floats(0, 1), per_epochs, st.sampled_from(["constant", "step", "cosine"]))
def test_the_rate_grows_to_its_full_value_and_then_never_again(
    epochs: int, share: float, per_epoch: int, name: str
) -> None:
    schedule = {"name": name, "warmup_epochs": share * epochs}
    training = Training.model_validate({"epochs": epochs, "optimizer": {"learning_rate": 0.3}, "schedule": schedule})
    first = round(share * epochs * per_epoch)
    near = {0, 1, first - 2, first - 1, first, first + 1, epochs * per_epoch - 1}
    updates = sorted(update for update in near if 0 <= update < epochs * per_epoch)
    rates = [learning_rate(training, update, per_epoch) for update in updates]
    for (update, rate), later in zip(zip(updates, rates, strict=True), rates[1:], strict=False):
        assert (rate < later) if update < first - 1 else (rate >= later)
    if first:
        assert learning_rate(training, first - 1, per_epoch) == 0.3


@given(st.integers(0, 2**31), st.integers(0, 1000), st.integers(1, 200))
def test_the_order_of_samples_is_a_permutation_fixed_by_seed_and_epoch(seed: int, epoch: int, samples: int) -> None:
    order = sample_order(seed, epoch, samples).clone()
    sample_order.cache_clear()
    assert torch.equal(order, sample_order(seed, epoch, samples))
    assert torch.equal(order.sort().values, torch.arange(samples))
