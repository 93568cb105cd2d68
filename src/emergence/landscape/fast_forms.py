"""Forms of layers, weights and images that a CPU computes faster and to the same result."""

from collections.abc import Callable, Collection, Mapping
from functools import partial, reduce
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


def speed_up(network: nn.Module) -> None:
    """Let linear layers and ReLU write to memory at hand, and max pooling compute by slices where windows tile images.

    A ReLU right before such a pooling is computed after it, on fewer numbers. Compare the results: a network that uses
    a layer, or what a ReLU reads, elsewhere too computes something else afterwards.
    """
    for layer in network.modules():
        if type(layer) is nn.ReLU:
            layer.inplace = True
        elif type(layer) is nn.Linear and "forward" not in vars(layer):
            _compute_by(layer, _Product(layer))
        elif type(layer) is nn.MaxPool2d and _tiles(layer):
            _compute_by(layer, partial(sliced_max_pool, size=_pair(layer.kernel_size)))
    for sequence in network.modules():
        if isinstance(sequence, nn.Sequential):
            for first, second in pairwise(sequence):
                if type(first) is nn.ReLU and type(second) is nn.MaxPool2d and _tiles(second):
                    _compute_by(first, lambda images: images)
                    _compute_by(second, partial(_pool_then_relu, size=_pair(second.kernel_size)))


class _Product:
    """What a linear layer computes, without its own memory for every result; the next one overwrites it."""

    def __init__(self, layer: nn.Linear) -> None:
        self._layer = layer
        self._result: Tensor | None = None

    def __call__(self, inputs: Tensor) -> Tensor:
        weight, bias = self._layer.weight, self._layer.bias
        if inputs.ndim != 2:
            return linear(inputs, weight, bias)
        if self._result is None or len(self._result) != len(inputs):
            self._result = inputs.new_empty(len(inputs), len(weight))
        torch.mm(inputs, weight.t(), out=self._result)
        return self._result if bias is None else self._result.add_(bias)


def channels_innermost(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Store images and kernels with channels as the innermost axis, which convolutions are fastest with."""
    return {
        name: tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
        for name, tensor in tensors.items()
    }


def outputs_innermost(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Store matrices of weights column by column, which spares oneDNN's products a rearrangement."""
    return {name: tensor.t().contiguous().t() if tensor.ndim == 2 else tensor for name, tensor in tensors.items()}


def flattened_images(network: nn.Module, inputs: Tensor) -> dict[str, torch.Size]:
    """Return the shapes (channel, height, width) of images that are flattened right before a linear layer.

    By the name of that layer's weight; a network that uses the flattened images elsewhere too is not told apart.
    """
    shapes: dict[str, torch.Size] = {}
    hooks = [
        flatten.register_forward_pre_hook(lambda _, images, weight=weight: shapes.update({weight: images[0].shape[1:]}))
        for flatten, weight in _flattening(network)
    ]
    network(inputs[:1].clone())
    for hook in hooks:
        hook.remove()
    return {weight: shape for weight, shape in shapes.items() if len(shape) == 3}


def flatten_channels_innermost(network: nn.Module, weights: Collection[str]) -> None:
    """Flatten images before the linear layers with these weights in the order in which they are stored.

    `columns_innermost` brings the weights into the same order, once for all points instead of images at every point.
    """
    for flatten, weight in _flattening(network):
        if weight in weights:
            _compute_by(flatten, _flatten_channels_innermost)


def columns_innermost(tensors: Mapping[str, Tensor], images: Mapping[str, torch.Size]) -> dict[str, Tensor]:
    """Order columns of weights that belong to (channel, height, width) of flattened images with channels innermost."""
    return {
        name: tensor.unflatten(1, images[name]).permute(0, 2, 3, 1).flatten(1) if name in images else tensor
        for name, tensor in tensors.items()
    }


def pooled_windows(network: nn.Module, layers: Collection[str]) -> dict[str, tuple[int, int]]:
    """Let max pooling behind a ReLU behind one of the named layers read the largest of each window of its output.

    Returns the sizes of the windows by the names of these layers, whose output is to be the maximum over the first axis
    of what `windows` returns. To be called after `speed_up`, which leaves the ReLU out.
    """
    sizes: dict[str, tuple[int, int]] = {}
    for name, sequence in network.named_modules():
        children = list(sequence.named_children()) if isinstance(sequence, nn.Sequential) else []
        for (own, _), (_, relu), (_, pool) in zip(children, children[1:], children[2:], strict=False):
            layer = f"{name}.{own}".lstrip(".")
            if layer in layers and type(relu) is nn.ReLU and type(pool) is nn.MaxPool2d and _tiles(pool):
                sizes[layer] = _pair(pool.kernel_size)
                _compute_by(pool, torch.relu_)
    return sizes


def windows(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Return images (sample, channel, height, width) as (place in window, sample, channel, window row, window column).

    Windows of (height, width) `size` tile the images, what fills none is left out, and channels are innermost.

    >>> windows(torch.arange(12.0).reshape(1, 1, 3, 4), (2, 2)).flatten(1)
    tensor([[0., 2.],
            [1., 3.],
            [4., 6.],
            [5., 7.]])
    """
    height, width = _tiled(images, size)
    split: Tensor = images[..., :height, :width].unflatten(3, (-1, size[1])).unflatten(2, (-1, size[0]))
    return split.permute(3, 5, 0, 2, 4, 1).flatten(0, 1).contiguous().permute(0, 1, 4, 2, 3)


def sliced_max_pool(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the maximum of each window of (height, width) `size`; what fills no window at the edge is left out.

    >>> sliced_max_pool(torch.arange(12.0).reshape(1, 1, 3, 4), (2, 2))
    tensor([[[[5., 7.]]]])
    """
    height, width = _tiled(images, size)
    rows = reduce(torch.maximum, [images[..., i : height : size[0], :] for i in range(size[0])])
    return reduce(torch.maximum, [rows[..., j : width : size[1]] for j in range(size[1])])


def _tiled(images: Tensor, size: tuple[int, int]) -> tuple[int, int]:
    """Return the height and width of what windows of a size fill."""
    height, width = images.shape[-2:]
    return height // size[0] * size[0], width // size[1] * size[1]


def _pool_then_relu(images: Tensor, size: tuple[int, int]) -> Tensor:
    return sliced_max_pool(images, size).relu_()


def _flattening(network: nn.Module) -> list[tuple[nn.Flatten, str]]:
    """Return the layers that flatten samples right before a linear layer, each with the name of its weight."""
    return [
        (flatten, f"{name}.{own}.weight".lstrip("."))
        for name, sequence in network.named_modules()
        if isinstance(sequence, nn.Sequential)
        for flatten, (own, layer) in zip(sequence, list(sequence.named_children())[1:], strict=False)
        if type(flatten) is nn.Flatten and (flatten.start_dim, flatten.end_dim) == (1, -1) and type(layer) is nn.Linear
    ]


def _flatten_channels_innermost(images: Tensor) -> Tensor:
    return images.permute(0, 2, 3, 1).flatten(1)


def _compute_by(layer: nn.Module, function: Callable[[Tensor], Tensor]) -> None:
    layer.forward = function


def _tiles(layer: nn.MaxPool2d) -> bool:
    plain = not (layer.ceil_mode or layer.return_indices)
    adjoining = _pair(layer.stride) == _pair(layer.kernel_size)
    return plain and adjoining and _pair(layer.padding) == (0, 0) and _pair(layer.dilation) == (1, 1)


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
