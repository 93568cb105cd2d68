"""Use of parameters in a network, found by running it."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

aten = torch.ops.aten

WITH_ADDEND = {aten.addmm, aten.baddbmm, aten.addbmm, aten.addmv}
PRODUCTS = {*flop_registry, *WITH_ADDEND, aten.mv, aten._trilinear}
LOOKUPS = {aten.embedding, aten._embedding_bag, aten.index, aten.index_select, aten.gather, aten.take}
JOINS = {aten.cat, aten.stack, aten.repeat}


def multiplying(network: nn.Module, parameters: Mapping[str, Tensor], inputs: Tensor) -> set[str]:
    """Return which of the parameters are matrices or kernels that something computed from the inputs is multiplied by.

    Those that are only added, that scale element by element, or that are tables of which entries are looked up are
    none. The network is run once, on `inputs`, in evaluation mode, and may change thereby.
    """
    following = _Following(parameters, inputs)
    with torch.no_grad(), following:
        network.eval()(inputs)
    return following.multiplying - following.looked_up


class _Following(TorchDispatchMode):
    """Follow the entries of parameters to the products that they are factors of.

    Entries stay what they are through views, through functions of single entries and where tensors are joined. What
    depends on the inputs holds no parameter's entries, whatever is in it.
    """

    def __init__(self, parameters: Mapping[str, Tensor], inputs: Tensor) -> None:
        super().__init__()
        self.multiplying: set[str] = set()
        self.looked_up: set[str] = set()
        self._holds = {id(parameter): {name} for name, parameter in parameters.items()}
        self._from_inputs = {_memory(inputs)}
        self._alive: list[Any] = [inputs]  # so that no other tensor gets the same place in memory

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, and note what it does with parameters."""
        result = func(*args, **(kwargs or {}))
        packet, given, results = func._overloadpacket, list(_tensors((args, kwargs))), list(_tensors(result))
        self._alive += results
        if packet in LOOKUPS:
            self.looked_up |= self._held(given[:1])
        elif any(_memory(tensor) in self._from_inputs for tensor in given):
            if packet in PRODUCTS:
                self.multiplying |= self._held(_factors(packet, given))
        elif packet not in PRODUCTS:
            self._pass_on(packet, given, results)
            return result
        if any(_memory(tensor) in self._from_inputs for tensor in given):
            self._from_inputs |= {_memory(tensor) for tensor in results}
        return result

    def _pass_on(self, packet: Any, given: list[Tensor], results: list[Tensor]) -> None:
        for tensor in results:
            kept = [t for t in given if packet in JOINS or _memory(t) == _memory(tensor) or t.numel() == tensor.numel()]
            self._holds[id(tensor)] = self._held(kept)

    def _held(self, tensors: list[Tensor]) -> set[str]:
        known = [tensor for tensor in tensors if _memory(tensor) not in self._from_inputs]
        return {name for tensor in known for name in self._holds.get(id(tensor), ())}


def _factors(packet: Any, given: list[Tensor]) -> list[Tensor]:
    return given[1:3] if packet in WITH_ADDEND else given[:3]


def _tensors(tree: Any) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor))


def _memory(tensor: Tensor) -> int:
    place: int = tensor.untyped_storage()._cdata
    return place
