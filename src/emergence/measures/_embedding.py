"""Vectors other than those of single tokens as the input of a network that reads tokens."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class EmbeddedAs(TorchFunctionMode):
    """While it is active, embeddings of `tokens` give the products of `blends` with their rows.

    `blends` (sample, position, token) say how much of each token there is in place of `tokens` (sample, position); the
    network must be given the copy `self.tokens`, or parts of it, and `used` tells whether an embedding has read any.

    >>> table = torch.tensor([[1.0], [3.0]])
    >>> with EmbeddedAs(torch.zeros(1, 1, dtype=torch.int64), torch.tensor([[[0.5, 0.5]]])) as reading:
    ...     functional.embedding(reading.tokens, table)
    tensor([[[2.]]])
    """

    def __init__(self, tokens: Tensor, blends: Tensor) -> None:
        super().__init__()
        self.tokens, self.used = tokens.clone(memory_format=torch.contiguous_format), False
        self._blends, self._places = blends.flatten(0, 1), torch.arange(tokens.numel(), device=tokens.device)

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run a function of torch, or blend the rows of a table."""
        given = dict(zip(("input", "weight"), args, strict=False)) | (kwargs or {})
        if func is not functional.embedding or not self._holds(given["input"]):
            return func(*args, **(kwargs or {}))
        self.used = True
        index, weight = given["input"], given["weight"]
        places = self._places.as_strided(index.shape, index.stride(), index.storage_offset())
        blends = self._blends[places].to(weight.dtype)
        return blends @ weight[: blends.shape[-1]]

    def _holds(self, index: Any) -> bool:
        mine = self.tokens.untyped_storage().data_ptr()
        return type(index) is Tensor and index.untyped_storage().data_ptr() == mine
