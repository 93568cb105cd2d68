"""Which parameters are weights: those that layers multiply by, whatever their shape and wherever they are kept."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from benchmarks.systems.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from emergence.core.modules import effective_weights, input_first, layer_weights, prunable, swapped
from emergence.core.torchvision_import import torchvision
from emergence.networks import Architecture, build
from emergence.pruning import Samples, Subject, global_magnitude

torch.set_num_threads(1)

ENCODER = ["self_attn.in_proj_weight", "self_attn.out_proj.weight", "linear1.weight", "linear2.weight"]


def test_the_vision_transformer_of_the_burden_has_these_weights() -> None:
    expected = ["patches.weight", *(f"blocks.0.{name}" for name in ENCODER), "output.weight"]
    network = VisionTransformer((1, 8, 8), 10, blocks=1)
    assert list(prunable(network)) == expected == list(prunable(network, torch.zeros(1, 1, 8, 8)))


@pytest.mark.parametrize(
    ("name", "input_shape", "options"),
    [
        ("mlp", (1, 8, 8), {"widths": [16, 8]}),
        ("cnn", (40,), {"channels": [4, 6], "batch_norm": True}),
        ("resnet", (3, 32, 32), {"depth": 18}),
        ("vgg", (3, 32, 32), {"depth": 11}),
        ("transformer", (8,), {"blocks": 2, "heads": 2, "width": 16}),
    ],
)
def test_the_projects_networks_have_the_weights_of_their_linear_and_convolutional_layers(
    name: str, input_shape: tuple[int, ...], options: dict[str, Any]
) -> None:
    network = build(Architecture(name, input_shape, 27, options))
    layers = (nn.Linear, nn.modules.conv._ConvNd)
    expected = [f"{path}.weight" for path, module in network.named_modules() if isinstance(module, layers)]
    inputs = torch.zeros(2, *input_shape, dtype=torch.int64 if name == "transformer" else torch.float32)
    assert list(prunable(network)) == expected == list(prunable(network, inputs))


@pytest.mark.parametrize(
    ("build_network", "size", "others"),
    [
        (torchvision.models.convnext_tiny, 32, {"layer_scale"}),
        (torchvision.models.swin_t, 32, {"relative_position_bias_table"}),
        (torchvision.models.swin_v2_t, 32, {"logit_scale"}),
        (lambda: torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32), 32, {"class_token", "pos_embedding"}),
    ],
)
def test_scales_tokens_positions_and_biases_of_published_networks_are_no_weights(
    build_network: Callable[[], nn.Module], size: int, others: set[str]
) -> None:
    network = build_network().eval()
    multiplied = {
        id(module.in_proj_weight if isinstance(module, nn.MultiheadAttention) else module.weight)
        for module in network.modules()
        if isinstance(module, nn.Linear | nn.Conv2d | nn.MultiheadAttention)
    }
    expected = [name for name, parameter in network.named_parameters() if id(parameter) in multiplied]
    inputs = torch.randn(2, 3, size, size)
    assert list(prunable(network)) == expected == list(Subject(network, Samples(inputs, inputs, inputs)).weights)
    left = {name for name, parameter in network.named_parameters() if parameter.ndim > 1} - set(expected)
    assert {name.rpartition(".")[2] for name in left} == others


class Own(nn.Module):
    """Uses its own parameters in all kinds of ways; the names begin with what they are."""

    def __init__(self) -> None:
        super().__init__()
        shapes = {
            "matrix_linear": (5, 4), "matrix_matmul": (5, 5), "matrix_einsum": (5, 5), "matrices_chunked": (15, 5),
            "matrix_normalised": (5, 5), "matrix_addmm": (5, 5), "matrices_bmm": (4, 5, 5), "kernel": (7, 5, 2),
            "kernel_transposed": (7, 5, 2), "bank_attended": (1, 3, 5), "matrix_left": (3, 3),
            "scale": (5, 1), "gain": (5, 1), "token": (1, 1, 4), "position": (3, 5), "bias": (3, 5), "table": (5, 5),
            "relative": (5, 5), "attention_bias": (3, 3),
        }  # fmt: skip
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.randn(shape)))
        self.matrix_listed = nn.ParameterList([torch.randn(5, 5)])
        self.scale_listed = nn.ParameterList([torch.randn(1, 5)])
        self.register_buffer("cut", torch.ones(5, 5))

    def forward(self, x: Tensor) -> Tensor:
        many = len(x)
        x = torch.cat([self.token.expand(many, -1, -1), x], 1)
        x = functional.linear(x, self.matrix_linear) + self.position
        x = (x @ self.matrix_matmul) * self.scale.T
        x = functional.linear(
            x, self.matrix_normalised * self.gain / self.matrix_normalised.norm(dim=1)[:, None] * self.cut
        )
        x = torch.einsum("bld,de->ble", x, self.matrix_listed[0]) * self.scale_listed[0]
        query, key, value = (functional.linear(x, matrix) for matrix in self.matrices_chunked.chunk(3))
        places = torch.arange(3)[:, None] - torch.arange(3) + 2
        scores = query @ key.mT + torch.einsum("bld,lkd->blk", query, self.relative[places]) + self.attention_bias
        x = self.matrix_left @ torch.einsum("bld,de->ble", scores.softmax(-1) @ value, self.matrix_einsum)
        x = torch.addmm(self.bias.repeat(many, 1), x.flatten(0, 1), self.matrix_addmm).unflatten(0, (many, 3))
        x = functional.scaled_dot_product_attention(x, self.bank_attended.expand(many, -1, -1), x)
        x = torch.bmm(x, self.matrices_bmm[:many]) + functional.embedding(torch.arange(3), self.table)
        x = functional.conv1d(x.mT, self.kernel)
        return functional.conv_transpose1d(x, self.kernel_transposed) @ torch.ones(3, 1)


def test_own_parameters_of_a_users_module_are_told_apart_by_their_use() -> None:
    network = Own()
    weights = {"matrix", "matrices", "kernel", "bank"}
    expected = [name for name, _ in network.named_parameters() if name.split("_")[0] in weights]
    assert sorted(prunable(network, torch.randn(3, 2, 4))) == sorted(expected)
    assert not prunable(network)


def test_a_table_that_is_looked_up_and_multiplied_by_too_is_a_table() -> None:
    class Language(nn.Module):
        def __init__(self, shared: bool) -> None:
            super().__init__()
            self.table, self.hidden, self.output = nn.Embedding(9, 4), nn.Linear(4, 4), nn.Linear(4, 9)
            self.own = nn.Parameter(torch.randn(9, 4))
            if shared:
                self.output.weight = self.table.weight

        def forward(self, tokens: Tensor) -> Tensor:
            found = self.hidden(self.table(tokens) + functional.embedding(tokens, self.own))
            return self.output(found) + functional.linear(found, self.own)

    tokens = torch.zeros(2, 3, dtype=torch.int64)
    assert list(prunable(Language(shared=True), tokens)) == ["hidden.weight"]
    assert list(prunable(Language(shared=False), tokens)) == ["hidden.weight", "output.weight"]
    network = Language(shared=True)
    mask = global_magnitude.make_mask(Subject(network, Samples(tokens, tokens, tokens)), 0.5, torch.Generator())
    assert list(mask) == ["hidden.weight"] and int(mask["hidden.weight"].sum()) == 8


def test_a_matrix_of_two_layers_is_listed_and_removed_once() -> None:
    network = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU(), nn.Linear(4, 4, bias=False), nn.Linear(4, 2))
    network[2].weight = network[0].weight
    mask = global_magnitude.make_mask(Subject(network, None), 0.5, torch.Generator())
    assert {name: kept.numel() for name, kept in mask.items()} == {"0.weight": 16, "3.weight": 8}


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        (nn.MultiheadAttention(4, 2, kdim=3, add_bias_kv=True), ["q_proj", "k_proj", "v_proj", "out_proj."]),
        (nn.LSTM(3, 4, proj_size=2), ["weight_ih_l0", "weight_hh_l0", "weight_hr_l0"]),
        (nn.GRUCell(3, 4), ["weight_ih", "weight_hh"]),
        (nn.Bilinear(2, 3, 4), ["weight"]),
        (nn.ConvTranspose3d(2, 3, 1), ["weight"]),
        (nn.LayerNorm((3, 4)), []),
        (nn.PReLU(3), []),
        (nn.EmbeddingBag(3, 4), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_torchs_layers_have_these_weights(layer: nn.Module, names: list[str]) -> None:
    found = list(prunable(layer))
    assert len(found) == len(names) and all(name in full for name, full in zip(names, found, strict=True))


@pytest.mark.parametrize(
    ("normalise", "name"),
    [
        (parametrizations.weight_norm, "parametrizations.weight.original1"),
        (parametrizations.spectral_norm, "parametrizations.weight.original"),
        (parametrizations.orthogonal, "parametrizations.weight.original"),
        (weight_norm, "weight_v"),
        (spectral_norm, "weight_orig"),
        (lambda layer: prune.l1_unstructured(layer, "weight", 0.5), "weight_orig"),
    ],
)
def test_a_weight_that_a_layer_computes_counts_as_it_is_used(normalise: Callable, name: str) -> None:
    layer = normalise(nn.Linear(6, 6, bias=False)).eval()
    with torch.no_grad():
        layer.get_parameter(name).mul_(2)  # which hooks see at the next pass only
    used = layer(torch.eye(6)).T.detach()
    assert list(prunable(layer)) == [name]
    torch.testing.assert_close(effective_weights(layer)[name], used)


def test_weights_under_masks_of_torch_prune_are_named_without_orig_and_count_as_zero() -> None:
    network = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    prune.random_unstructured(network[0], "weight", amount=0.5)
    inputs = torch.randn(12, 6)
    subject = Subject(network, Samples(inputs, torch.arange(12) % 3, inputs))
    assert list(subject.weights) == ["0.weight", "2.weight"]
    assert torch.equal(subject.weights["0.weight"], network[0].weight)
    kept = global_magnitude.make_mask(subject, 0.5, torch.Generator())["0.weight"]
    assert not kept[network[0].weight_mask == 0].any()


def test_transposed_convolutions_have_their_outputs_on_the_second_axis() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 6, 2, groups=2))
    assert input_first(network) == {"1.weight": 2}
    kernels = layer_weights(network)
    assert [tuple(kernel.shape) for kernel in kernels.values()] == [(8, 3, 3, 3), (6, 4, 2, 2)]
    for output in range(6):
        with torch.no_grad():
            images = torch.zeros(1, 8, 1, 1)
            reached = [network[1](images.index_fill(1, torch.tensor([i]), 1.0)) - network[1](images) for i in range(8)]
        found = torch.stack([image[0, output] for image in reached])[output // 3 * 4 : output // 3 * 4 + 4]
        torch.testing.assert_close(kernels["1.weight"][output], found)
    weight = torch.randn(8, 3, 2, 2)
    assert torch.equal(swapped(swapped(weight, 2), 2), weight)
