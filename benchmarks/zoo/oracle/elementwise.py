"""Rules of operators on one unit at a time, and of sums, products and choices of two."""

from typing import Any

import torch
from torch import Tensor

from benchmarks.zoo.oracle.units import NotCheckable, Units, present, rule, spread, value_of

_NONLINEAR = (
    "relu", "leaky_relu", "_prelu_kernel", "elu", "gelu", "silu", "mish", "softplus", "softshrink", "hardshrink",
    "hardtanh", "hardsigmoid", "hardswish", "sigmoid", "tanh", "threshold", "_log_softmax", "clamp", "clamp_min",
    "clamp_max", "rrelu_with_noise", "softsign", "tanhshrink", "softmin",
)  # fmt: skip
_SAME = (
    "neg", "pow", "square", "sqrt", "rsqrt", "reciprocal", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p",
    "abs", "sign", "sgn", "erf", "erfc", "erfinv", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh",
    "acosh", "atanh", "floor", "ceil", "round", "trunc", "frac", "logit", "nan_to_num", "isnan", "isinf", "isfinite",
    "logical_not", "bitwise_not", "_conj", "_conj_physical", "conj_physical", "real", "imag", "angle", "normalize",
    "local_response_norm", "rms_norm", "fmod_scalar",
)  # fmt: skip
_KEPT = (
    "_to_copy", "clone", "alias", "detach", "lift_fresh", "lift_fresh_copy", "contiguous", "dropout", "resolve_conj",
    "resolve_neg", "view_dtype",
)  # fmt: skip
_NORMS = (
    "native_layer_norm", "native_group_norm", "native_batch_norm", "_native_batch_norm_legit",
    "_native_batch_norm_legit_no_training", "cudnn_batch_norm", "_fused_rms_norm", "native_dropout",
    "_batch_norm_no_update", "batch_norm_no_update",
)  # fmt: skip
_TERMS = (
    "add", "sub", "rsub", "maximum", "minimum", "fmax", "fmin", "atan2", "hypot", "logaddexp", "logaddexp2", "copysign",
    "remainder", "fmod", "floor_divide", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor",
    "bitwise_and", "bitwise_or", "bitwise_xor", "heaviside", "complex", "polar",
)  # fmt: skip


@rule(*_NONLINEAR, nonlinear=True)
@rule(*_KEPT, moves=True)
@rule(*_SAME)
def same_place(value: Tensor, *arguments: Any, **settings: Any) -> Tensor:
    """Every unit wires to the one at its place; with two units, such as base and exponent, both do."""
    terms = [argument for argument in (*arguments, *settings.values()) if isinstance(argument, Units)]
    return torch.stack([spread(term, value.shape) for term in terms]).sum(0)


@rule(*_NORMS)
def first_result(value: Any, x: Units, *arguments: Any, **settings: Any) -> Any:
    """Normalisation wires unit to unit; the statistics that it also gives have no paths that are told."""
    return (x.paths, *[None] * (len(value) - 1))


@rule("log_sigmoid_forward", nonlinear=True)
def log_sigmoid(value: Any, x: Units) -> Any:
    """The first result is the activation."""
    return (x.paths, None)


@rule("_softmax", "_safe_softmax", nonlinear=True)
def softmax(value: Tensor, x: Units, *settings: Any, **named: Any) -> Tensor:
    """Unit to unit, but where a mask makes the weight exactly zero."""
    return x.paths * present(value)


@rule("glu", nonlinear=True)
def glu(value: Tensor, x: Units, dim: int = -1) -> Tensor:
    """Value and gate."""
    dim = dim % x.value.ndim + 1
    return torch.add(*x.paths.chunk(2, dim))


@rule(*_TERMS)
def terms(value: Tensor, *arguments: Any, **settings: Any) -> Tensor:
    """A sum and the like depends on each of its terms; a constant term brings none."""
    return torch.stack([spread(a, value.shape) for a in arguments[:2] if isinstance(a, Units)]).sum(0)


@rule("mul")
def product(value: Tensor, first: Any, second: Any) -> Tensor:
    """A product depends on both factors; a constant one is a weight."""
    if isinstance(first, Units) and isinstance(second, Units):
        return spread(first, value.shape) + spread(second, value.shape)
    units, factor = (first, second) if isinstance(first, Units) else (second, first)
    return spread(units, value.shape) * present(factor)


@rule("div")
def quotient(value: Tensor, first: Any, second: Any, **settings: Any) -> Tensor:
    """A quotient depends on both terms; a constant divisor is a weight."""
    if isinstance(second, Units):
        return product(value, first, second)
    return product(value, first, 1 / torch.as_tensor(second).double())


@rule("addcmul", "addcdiv")
def sum_with_product(value: Tensor, term: Any, first: Any, second: Any, **settings: Any) -> Tensor:
    """A term and a product."""
    factors = first if isinstance(first, Units) or isinstance(second, Units) else None
    return spread(term, value.shape) + (0 if factors is None else product(value, first, second))


@rule("lerp")
def interpolation(value: Tensor, start: Any, end: Any, weight: Any) -> Tensor:
    """Both ends, and the weight between them."""
    if isinstance(weight, Units):
        return sum(spread(term, value.shape) for term in (start, end, weight))  # type: ignore[return-value]
    share = torch.as_tensor(weight)
    return spread(start, value.shape) * present(1 - share) + spread(end, value.shape) * present(share)


@rule("where")
def choice(value: Tensor, condition: Any, first: Any, second: Any) -> Tensor:
    """What a fixed condition chooses; one that depends on units wires too, and so does either outcome."""
    one, other = spread(first, value.shape), spread(second, value.shape)
    if isinstance(condition, Units) and not condition.silent:
        return spread(condition, value.shape) + one + other
    chosen = value_of(condition).double()
    return one * chosen + other * (1 - chosen)


@rule("masked_fill")
def filled(value: Tensor, x: Any, mask: Any, filling: Any) -> Tensor:
    """Masked units are cut off; a mask that depends on units wires too."""
    return choice(value, mask, filling, x)


@rule("copy")
def copied(value: Tensor, old: Any, new: Any, *settings: Any) -> Tensor:
    """What was there before is gone."""
    return spread(new, value.shape)


@rule("fill", "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros", "new_ones",
      "new_full", "new_empty", "new_empty_strided", "bernoulli", "scalar_tensor", "zero")  # fmt: skip
def constant(value: Tensor, *arguments: Any, **settings: Any) -> None:
    """Depends on shapes alone."""
    return None


@rule("argmax", "argmin", "argsort", "bucketize", "searchsorted", "nonzero", "count_nonzero", "multinomial")
def chosen(value: Tensor, *arguments: Any, **settings: Any) -> Tensor:
    """Which unit it is follows from values; harmless where no path arrives."""
    if all(a.silent for a in arguments if isinstance(a, Units)):
        return torch.zeros(2, *value.shape, dtype=torch.float64)
    raise NotCheckable("an index that depends on values")
