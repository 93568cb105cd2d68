"""Tracing with torch.fx where Python asks for a number that only the shapes of the input decide."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.proxy import Attribute, TraceError

from emergence.graph.registry import has_own_rule
from emergence.graph.transformer_layers import TRACEABLE_FORWARD

# Functions that make tensors of a size, which torch.fx records only if told to.
_FACTORIES = (
    torch.zeros, torch.ones, torch.full, torch.empty, torch.eye, torch.arange, torch.linspace, torch.tril_indices,
    torch.triu_indices,
)  # fmt: skip


class Tracer(fx.Tracer):
    """Record a network's operations; conditions and lengths that depend on shapes are found by running an example.

    Raises TraceError where they depend on activations or on the number of samples.
    """

    def __init__(self, example: tuple[Tensor, ...]) -> None:
        super().__init__(autowrap_functions=_FACTORIES)
        self._autowrap_search.append(torch)  # where the factories are looked up by networks
        self._examples = (example, twice(example))
        self._runs: list[_PartialRun] = []
        self._running = False

    def create_args_for_root(self, root_fn: Any, is_module: bool, concrete_args: Any = None) -> tuple[Any, list[Any]]:
        """Stand-ins for the inputs at hand; further arguments of the network's forward keep their defaults."""
        parameters = list(inspect.signature(root_fn).parameters.values())[1:]
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        names += [f"input{index}" for index in range(len(names), len(self._examples[0]))]
        inputs = names[: len(self._examples[0])]
        return root_fn, [self.root, *(self.create_proxy("placeholder", name, (), {}) for name in inputs)]

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Modules with a rule of their own, and those of torch that need not be looked into."""
        if has_own_rule(m):
            return True
        return type(m) not in TRACEABLE_FORWARD and super().is_leaf_module(m, module_qualified_name)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Trace a module, through an equal forward without control flow where torch's own has some."""
        if self._running:  # while an example runs, calls are calls
            return forward(*args, **kwargs)
        own = TRACEABLE_FORWARD.get(type(m))
        return super().call_module(m, forward if own is None else partial(own, m), args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """Attribute of a module: recorded if it is a parameter, except while an example runs."""
        return attr_val if self._running else super().getattr(attr, attr_val, parameter_proxy_cache)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """Stand-in for a value that knows its length and number where shapes decide them."""
        return _KnownProxy(node, self)

    def to_bool(self, obj: fx.Proxy) -> bool:
        """Decide a condition."""
        return bool(self.known(obj, lambda value: value))

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        """Take apart a sequence."""
        sequence: Any = obj
        return (sequence[index] for index in range(self.known(obj, len)))

    def known(self, proxy: fx.Proxy, read: Callable[[Any], Any]) -> Any:
        """What `read` gives for one and for two samples, if it is the same and no tensor."""
        if not self._runs:
            self._runs = [_PartialRun(self.root, self.graph, example) for example in self._examples]
        node = proxy.node
        self._running = True
        first, second = (read(run.value(node)) for run in self._runs)
        self._running = False
        if isinstance(first, Tensor):
            raise TraceError(f"control flow depends on the activations at '{node.name}'")
        if first != second:
            raise TraceError(f"control flow depends on the number of samples at '{node.name}'")
        return first


class _KnownProxy(fx.Proxy):
    def __getattr__(self, k: str) -> Attribute:
        return _KnownAttribute(self, k)

    def __len__(self) -> int:
        return int(_tracer(self).known(self, len))

    def __index__(self) -> int:
        return int(_tracer(self).known(self, lambda value: value))

    __int__ = __index__


class _KnownAttribute(Attribute):
    __len__ = _KnownProxy.__len__
    __index__ = __int__ = _KnownProxy.__index__


class _PartialRun(fx.Interpreter):
    """Run the part of a graph that is traced already."""

    def __init__(self, root: nn.Module, graph: fx.Graph, example: tuple[Tensor, ...]) -> None:
        super().__init__(root, garbage_collect_values=False, graph=graph)
        self.args_iter = iter(example)

    def value(self, wanted: fx.Node) -> Any:
        """Value of a node."""
        for node in self.graph.nodes:
            if node not in self.env:
                self.env[node] = self.run_node(node)
        return self.env[wanted]


def twice(example: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The samples of each input repeated."""
    return tuple(torch.cat([x, x]) for x in example)


def _tracer(proxy: fx.Proxy) -> Tracer:
    assert isinstance(proxy.tracer, Tracer)
    return proxy.tracer
