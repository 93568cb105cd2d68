"""Watching a network run: which of its operations depend on its input."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from emergence.graph.registry import RULES, MissingRuleError, Rule

READING = {
    "item", "tolist", "numpy", "__array__", "__bool__", "__int__", "__float__", "__index__", "__complex__",
    "__contains__", "equal", "allclose", "is_nonzero", "storage", "untyped_storage",
}  # fmt: skip
"""Names of functions by which Python reads the values of a tensor."""

_SILENT = {
    "grad_fn", "_base", "_version", "is_leaf", "requires_grad", "grad", "hash", "repr", "format", "data_ptr", "id",
    "zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like",
    "new_zeros", "new_ones", "new_empty", "new_full", "new_tensor",
}  # fmt: skip
"""Names of functions whose result depends on no value of their arguments."""

_SHAPED = {"expand_as", "view_as", "reshape_as", "type_as", "to"}
"""Names of functions whose result depends on the values of their first argument alone."""


class TraceError(ValueError):
    """A network does what cannot be followed."""


class Watch(TorchFunctionMode, ABC):
    """While it is entered and a model runs, its operations on values that depend on the input come to `take`.

    Modules whose class has a rule come as one operation. Raises TraceError where Python reads a value that depends on
    the input, since what follows might follow from that value.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._model, self._inside = model, False

    def run(self, inputs: Sequence[Tensor]) -> Any:
        """What the model gives for the inputs, which must be copies: a model may overwrite them."""
        self._around: list[str] = []
        modules = {module: name for name, module in self._model.named_modules() if name}
        for module, name in modules.items():
            is_leaf = type(module) in RULES and "forward" not in vars(module)
            call = self._call_leaf if is_leaf else self._call_module
            vars(module)["forward"] = partial(call, name, module, module.forward)
        try:
            with self:
                return self._model(*inputs)
        finally:
            for module in modules:
                forward = vars(module).pop("forward").args[2]
                if getattr(forward, "__func__", None) is not type(module).forward:
                    vars(module)["forward"] = forward

    @abstractmethod
    def depends(self, tensor: Tensor) -> bool:
        """Tell whether a tensor depends on the input."""

    @abstractmethod
    def take(self, operation: "Operation", args: Any, kwargs: dict[str, Any], run: Callable[[], Any]) -> Any:
        """Run an operation on something that depends on the input."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Called by torch in place of each of its functions."""
        kwargs = kwargs or {}
        run = partial(func, *args, **kwargs)
        if self._inside:
            return run()
        operation = Operation(func, around=self._around[-1] if self._around else "")
        relevant = args[:1] if operation.name in _SHAPED else (args, kwargs)
        if operation.name in _SILENT or not any(self.depends(t) for t in tensors_in(relevant)):
            return run()
        if getattr(func, "__name__", "") in READING:
            raise TraceError(f"control flow depends on the activations, which '{operation.name}' reads")
        return self.take(operation, args, kwargs, run)

    def _call_module(self, path: str, module: nn.Module, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._inside:
            return forward(*args, **kwargs)
        self._around.append(f"in module {type(module).__name__} at '{path}'")
        try:
            return forward(*args, **kwargs)
        finally:
            self._around.pop()

    def _call_leaf(self, path: str, module: nn.Module, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._inside:
            return forward(*args, **kwargs)
        self._inside = True
        try:
            run = partial(forward, *args, **kwargs)
            if not any(self.depends(t) for t in tensors_in((args, kwargs))):
                return run()
            return self.take(Operation(forward, path, module), args, kwargs, run)
        finally:
            self._inside = False


class Operation:
    """A function, a tensor method or a module."""

    def __init__(
        self, function: Callable[..., Any], path: str = "", module: nn.Module | None = None, around: str = ""
    ) -> None:
        self.function, self.path, self.module, self.around = function, path, module, around
        self.name = type(module).__name__ if module else name_of(function)

    @property
    def rule(self) -> Rule:
        """Rule of a module's class, of a function or of its name; MissingRuleError if there is none."""
        keys = [type(self.module)] if self.module else [self.function, self.name, self.name.rstrip("_")]
        found = next((RULES[key] for key in keys if key in RULES), None)
        if found is None:
            raise MissingRuleError(
                f"paths cannot be counted through {self}: it has no rule. Register one with "
                f'@emergence.register_rule("{self.name}") on a function that returns the number of paths arriving at '
                "its output"
            )
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operation) and (self.name, self.path) == (other.name, other.path)

    def __hash__(self) -> int:
        return hash((self.name, self.path))

    def __str__(self) -> str:
        where = f"at '{self.path}'" if self.module else self.around
        return f"{'module' if self.module else 'operation'} '{self.name}'" + (f" ({where})" if where else "")


def name_of(function: Callable[..., Any]) -> str:
    """Name of a function or of an attribute's getter, without the underscores of Python's own methods."""
    name = getattr(function, "__name__", type(function).__name__)
    if name in ("__get__", "__set__"):
        name = f"{function.__self__.__name__}{'=' if name == '__set__' else ''}"  # type: ignore[attr-defined]
    name = name.split(".")[0]  # an overload of torch.ops
    return name.strip("_") if name.startswith("__") and name.endswith("__") else name


def leaves_in(value: Any) -> Iterator[Any]:
    """Arguments or results of operations, one by one: what tuples, lists, dictionaries and slices hold."""
    if isinstance(value, slice):
        value = value.start, value.stop, value.step
    elif isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        for part in value:
            yield from leaves_in(part)
    else:
        yield value


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in arguments or results of operations."""
    return (leaf for leaf in leaves_in(value) if isinstance(leaf, Tensor))


def map_arguments(value: Any, change: Callable[[Any], Any]) -> Any:
    """Arguments of an operation with everything in tuples, lists, dictionaries and slices changed."""
    if isinstance(value, tuple):
        return tuple(map_arguments(part, change) for part in value)
    if isinstance(value, list):
        return [map_arguments(part, change) for part in value]
    if isinstance(value, dict):
        return {key: map_arguments(part, change) for key, part in value.items()}
    if isinstance(value, slice):
        return slice(*(map_arguments(part, change) for part in (value.start, value.stop, value.step)))
    return change(value)
