"""Vectors other than those of single tokens as the input of a network that reads tokens."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map


class EmbeddedAs(TorchFunctionMode):
    """While it is active, embeddings of `tokens` give the products of `blends` with their rows.

    `blends` (sample, position, blended) say how much of each of the tokens `blended` there is in place of `tokens`
    (sample, position); the network must be given the copy `self.tokens`, parts or copies of it, and `used` tells
    whether an embedding has read any.
    """

    def __init__(self, tokens: Tensor, blends: Tensor, blended: Tensor) -> None:
        super().__init__()
        self.tokens, self.used = tokens.clone(memory_format=torch.contiguous_format), False
        self._blends, self._blended = blends.flatten(0, 1), blended
        places = torch.arange(tokens.numel(), device=tokens.device)
        self._held = {_memory(self.tokens): (self.tokens, places)}
        """By memory: a tensor of tokens, and which of all tokens lies where."""

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
        if func in (Tensor.clone, torch.cat) and all(map(self._holds, tree_leaves(args[0]))):
            copy: Tensor = func(*args, **(kwargs or {})).contiguous()
            places = func(tree_map(self._places, args[0]), *args[1:], **(kwargs or {}))
            self._held[_memory(copy)] = (copy, places.contiguous().flatten())
            return copy
        if func is not functional.embedding or not self._holds(given["input"]):
            return func(*args, **(kwargs or {}))
        self.used = True
        weight = given["weight"]
        blends = self._blends[self._places(given["input"])].to(weight.dtype)
        return blends @ weight[self._blended]

    def _holds(self, index: Any) -> bool:
        return type(index) is Tensor and _memory(index) in self._held

    def _places(self, index: Tensor) -> Tensor:
        """Which of all tokens are in a part of them."""
        return self._held[_memory(index)][1].as_strided(index.shape, index.stride(), index.storage_offset())


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
