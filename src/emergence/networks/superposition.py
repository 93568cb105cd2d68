"""Toy model of superposition: more features than hidden units, told apart by the ReLU of the answer."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, relu


class ToyModel(nn.Module):
    """ReLU(W^T W x + b) / |x|_1, the answer in units of the input: with one active feature, at best one-hot.

    An input of zeros has the answer ReLU(b).
    """

    def __init__(self, features: int, hidden: int, scale: float) -> None:
        super().__init__()
        self.encode = nn.Linear(features, hidden, bias=False)
        self.bias = nn.Parameter(torch.zeros(features))
        nn.init.normal_(self.encode.weight, std=scale)

    def forward(self, inputs: Tensor) -> Tensor:
        size = inputs.abs().sum(1, keepdim=True)
        answers = relu(linear(self.encode(inputs), self.encode.weight.T, self.bias))
        return answers / torch.where(size > 0, size, 1)


def build(input_shape: tuple[int, ...], classes: int, hidden: int = 2, scale: float = 0.1) -> nn.Module:
    """Return the model of Elhage et al. (2022), with as many features as inputs; `scale` is the initial deviation.

    Raises ValueError where there are not as many classes as inputs, in one row.

    >>> build((6,), 6)(torch.eye(6)).shape
    torch.Size([6, 6])
    """
    if tuple(input_shape) != (classes,):
        raise ValueError(f"superposition needs as many classes as inputs, in a row, not {classes} for {input_shape}")
    return ToyModel(classes, hidden, scale)
