"""Measures of single sites and units against what loops and regressions find."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emergence.measures import apply


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 6), nn.ReLU(), nn.Linear(6, 3)).eval()


def sites(model: nn.Sequential, inputs: Tensor) -> list[NDArray[np.float64]]:
    """Outputs behind the non-linearities and of the network."""
    return [model[:end](inputs).detach().double().numpy() for end in (2, 4, 5)]


def value(name: str, model: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    return float(apply(model, inputs, labels, [name])[name].item())


def test_monosemanticity_is_the_mean_score_of_each_units_own_class() -> None:
    inputs, labels = torch.randn(40, 5), torch.arange(40) % 3
    means = []
    for site in sites(network(), inputs)[:2]:
        scores = []
        for unit in site.T:
            if np.ptp(unit) > 0:
                z_scores = (unit - unit.mean()) / unit.std(ddof=1)
                scores.append(max(np.mean(z_scores[labels.numpy() == label] ** 2) for label in range(3)))
        means.append(np.mean(scores))
    assert value("monosemanticity", network(), inputs, labels) == pytest.approx(np.mean(means), rel=1e-4)


def test_units_that_fire_for_one_class_score_the_number_of_other_classes() -> None:
    labels = torch.arange(5).repeat(200)
    found = value("monosemanticity", nn.Sequential(nn.ReLU()), nn.functional.one_hot(labels).float(), labels)
    assert found == pytest.approx(5 - 1, rel=1e-2)


def test_units_that_do_not_tell_classes_apart_score_about_one() -> None:
    inputs = torch.randn(4000, 20, generator=torch.Generator().manual_seed(1))
    assert value("monosemanticity", nn.Sequential(nn.Tanh()), inputs, torch.arange(4000) % 4) == pytest.approx(
        1, abs=0.1
    )


def test_dead_units_have_no_monosemanticity() -> None:
    labels = torch.arange(30) % 3
    inputs = nn.functional.one_hot(labels).float()
    with_dead = torch.cat([inputs, -torch.ones(30, 4)], dim=1)
    alone = value("monosemanticity", nn.Sequential(nn.ReLU()), inputs, labels)
    assert value("monosemanticity", nn.Sequential(nn.ReLU()), with_dead, labels) == pytest.approx(alone)
    assert np.isnan(value("monosemanticity", nn.Sequential(nn.ReLU()), -inputs.abs(), labels))


def test_complexity_by_site_is_one_minus_the_adjusted_r_squared_of_each_sites_regression() -> None:
    inputs, labels = torch.randn(60, 5), torch.zeros(60)
    found = apply(network(), inputs, labels, ["effective_complexity_by_site", "effective_complexity"])
    design = np.column_stack([np.ones(60), inputs.double().numpy()])
    expected = []
    for site in sites(network(), inputs):
        residual = site - design @ np.linalg.lstsq(design, site)[0]
        expected.append((residual**2).sum() / (site - site.mean(0)).var(0).sum() / 60 * 59 / 54)
    assert found["effective_complexity_by_site"].values == pytest.approx(np.array(expected), rel=1e-4)
    assert found["effective_complexity_by_site"].sel(site="output").item() == found["effective_complexity"].item()


def test_complexity_by_site_is_zero_before_the_first_bend() -> None:
    torch.manual_seed(2)
    linear_then_bent = nn.Sequential(nn.Linear(5, 6), nn.LeakyReLU(1.0), nn.Linear(6, 6), nn.ReLU())
    found = apply(linear_then_bent, torch.randn(60, 5), torch.zeros(60), ["effective_complexity_by_site"])
    first, second = found["effective_complexity_by_site"].values
    assert first == pytest.approx(0, abs=1e-9) and second > 0.05


@pytest.mark.parametrize("classes", [2, 5])
def test_units_that_tell_no_classes_apart_are_killed_falsely_as_often_as_chance_says(classes: int) -> None:
    inputs = torch.randn(20_000, 10, generator=torch.Generator().manual_seed(0))
    rate = value("false_killing_rate", nn.Sequential(nn.Tanh()), inputs, torch.arange(20_000) % classes)
    assert rate == pytest.approx(1 - 1 / classes, abs=0.05)


def test_the_false_killing_rate_counts_high_scores_on_samples_of_other_classes() -> None:
    inputs, labels = torch.randn(60, 5), torch.arange(60) % 3
    rates = []
    for site in sites(network(), inputs)[:2]:
        varying = site[:, np.ptp(site, axis=0) > 0]
        phi = ((varying - varying.mean(0)) / varying.std(0, ddof=1)) ** 2
        high = sorted(((phi[s, u], s, u) for s in range(60) for u in range(phi.shape[1])), reverse=True)
        high = high[: round(0.02 * phi.size)]
        own = [max(range(3), key=lambda c, u=u: phi[labels.numpy() == c, u].mean()) for u in range(phi.shape[1])]
        rates.append(np.mean([labels[sample] != own[unit] for _, sample, unit in high]))
    assert value("false_killing_rate", network(), inputs, labels) == pytest.approx(np.mean(rates))
