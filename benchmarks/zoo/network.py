"""How a network of the zoo is named, built and fed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map


@dataclass(frozen=True)
class Tokens:
    """An input of whole numbers below `limit`, of this shape for one sample."""

    shape: tuple[int, ...]
    limit: int


Input = tuple[int, ...] | Tokens
"""One sample of an input: the shape of normal noise, or `Tokens`."""


@dataclass(frozen=True)
class Network:
    """A network: what makes it (`package.module:name`), with which settings, and the inputs that it takes."""

    maker: str
    inputs: tuple[Input, ...]
    arguments: tuple[Any, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    wrap: Callable[[Any], nn.Module] | None = None
    """What makes a module that takes tensors of what the maker returns."""

    @property
    def name(self) -> str:
        """Package, class and what tells networks of one class apart."""
        module, _, made = self.maker.partition(":")
        return "/".join(part for part in (module.partition(".")[0], made, self.label) if part)

    @property
    def package(self) -> str:
        """The package that must be installed."""
        return self.maker.partition(":")[0].partition(".")[0]

    def build(self, seed: int = 0) -> nn.Module:
        """The network in evaluation mode, always with the same weights."""
        torch.manual_seed(seed)
        made = self._make()
        return (self.wrap(made) if self.wrap else made).eval()

    def _make(self) -> Any:
        """What the maker returns; settings that are themselves networks are parts and made first."""
        module, _, made = self.maker.partition(":")
        maker = attrgetter(made)(import_module(module))
        parts = tree_map(lambda part: part._make() if isinstance(part, Network) else part, self.settings)
        return maker(*self.arguments, **parts)

    def samples(self, number: int, seed: int = 1) -> tuple[Tensor, ...]:
        """Inputs of several samples, batch first."""
        draw = torch.Generator().manual_seed(seed)
        return tuple(_draw(one, number, draw) for one in self.inputs)


def _draw(one: Input, number: int, draw: torch.Generator) -> Tensor:
    if isinstance(one, Tokens):
        return torch.randint(1, one.limit, (number, *one.shape), generator=draw)
    return torch.randn(number, *one, generator=draw)


def network(maker: str, *inputs: Input, args: tuple[Any, ...] = (), label: str = "", **settings: Any) -> Network:
    """A network in one line: its maker, its inputs, its settings."""
    wrap = settings.pop("wrap", None)
    return Network(maker, inputs, args, settings, label, wrap)


class Call(nn.Module):
    """Calls a network by names of its arguments, for networks that take no tensors by position."""

    def __init__(self, network: nn.Module, *names: str, **fixed: Any) -> None:
        super().__init__()
        self.network, self.names, self.fixed = network, names, fixed

    def forward(self, *tensors: Tensor) -> Any:
        """What the network returns."""
        return self.network(**dict(zip(self.names, tensors, strict=True)), **self.fixed)
