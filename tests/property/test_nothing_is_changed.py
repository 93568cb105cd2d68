"""Whatever is called, networks, inputs, labels and random numbers are afterwards what they were."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from benchmarks.systems.curves import train_control_point
from benchmarks.systems.matching import matched
from torch import Tensor, nn

from emergence import Recorder, count_paths, emergence_grid, weighted_paths
from emergence.controls.shuffled_weights import shuffled_weights
from emergence.controls.untrained import untrained
from emergence.controls.weight_noise import weight_noise
from emergence.core.plugins import available, load
from emergence.curvature import network_curvature, sharpness, top_eigenvectors
from emergence.information.language_models import states_of
from emergence.landscape import CrossEntropy, Metrics, random_directions, sample_line, sample_plane
from emergence.landscape.network import sample_planes, sample_slices, stored_numbers
from emergence.landscape.planes import Centre
from emergence.measures import apply
from emergence.parameters.curvature import Curvature
from emergence.parameters.landscape import Landscape
from emergence.pruning import (
    Samples,
    Subject,
    effective_sparsity,
    masked_network,
    multiply_adds,
    prunable,
)
from tests.deep_snapshot import left_as_it_was
from tests.network_zoo import ZOO, specimen
from tests.sampling import one_in

torch.set_num_threads(1)

Call = Callable[[nn.Module, Tensor, Tensor], Any]


def mask(method: str) -> Call:
    def call(network: nn.Module, inputs: Tensor, labels: Tensor) -> Any:
        subject = Subject(network, Samples(inputs, labels, inputs))
        return load("pruning", method, "make_mask")(subject, 0.4, torch.Generator().manual_seed(0))

    return call


def plane(network: nn.Module, inputs: Tensor, labels: Tensor) -> Any:
    metric = CrossEntropy(network, inputs, labels)
    return sample_plane(metric, dict(network.named_parameters()), random_directions(network, 0), [0, 0.5], [0, 1])


def around(network: nn.Module, inputs: Tensor, labels: Tensor) -> Any:
    centre = Centre(network, inputs, labels, {"ep0": dict(network.named_parameters())})
    metrics = Metrics(network, inputs, labels, ["loss", "weight_norm"])
    where = Landscape(points=3, slices=1, slice_points=3, planes=["random", "trajectory", "curvature"])
    return sample_planes(centre, metrics, where), sample_slices(centre, metrics, where)


def line(network: nn.Module, inputs: Tensor, labels: Tensor) -> Any:
    return sample_line(CrossEntropy(network, inputs, labels), stored_numbers(network), stored_numbers(network), [0, 1])


def curve(network: nn.Module, inputs: Tensor, labels: Tensor) -> Any:
    ends = stored_numbers(network), stored_numbers(network)
    return train_control_point(network, ends, inputs, labels, updates=2, batch_size=4)


def recording(network: nn.Module, inputs: Tensor, labels: Tensor) -> Any:
    return Recorder(network, inputs, labels, landscape_points=3).record(0, landscape=True)


CALLS: dict[str, Call] = {
    **{name: load("measures", name, "measure") for name in available("measures")},
    **{name: mask(name) for name in available("pruning") if name != "gradual_magnitude"},
    "apply": lambda n, x, y: apply(n, x, y, ["weight_norm"]),
    "loss": lambda n, x, y: CrossEntropy(n, x, y)({}),
    "state": lambda n, x, y: CrossEntropy(n, x, y)(n.state_dict()),
    "plane": plane,
    "around": around,
    "line": line,
    "curve": curve,
    "matched": lambda n, x, y: matched(n, n, x),
    "curvature": lambda n, x, y: network_curvature(n, x, y, Curvature(eigenvalues=2, probes=1, lanczos_steps=3)),
    "eigenvectors": lambda n, x, y: top_eigenvectors(n, x, y, 1),
    "sharpness": lambda n, x, y: sharpness(n, x, y, 0.1),
    "prunable": lambda n, x, y: prunable(n, x),
    "effective_sparsity": lambda n, x, y: effective_sparsity(n, x),
    "multiply_adds": lambda n, x, y: multiply_adds(n, x),
    "masked_network": lambda n, x, y: masked_network(n, {}),
    "shuffled_weights": lambda n, x, y: shuffled_weights(n, 0, x),
    "weight_noise": lambda n, x, y: weight_noise(n, 0.1, 0, x),
    "untrained": lambda n, x, y: untrained(n, 0, inputs=x),
    "count_paths": lambda n, x, y: count_paths(n, x).pairs,
    "exact, by sample": lambda n, x, y: count_paths(n, x, criterion="sample", include_input=True).exact(),
    "weight change": lambda n, x, y: count_paths(n, x, criterion="weight-change", previous=n.state_dict()),
    "weighted_paths": lambda n, x, y: weighted_paths(n, x).emergence,
    "emergence_grid": lambda n, x, y: emergence_grid(n, x, thresholds=[0.1, 0.3], criteria=["mean", "any"]),
    "recording": recording,
    "states_of": lambda n, x, y: states_of(n, list(n.children()))(x),
}


@pytest.mark.parametrize(("call", "name"), one_in(17, product(CALLS, ZOO)))
def test_a_call_leaves_everything_as_it_was(call: str, name: str) -> None:
    network, inputs, labels = specimen(name)
    with left_as_it_was(network, inputs, labels):
        try:
            CALLS[call](network, inputs, labels)
        except (ValueError, RuntimeError) as error:
            assert isinstance(error, ValueError) or "broken" in str(error)


@pytest.mark.parametrize("name", one_in(3, (name for name in ZOO if name not in ("breaking", "clipping"))))
def test_after_the_calls_a_network_still_trains(name: str) -> None:
    network, inputs, labels = specimen(name)
    inputs = inputs.detach().clone()
    for call in ("loss", "plane", "around", "curvature", "snip", "grasp", "gradient_noise", "count_paths"):
        CALLS[call](network, inputs, labels)
    before = {key: parameter.detach().clone() for key, parameter in network.named_parameters()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    loss = nn.functional.cross_entropy(network(inputs.clone()).float(), labels.long())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    trained = [key for key, p in network.named_parameters() if p.requires_grad]
    assert [key for key in trained if not torch.equal(before[key], network.get_parameter(key))] == trained
