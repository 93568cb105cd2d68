import pytest
import torch
from torch import nn
from torch.nn import functional as F

from emergence.landscape.fast_forms import sliced_max_pool, speed_up


@pytest.mark.parametrize("size", [(2, 2), (3, 3), (1, 4), (5, 2)])
@pytest.mark.parametrize("sides", [(12, 12), (7, 11), (5, 4)])
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


@pytest.mark.parametrize(
    ("layer", "replaced"),
    [
        (nn.MaxPool2d(2), True),
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
