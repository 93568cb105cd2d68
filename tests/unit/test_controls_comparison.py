"""The emergence of a network beside that of its controls."""

from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from emergence import UnitGraph, count_paths
from emergence.controls.comparison import Comparison
from emergence.controls.untrained import untrained
from emergence.controls.weight_noise import weight_noise
from emergence.core.seeds import of_controls

COUNTING = {"threshold": 0.2, "criterion": "mean", "fraction": 0.5, "through": "all"}
INPUTS = torch.randn(40, 6, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(40) % 3
COUNT: dict[str, Any] = {"threshold": 0.2}


def build() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3)).eval()


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return build()


def compared(net: nn.Module, **counting: str) -> xr.Dataset:
    settings = {"noise": [0.5, 2.0], "counting": COUNTING | counting, "build": build}
    return Comparison(UnitGraph(network(9), INPUTS), INPUTS, LABELS, **settings)(net, 3)


def test_every_control_is_counted_as_the_network_that_it_is() -> None:
    net = network()
    found = compared(net)["control_emergence"]
    expected = {
        "itself": net,
        "weight_noise~0.5": weight_noise(net, 0.5, of_controls(3)),
        "weight_noise~2": weight_noise(net, 2.0, of_controls(3)),
        "untrained": untrained(net, of_controls(3), build),
    }
    for name, copy in expected.items():
        assert float(found.sel(control=name)) == count_paths(copy, INPUTS, **COUNT).emergence
    assert len({float(value) for value in found.sel(control=list(expected))}) > 2


@pytest.mark.parametrize("criterion", ["mean", "sample"])
def test_in_a_dense_network_only_the_numbers_of_active_units_count_and_not_which_they_are(criterion: str) -> None:
    found = compared(network(), criterion=criterion)["control_emergence"]
    assert float(found.sel(control="shuffled_activity")) == pytest.approx(float(found.sel(control="itself")))


def test_in_a_pruned_network_it_matters_which_units_are_active() -> None:
    net = network()
    with torch.no_grad():
        net[2].weight.mul_(torch.rand(8, 12, generator=torch.Generator().manual_seed(2)) < 0.3)
    found = compared(net)["control_emergence"]
    assert float(found.sel(control="shuffled_activity")) != float(found.sel(control="itself"))


def test_accuracy_is_that_of_the_copy_and_activity_alone_has_none() -> None:
    net = network()
    found = compared(net)["control_accuracy"]
    right = float((net(INPUTS).argmax(1) == LABELS).double().mean())
    assert float(found.sel(control="itself")) == right
    assert np.isnan(float(found.sel(control="shuffled_activity")))


def test_controls_are_labelled_by_kind_and_level() -> None:
    found = compared(network())
    kinds = ["itself", "weight_noise", "weight_noise", "shuffled_weights", "untrained", "shuffled_activity"]
    assert found["control_kind"].values.tolist() == kinds
    assert found["control_level"].values.tolist()[1:3] == [0.5, 2.0]
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in found.data_vars.values())


def test_a_diverged_network_is_missing_and_its_fresh_control_is_not() -> None:
    net = network()
    with torch.no_grad():
        net[0].weight.fill_(float("nan"))
    found = compared(net)["control_emergence"]
    assert np.isnan(float(found.sel(control="itself"))) and np.isfinite(float(found.sel(control="untrained")))
