import pytest
import torch
from torch import nn
from torch.nn import functional as F

from emergence.landscape.fast_forms import (
    columns_innermost,
    flatten_channels_innermost,
    flattened_images,
    pooled_windows,
    sliced_max_pool,
    speed_up,
    windows,
)


@pytest.mark.parametrize(("size", "sides"), [((2, 2), (12, 12)), ((1, 4), (7, 11)), ((5, 2), (5, 4))])
def test_slices_give_what_max_pooling_gives(size: tuple[int, int], sides: tuple[int, int]):
    images = torch.randn(3, 4, *sides, generator=torch.Generator().manual_seed(0))
    images[0, 0, 0, 0], images[1, 1, 2, 2] = torch.nan, -torch.inf
    torch.testing.assert_close(
        sliced_max_pool(images, size), F.max_pool2d(images, size), rtol=0, atol=0, equal_nan=True
    )


def test_a_relu_before_pooling_is_computed_after_it_to_the_same_result():
    network = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2), nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, stride=1)), nn.ReLU())
    images = torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    images[0, 0, 0, 0] = torch.nan
    expected = network(images)
    speed_up(network)
    assert network[0](images) is images
    torch.testing.assert_close(network(images.clone()), expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("size", [(2, 2), (1, 4)])
def test_pooling_behind_a_named_layer_reads_windows_to_the_same_result(size: tuple[int, int]):
    convolution = nn.Conv2d(3, 4, 3, padding=1)
    network = nn.Sequential(nn.Sequential(convolution, nn.ReLU(), nn.MaxPool2d(size)), nn.Conv2d(4, 2, 1), nn.ReLU())
    images = torch.randn(5, 3, 7, 9, generator=torch.Generator().manual_seed(0))
    expected, outputs = network(images), convolution(images)
    speed_up(network)
    assert pooled_windows(network, ["0.0", "1"]) == {"0.0": size}
    convolution.forward = lambda _: windows(outputs, size).amax(0)
    torch.testing.assert_close(network(images), expected)


@pytest.mark.parametrize(
    ("layer", "replaced"),
    [
        (nn.MaxPool2d((2, 3)), True),
        (nn.MaxPool2d(3, stride=3), True),
        (nn.MaxPool2d(3, stride=2), False),
        (nn.MaxPool2d(2, padding=1), False),
        (nn.MaxPool2d(2, dilation=2), False),
        (nn.MaxPool2d(2, ceil_mode=True), False),
        (nn.MaxPool2d(2, return_indices=True), False),
        (nn.AvgPool2d(2), False),
    ],
)
def test_only_windows_that_tile_the_image_are_sliced(layer: nn.Module, replaced: bool):
    network = nn.Sequential(layer)
    speed_up(network)
    assert ("forward" in vars(layer)) == replaced


@pytest.mark.parametrize(("shape", "bias"), [((7, 5), True), ((7, 5), False), ((3, 7, 5), True), ((5,), True)])
def test_linear_layers_that_write_to_memory_at_hand_give_the_same_for_samples_of_any_number(
    shape: tuple[int, ...], bias: bool
):
    layer = nn.Linear(5, 4, bias=bias).requires_grad_(False)
    network = nn.Sequential(layer)
    generator = torch.Generator().manual_seed(0)
    samples = [torch.randn(shape, generator=generator) for _ in range(2)]
    samples.append(samples[0][:2] if len(shape) > 1 else samples[0])
    expected = [F.linear(inputs, layer.weight, layer.bias) for inputs in samples]
    speed_up(network)
    for inputs, result in zip(samples, expected, strict=True):
        torch.testing.assert_close(network(inputs), result)


def test_a_layer_whose_result_is_given_already_keeps_it():
    network = nn.Sequential(nn.Linear(5, 4))
    given = torch.ones(2, 4)
    network[0].forward = lambda _: given
    speed_up(network)
    assert network(torch.zeros(2, 5)) is given


def test_images_flattened_as_they_are_stored_meet_weights_of_the_same_order():
    head = nn.Sequential(nn.Flatten(), nn.Linear(3 * 2 * 4, 5))
    network = nn.Sequential(nn.Identity(), head, nn.Flatten(), nn.Linear(5, 2)).requires_grad_(False)
    images = torch.randn(6, 3, 2, 4, generator=torch.Generator().manual_seed(0))
    expected = network(images)
    shapes = flattened_images(network, images)
    assert shapes == {"1.1.weight": torch.Size([3, 2, 4])}
    flatten_channels_innermost(network, shapes)
    assert not torch.allclose(network(images), expected)
    head[1].weight.data = columns_innermost({"1.1.weight": head[1].weight}, shapes)["1.1.weight"]
    torch.testing.assert_close(network(images), expected)
