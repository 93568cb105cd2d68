"""Every update rule, over many updates, against torch's own optimisers."""

from typing import Any

import pytest
import torch
from torch import Tensor

from emergence.parameters.training import Optimizer
from emergence.training.optimizers import make_optimizer

SETTINGS = [
    {"name": "sgd", "momentum": 0},
    {"name": "sgd", "momentum": 0, "weight_decay": 0.1},
    {"name": "sgd", "momentum": 0.9},
    {"name": "sgd", "momentum": 0.9, "weight_decay": 0.1},
    {"name": "sgd", "momentum": 0.9, "nesterov": True},
    {"name": "sgd", "momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
    {"name": "adam"},
    {"name": "adam", "weight_decay": 0.1},
    {"name": "adamw"},
    {"name": "adamw", "weight_decay": 0.1},
]
RULES = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
RATES = [0.05 / (1 + update / 10) for update in range(60)]


def numbers(seed: int, dtype: torch.dtype, *lead: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*lead, *shape, generator=generator, dtype=dtype) for shape in ((7, 5), (5,), (2, 3, 3, 3))]


def of_torch(settings: dict[str, Any], dtype: torch.dtype, **form: bool) -> list[Tensor]:
    """Where torch's optimiser of that name leads."""
    options = {key: value for key, value in settings.items() if key != "name"}
    weights = [torch.nn.Parameter(weight) for weight in numbers(0, dtype)]
    rule = RULES[settings["name"]](weights, **{"weight_decay": 0, **options}, **form)
    for update, rate in enumerate(RATES, start=1):
        rule.param_groups[0]["lr"] = rate
        for weight, gradient in zip(weights, numbers(update, dtype), strict=True):
            weight.grad = gradient
        rule.step()
    return [weight.detach() for weight in weights]


def of_ours(settings: dict[str, Any], dtype: torch.dtype, *lead: int) -> list[Tensor]:
    weights = numbers(0, dtype, *lead)
    rule = make_optimizer(weights, Optimizer.model_validate(settings))
    for update, rate in enumerate(RATES, start=1):
        rule.update(numbers(update, dtype, *lead), rate)
    return weights


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_updates_are_those_of_torch(settings: dict[str, Any], dtype: torch.dtype) -> None:
    ours, start = of_ours(settings, dtype), numbers(0, dtype)
    for mine, its, first in zip(ours, of_torch(settings, dtype, fused=True), start, strict=True):
        assert torch.equal(mine, its)
        assert not torch.isclose(mine, first).any()
    torch.testing.assert_close(ours, of_torch(settings, dtype, fused=False, foreach=False))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_stacked_weights_are_updated_as_each_by_itself(settings: dict[str, Any]) -> None:
    together = of_ours(settings, torch.float64, 3)
    start, gradients = numbers(0, torch.float64, 3), [numbers(u, torch.float64, 3) for u in range(1, len(RATES) + 1)]
    for seed in range(3):
        alone = [weight[seed].clone() for weight in start]
        rule = make_optimizer(alone, Optimizer.model_validate(settings))
        for gradient, rate in zip(gradients, RATES, strict=True):
            rule.update([stacked[seed].clone() for stacked in gradient], rate)
        torch.testing.assert_close([weight[seed] for weight in together], alone, rtol=1e-12, atol=1e-13)
