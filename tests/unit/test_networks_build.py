"""Every architecture builds what it promises and can be rebuilt from its description."""

import pytest
import torch
from torch import fx, nn

from emergence.core.torchvision_import import torchvision
from emergence.networks import Architecture, build, describe
from emergence.parameters.networks import CNN, MLP, VGG, CustomNetwork, ResNet, Transformer

CASES = [
    Architecture("mlp", (1, 8, 8), 10, {"widths": [16, 8], "activation": "tanh"}),
    Architecture("mlp", (40,), 3, {"widths": [7], "activation": "relu"}),
    Architecture("cnn", (3, 9, 12), 5, {"channels": [4, 6], "activation": "gelu", "batch_norm": True}),
    Architecture("cnn", (2, 16), 5, {"channels": [4, 6], "activation": "silu", "batch_norm": True}),
    Architecture("cnn", (40,), 5, {"channels": [4, 6, 8], "activation": "sigmoid"}),
    Architecture("vgg", (3, 32, 32), 10, {"depth": 11}),
    Architecture("resnet", (1, 32, 32), 7, {"depth": 18}),
    Architecture("resnet", (3, 32, 32), 10, {}),
]


@pytest.mark.parametrize("architecture", CASES, ids=lambda a: f"{a.builder}-{len(a.input_shape)}d-{len(a.options)}")
def test_networks_map_samples_to_one_logit_per_class_also_when_traced(architecture: Architecture) -> None:
    network = build(Architecture.from_json(architecture.to_json())).eval()
    inputs = torch.randn(3, *architecture.input_shape)
    logits = network(inputs)
    assert logits.shape == (3, architecture.classes)
    torch.testing.assert_close(fx.symbolic_trace(network)(inputs), logits)


@pytest.mark.parametrize("depth", [11, 16, 19])
def test_vgg_has_the_convolutions_of_torchvision(depth: int) -> None:
    published = getattr(torchvision.models, f"vgg{depth}_bn")(init_weights=False).features
    shapes = [
        [m.weight.shape for m in net.modules() if isinstance(m, nn.Conv2d)]
        for net in (build(Architecture("vgg", (3, 32, 32), 10, {"depth": depth})), published)
    ]
    assert shapes[0] == shapes[1]


def test_vgg_of_a_quarter_of_the_width_has_a_quarter_of_the_channels() -> None:
    full, quarter = (
        [
            m.out_channels
            for m in build(Architecture("vgg", (3, 32, 32), 10, {"width": width})).modules()
            if isinstance(m, nn.Conv2d)
        ]
        for width in (1.0, 0.25)
    )
    assert [4 * channels for channels in quarter] == full


def test_sections_of_the_parameters_become_descriptions() -> None:
    assert describe(MLP(), (1, 8, 8), 10).options == {"widths": [64, 32], "activation": "relu"}
    assert describe(CNN(), (1, 8, 8), 10).options == {"channels": [8, 16], "activation": "relu", "batch_norm": False}
    assert describe(VGG(), (3, 32, 32), 10).options == {"depth": 19, "width": 1.0}
    assert describe(ResNet(), (3, 32, 32), 10).options == {"depth": 20}
    sizes = {"blocks": 2, "heads": 4, "width": 64, "activation": "gelu", "feed_forward": True}
    assert describe(Transformer(), (32,), 65).options == sizes
    own = describe(CustomNetwork(builder=f"{__name__}:narrow", options={"width": 3}), (4,), 2)
    assert own == Architecture(f"{__name__}:narrow", (4,), 2, {"width": 3})
    assert build(own)[0].out_features == 3


def narrow(input_shape: tuple[int, ...], classes: int, width: int) -> nn.Module:
    """A network of a user's own."""
    return nn.Sequential(nn.Linear(input_shape[0], width), nn.ReLU(), nn.Linear(width, classes))


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Architecture("mpl", (4,), 2), "did you mean 'mlp'"),
        (Architecture("mlp", (4,), 2, {"width": [3]}), "width"),
        (Architecture("mlp", (4,), 2, {"activation": "rleu"}), "did you mean 'relu'"),
        (Architecture("cnn", (1, 8, 8), 2, {"channels": [2, 2, 2, 2]}), "sides of at least 16"),
        (Architecture("cnn", (1, 8, 8, 8), 2), "1 to 3 dimensions"),
        (Architecture("vgg", (3, 28, 28), 10), "32, 32"),
        (Architecture("vgg", (3, 32, 32), 10, {"depth": 13}), "allowed: 11, 16, 19"),
        (Architecture("resnet", (3, 28, 28), 10), r"\(channel, 32, 32\), got \(3, 28, 28\)"),
        (Architecture("resnet", (3, 32, 32), 10, {"depth": 50}), "depth 50; allowed: 18, 20"),
        (Architecture("transformer", (1, 8), 5), r"\(length,\), got inputs of shape \(1, 8\)"),
        (Architecture("transformer", (8,), 5, {"heads": 3, "width": 64}), "3 heads do not divide the width 64"),
        (Architecture("transformer", (8,), 5, {"heads": 0}), "0 heads do not divide"),
        (Architecture("transformer", (8,), 5, {"activation": "glue"}), "did you mean 'gelu'"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_reason(architecture: Architecture, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(architecture)


def test_a_text_that_is_no_description_is_refused() -> None:
    for text in ("{", "[]", '{"builder": "mlp"}', '{"builder": "mlp", "input_shape": [1], "classes": 2, "more": 1}'):
        with pytest.raises(ValueError, match="not the description"):
            Architecture.from_json(text)
