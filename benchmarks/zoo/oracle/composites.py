"""Functions that torch would take apart into operators of another meaning, kept whole.

`F.normalize` would be a clamp and a quotient, `F.softsign` a quotient, attention a softmax and two products, though
docs/measure.md says of each what it wires. While this mode is entered they are dispatched as operators of their own.
"""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

_FUSED = F.scaled_dot_product_attention
_LIBRARY = torch.library.Library("zoo", "FRAGMENT")


def _whole(schema: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    _LIBRARY.define(schema)
    name = schema.partition("(")[0]
    _LIBRARY.impl(name, function, "CompositeExplicitAutograd")
    return getattr(torch.ops.zoo, name)  # type: ignore[no-any-return]


def _attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, causal: bool, grouped: bool) -> Tensor:
    return _FUSED(q, k, v, mask, 0.0, causal, enable_gqa=grouped).clone()


_ATTENTION = _whole(
    "attention(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal, bool grouped) -> Tensor", _attend
)
_WHOLE: dict[Any, Callable[..., Tensor]] = {
    F.normalize: _whole("normalize(Tensor input, float p=2.0, int dim=1, float eps=1e-12) -> Tensor",
                        lambda x, p=2.0, dim=1, eps=1e-12: F.normalize(x, p, dim, eps)),
    F.softsign: _whole("softsign(Tensor input) -> Tensor", lambda x: F.softsign(x)),
    F.tanhshrink: _whole("tanhshrink(Tensor input) -> Tensor", lambda x: F.tanhshrink(x)),
    F.local_response_norm: _whole(
        "local_response_norm(Tensor input, int size, float alpha=0.0001, float beta=0.75, float k=1.0) -> Tensor",
        lambda x, size, alpha=1e-4, beta=0.75, k=1.0: F.local_response_norm(x, size, alpha, beta, k)),
}  # fmt: skip


class Whole(TorchFunctionMode):
    """Keeps these functions whole while a network runs."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by torch in place of each of its functions."""
        kwargs = kwargs or {}
        if func is _FUSED:
            return _attention(*args, **kwargs)
        if func is F.pad and "circular" in (*args[2:3], kwargs.get("mode")):
            return _wrapped_around(args[0], args[1] if len(args) > 1 else kwargs["pad"])
        if func is F.multi_head_attention_forward:
            return _heads(*args, **kwargs)
        if func in (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d):
            return _LP_POOLS[func](*args, **kwargs)
        if func in (F.rms_norm, torch.rms_norm):
            return _rms_norm(*args, **kwargs)
        if func in _WHOLE and kwargs.get("out") is None:
            return _WHOLE[func](*args, **{key: value for key, value in kwargs.items() if key != "out"})
        return func(*args, **kwargs)


def _heads(*args: Any, **kwargs: Any) -> Any:
    """The result by way of fused attention; the attention weights, if asked for, written out."""
    weights = F.multi_head_attention_forward(*args, **kwargs)[1] if kwargs.get("need_weights", True) else None
    with patch.object(F, "scaled_dot_product_attention", _attention):
        return F.multi_head_attention_forward(*args, **{**kwargs, "need_weights": False})[0], weights


def _wrapped_around(x: Tensor, pad: Any) -> Tensor:
    """Circular padding out of its parts; torch's own writes into memory where it cannot be followed."""
    for place in range(len(pad) // 2):
        dim, (left, right) = -1 - place, pad[2 * place : 2 * place + 2]
        length = x.shape[dim]
        x = torch.cat([x.narrow(dim, length - left, left), x, x.narrow(dim, 0, right)], dim)
    return x


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    if scale is not None:
        query = query * (scale * query.shape[-1] ** 0.5)
    return _ATTENTION(query, key, value, attn_mask, is_causal, enable_gqa)


_RMS = _whole("rms_norm(Tensor x, int[] shape, Tensor? weight, float? eps) -> Tensor",
              lambda x, shape, weight, eps: torch.rms_norm(x, shape, weight, eps).clone())  # fmt: skip


def _rms_norm(input: Tensor, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Tensor:
    return _RMS(input, list(normalized_shape), weight, eps)


def _lp_pool(dimensions: int, pool: Callable[..., Tensor]) -> Callable[..., Tensor]:
    inner = _whole(
        f"lp_pool{dimensions}d(Tensor x, int[] size, int[] stride, float p, bool ceil_mode) -> Tensor",
        lambda x, size, stride, p, ceil_mode: pool(x, p, _plain(size), _plain(stride), ceil_mode).clone(),
    )

    def call(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
        size = [kernel_size] if isinstance(kernel_size, int) else list(kernel_size)
        step = size if stride is None else [stride] if isinstance(stride, int) else list(stride)
        return inner(input, size, step, float(norm_type), ceil_mode)

    def _plain(extent: list[int]) -> Any:
        return extent[0] if len(extent) == 1 else tuple(extent)

    return call


_LP_POOLS = {pool: _lp_pool(place, pool) for place, pool in enumerate((F.lp_pool1d, F.lp_pool2d, F.lp_pool3d), start=1)}
