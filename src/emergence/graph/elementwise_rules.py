"""Rules of operations on one unit at a time: non-linearities, normalisation, arithmetic."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from emergence.graph.edges import Edges
from emergence.graph.registry import Weights, register_rule

_NONLINEAR_MODULES = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Softplus, nn.Softsign, nn.Softshrink, nn.Hardshrink, nn.Tanhshrink, nn.Hardtanh, nn.Hardsigmoid, nn.Hardswish,
    nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Threshold, nn.Softmax2d, nn.LogSoftmax, nn.Softmin,
)  # fmt: skip
_NONLINEAR_FUNCTIONS = (
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus",
    "softsign", "softshrink", "hardshrink", "tanhshrink", "hardtanh", "hardsigmoid", "hardswish", "sigmoid",
    "logsigmoid", "log_sigmoid", "tanh", "threshold", "log_softmax", "softmin", "clamp", "clamp_min", "clamp_max",
    "clip",
)  # fmt: skip
_NORMALISING_MODULES = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm, nn.LayerNorm, nn.RMSNorm, nn.GroupNorm,
    nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d, nn.LocalResponseNorm, nn.CrossMapLRN2d,
)  # fmt: skip
_NORMALISING_FUNCTIONS = (
    "batch_norm", "layer_norm", "rms_norm", "group_norm", "instance_norm", "local_response_norm", "normalize",
)  # fmt: skip
_DROPPING_MODULES = (
    nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout, nn.Identity,
)  # fmt: skip
_DROPPING_FUNCTIONS = (
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "feature_dropout",
    "stochastic_depth",
)  # fmt: skip
# Powers and logarithms are arithmetic, not non-linearities: a GELU written out in them has its site at the tanh.
_ARITHMETIC_FUNCTIONS = (
    "neg", "negative", "pow", "rpow", "square", "sqrt", "rsqrt", "reciprocal", "exp", "exp2", "expm1", "log", "log2",
    "log10", "log1p", "abs", "absolute", "sign", "sgn", "sin", "cos", "tan", "sinh", "cosh", "asin", "acos", "atan",
    "asinh", "acosh", "atanh", "erf", "erfc", "erfinv", "floor", "ceil", "round", "trunc", "fix", "frac", "nan_to_num",
    "int", "long", "short", "bool", "byte", "add", "iadd", "radd", "sub", "isub", "subtract", "rsub", "maximum", "minimum", "fmax", "fmin", "hypot", "atan2", "fmod",
    "remainder", "logaddexp", "lt", "le", "gt", "ge", "eq", "ne", "less", "greater", "less_equal", "greater_equal",
    "not_equal", "isnan", "isinf", "isfinite", "logical_and", "logical_or", "logical_not", "logical_xor",
    "bitwise_and", "bitwise_or", "bitwise_not", "bitwise_xor", "invert", "and", "or", "xor", "lerp", "xlogy",
    "floordiv", "rfloordiv", "mod", "rmod", "copysign",
)  # fmt: skip


@register_rule(*_NONLINEAR_MODULES, *_NONLINEAR_FUNCTIONS, nonlinear=True)
@register_rule(*_NORMALISING_MODULES, *_NORMALISING_FUNCTIONS)
@register_rule(*_DROPPING_MODULES, *_DROPPING_FUNCTIONS, moves=True)
def pass_through(edges: Edges, *arguments: Any, **settings: Any) -> Any:
    """Every unit wires to the one at its place; what follows the first argument is a setting."""
    return next(argument for argument in (*arguments, *settings.values()) if isinstance(argument, Tensor | Weights))


@register_rule("glu", nonlinear=True)
def gated_linear_unit(edges: Edges, x: Tensor, dim: int = -1) -> Tensor:
    """An output depends on its value and on its gate."""
    return torch.add(*x.chunk(2, dim))


@register_rule(nn.GLU, nonlinear=True)
def gated_linear_unit_module(edges: Edges, module: nn.GLU, x: Tensor) -> Tensor:
    """`gated_linear_unit` along the module's dimension."""
    return gated_linear_unit(edges, x, module.dim)


@register_rule(*_ARITHMETIC_FUNCTIONS)
def arithmetic(edges: Edges, *terms: Any, **settings: Any) -> Tensor:
    """A result depends on every term, at its place; a term that does not depend on the input brings no paths."""
    shapes = [term.shape for term in (*terms, *settings.values()) if isinstance(term, Tensor | Weights)]
    arriving = [term for term in (*terms, *settings.values()) if isinstance(term, Tensor) and term.is_floating_point()]
    return reduce(torch.add, arriving).expand(torch.broadcast_shapes(*shapes))


@register_rule("mul", "imul", "rmul", "multiply")
def multiply(edges: Edges, first: Any, second: Any) -> Tensor:
    """A product depends on both factors, such as a value and its gate; a fixed factor is a weight."""
    first, second = _fixed(first), _fixed(second)
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return torch.add(first, second)
    paths, factor = (first, second) if isinstance(first, Tensor) else (second, first)
    return torch.mul(paths, edges(factor, paths) if isinstance(factor, Weights) else edges.scalar(factor))


@register_rule("rdiv", "rtruediv")
def divide_by(edges: Edges, divisor: Tensor, dividend: Any) -> Tensor:
    """`divide` with its terms in the other order."""
    return divide(edges, dividend, divisor)


@register_rule("div", "truediv", "itruediv", "divide", "true_divide", "floor_divide")
def divide(edges: Edges, first: Any, second: Any, rounding_mode: str | None = None) -> Tensor:
    """A quotient depends on both terms; a fixed divisor is a weight."""
    first, second = _fixed(first), _fixed(second)
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return first + second
    if isinstance(second, Tensor):
        return multiply(edges, first, second)
    return multiply(edges, first, Weights(1 / second.tensor) if isinstance(second, Weights) else 1 / second)


@register_rule("addcmul")
def add_product(edges: Edges, added: Any, first: Any, second: Any, **settings: Any) -> Tensor:
    """A sum of a term and a product."""
    return _sum(edges, added, first, second, multiply)


@register_rule("addcdiv")
def add_quotient(edges: Edges, added: Any, first: Any, second: Any, **settings: Any) -> Tensor:
    """A sum of a term and a quotient."""
    return _sum(edges, added, first, second, divide)


def _fixed(term: Any) -> Any:
    """A constant of integers or truth values as weights; numbers of paths are floats."""
    return Weights(term) if isinstance(term, Tensor) and not term.is_floating_point() else term


def _sum(edges: Edges, added: Any, first: Any, second: Any, join: Callable[..., Tensor]) -> Tensor:
    if not isinstance(first, Tensor) and not isinstance(second, Tensor):
        return arithmetic(edges, added, first, second)
    joined = join(edges, first, second)
    return joined + added if isinstance(added, Tensor) else joined
