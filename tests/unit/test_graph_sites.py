"""Where activity is read, and how the parts of larger networks are joined."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emergence import MissingRuleError, UnitGraph, count_paths, register_rule

torch.set_num_threads(1)

NONLINEAR_MODULES = [
    nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(), nn.PReLU(), nn.ELU(), nn.SELU(), nn.CELU(), nn.GELU(),
    nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Softsign(), nn.Hardtanh(), nn.Hardsigmoid(), nn.Hardswish(), nn.Sigmoid(),
    nn.LogSigmoid(), nn.Tanh(), nn.Softmax(1), nn.LogSoftmax(1), nn.Threshold(0.1, 0.0), nn.Softshrink(),
]  # fmt: skip
NONLINEAR_FUNCTIONS = [
    F.relu, torch.relu, torch.relu_, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish,
    F.softplus, F.softsign, F.hardtanh, F.hardsigmoid, F.hardswish, torch.sigmoid, torch.tanh, F.logsigmoid,
    lambda x: F.softmax(x, dim=1), lambda x: x.softmax(-1), lambda x: x.relu(), lambda x: x.tanh(),
    lambda x: x.clamp(min=0),
]  # fmt: skip


class Net(nn.Module):
    """Two linear layers around a function."""

    def __init__(self, function: Callable[..., Tensor], width: int = 3, hidden: int = 3) -> None:
        super().__init__()
        self.before, self.after, self.function = nn.Linear(2, width), nn.Linear(hidden, 2), function

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.function(self.before(x)))


@pytest.mark.parametrize("activation", NONLINEAR_MODULES, ids=lambda m: type(m).__name__)
def test_every_module_of_the_activation_family_is_a_site(activation: nn.Module) -> None:
    graph = UnitGraph(nn.Sequential(nn.Linear(2, 3), activation, nn.Linear(3, 2)), torch.zeros(1, 2))
    assert graph.sites == ("1", "output")
    assert graph.size.tolist() == [3, 2]


@pytest.mark.parametrize("function", NONLINEAR_FUNCTIONS)
def test_every_function_of_the_activation_family_is_a_site(function: Callable[[Tensor], Tensor]) -> None:
    graph = UnitGraph(Net(function), torch.zeros(1, 2), include_output=False)
    assert graph.size.tolist() == [3]


def test_the_output_is_a_site_only_where_it_is_not_one_already() -> None:
    ends_linear = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    ends_nonlinear = nn.Sequential(nn.Conv1d(1, 2, 1), nn.ReLU(), nn.Dropout(), nn.Flatten())
    assert UnitGraph(ends_linear, torch.zeros(1, 2)).sites == ("1", "output")
    assert UnitGraph(ends_linear, torch.zeros(1, 2), include_output=False).sites == ("1",)
    assert UnitGraph(ends_nonlinear, torch.zeros(1, 1, 3)).sites == ("1",)


def test_a_module_used_twice_is_two_sites() -> None:
    relu = nn.ReLU()
    graph = UnitGraph(nn.Sequential(nn.Linear(2, 3), relu, nn.Linear(3, 4), relu), torch.zeros(1, 2))
    assert (graph.sites, graph.size.tolist()) == (("1", "1:2"), [3, 4])


def paths_from_input_to_output(net: nn.Module, inputs: Tensor) -> float:
    """All paths from input to output units."""
    graph = UnitGraph(net, inputs, include_input=True)
    active = [torch.full((1, int(size)), index > 0) for index, size in enumerate(graph.size)]
    return float(graph.count(active)[0, -1].to_float())


def test_a_product_depends_on_value_and_gate() -> None:
    assert paths_from_input_to_output(Net(lambda h: h * torch.sigmoid(h)), torch.zeros(1, 2)) == 2 * 3 * 2 * 2


def test_squeeze_and_excitation_wires_every_channel_to_every_product_through_the_gate() -> None:
    def squeeze(h: Tensor) -> Tensor:
        return h * torch.sigmoid(F.conv1d(h.mean(-1, keepdim=True), torch.ones(2, 2, 1)))

    net = nn.Sequential(nn.Unflatten(1, (2, 3)), _Gate(squeeze))
    # each of 6 outputs: itself, and 6 inputs through the gate
    assert paths_from_input_to_output(net, torch.zeros(1, 6)) == 6 + 36


class _Gate(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x).flatten(1) * 1.0


def test_a_gated_linear_unit_depends_on_both_halves() -> None:
    assert paths_from_input_to_output(Net(F.glu, width=6), torch.zeros(1, 2)) == 2 * 6 * 2


def test_control_flow_on_shapes_is_followed() -> None:
    def by_shape(h: Tensor) -> Tensor:
        assert h.dim() == 2 and len(h.shape) == 2, "a matrix is wanted"
        for index in range(h.shape[1]):
            h = torch.relu(h) if index == 1 else h + 0
        parts = list(h.unbind(1))
        return torch.stack(parts, 1) if h.size(1) > 2 else h

    assert UnitGraph(Net(by_shape), torch.zeros(1, 2)).size.tolist() == [3, 2]


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda h: h if h.sum() > 0 else -h, "activations"),
        (lambda h: h if h.shape[0] > 1 else torch.relu(h), "number of samples"),
    ],
)
def test_control_flow_on_activations_or_samples_is_refused(function: Callable[[Tensor], Tensor], reason: str) -> None:
    with pytest.raises(ValueError, match=f"cannot be traced.*depends on the {reason}"):
        UnitGraph(Net(function), torch.zeros(1, 2))


def test_an_operation_without_a_rule_is_named_with_the_way_to_register_one() -> None:
    with pytest.raises(MissingRuleError, match=r"operation 'logcumsumexp'.*register_rule\(\"logcumsumexp\"\)"):
        count_paths(Net(lambda h: h.logcumsumexp(1)), torch.zeros(1, 2))
    with pytest.raises(MissingRuleError, match=r"operation 'gru_cell' \(in module GRUCell at '0'\)"):
        count_paths(nn.Sequential(nn.GRUCell(2, 2)), torch.zeros(1, 2))


def test_a_registered_rule_is_used_for_a_module_and_makes_it_a_leaf() -> None:
    class Prefix(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.cumsum(1) if bool(x.sum() > 1e9) else x.double().cumsum(1).float()

    @register_rule(Prefix, nonlinear=True)
    def prefix(edges: object, module: nn.Module, x: Tensor) -> Tensor:
        return x.cumsum(1)

    graph = UnitGraph(nn.Sequential(nn.Linear(2, 3), Prefix(), nn.Linear(3, 1)), torch.zeros(1, 2), include_input=True)
    assert graph.sites == ("input_1", "1", "output")
    inactive_input = [torch.zeros(1, 2).bool(), torch.ones(1, 3).bool(), torch.ones(1, 1).bool()]
    assert graph.count(inactive_input).to_float().tolist() == [[0, 2 * (1 + 2 + 3), 2 * (1 + 2 + 3)]]


def test_several_inputs_and_outputs_are_sites_each() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor, y: Tensor, z: Tensor | None = None) -> tuple[Tensor, Tensor]:
            if z is not None:
                x = x + z
            return x + y, x * 2.0

    graph = UnitGraph(Two(), (torch.zeros(1, 2), torch.zeros(1, 2)), include_input=True)
    assert graph.sites == ("x", "y", "output:1", "output:2")
    counts = count_paths(Two(), (torch.zeros(3, 2), torch.ones(3, 2)), include_input=True)
    np.testing.assert_array_equal(counts.pairs, [[0, 0, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


def test_a_batch_in_the_second_dimension_is_found() -> None:
    batch_first = Net(torch.relu)
    sequence_first = Net(lambda h: h)
    sequence_first.load_state_dict(batch_first.state_dict())
    sequence_first.function = lambda h: torch.relu(h.transpose(0, 1)).transpose(0, 1)
    inputs = torch.randn(5, 4, 2)
    first, second = (count_paths(net, inputs, include_input=True) for net in (batch_first, sequence_first))
    assert first.active.tolist() == second.active.tolist()
    np.testing.assert_array_equal(first.pairs, second.pairs)
