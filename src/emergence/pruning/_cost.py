"""Cost of one pass through a network."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from emergence.core.modules import plain_copy, train_all


class _Counting(TorchDispatchMode):
    """Count the operations of products as torch's flop counter does, and those whose weight is not zero."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
        self.dense, self.effective = 0, 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and add its cost."""
        kwargs = kwargs or {}
        if func._overloadpacket not in flop_registry:
            with self:
                result = func.decompose(*args, **kwargs)
            return func(*args, **kwargs) if result is NotImplemented else result
        result = func(*args, **kwargs)
        operations = flop_registry[func._overloadpacket](*args, **kwargs, out_val=result)
        self.dense += operations
        self.effective += operations * self._density(args)
        return result

    def _density(self, arguments: Any) -> float:
        """Share of non-zero entries of a product's weight; a product of activations is dense."""
        matrices = (a for a in arguments if isinstance(a, Tensor) and a.ndim > 1)
        weights = [a for a in matrices if a.untyped_storage().data_ptr() in self.weights]
        return float(torch.count_nonzero(weights[0])) / weights[0].numel() if weights else 1.0


def multiply_adds(network: nn.Module, inputs: Tensor) -> tuple[int, int]:
    """Return the multiply-adds of one pass of inputs through a network: all, and those whose weight is not zero.

    Those of linear layers, convolutions and products of activations count, as in `torch.utils.flop_counter`, which
    counts each twice; biases, normalisations, non-linearities and pooling do not. Padding counts as any input.

    >>> layer = nn.Linear(3, 2)
    >>> _ = layer.weight.data.copy_(torch.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]]))
    >>> multiply_adds(layer, torch.zeros(5, 3))
    (30, 15)
    """
    copied = train_all(plain_copy(network)).eval()
    # With derivatives and attention written out, because fused operations of torch count nothing on some devices.
    with torch.inference_mode(False), sdpa_kernel(SDPBackend.MATH), _Counting(copied) as counting:
        copied(inputs.clone())
    return counting.dense // 2, round(counting.effective / 2)
