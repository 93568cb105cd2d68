"""Forward functions of torch's transformer encoder without its control flow, so that it can be traced."""

from collections.abc import Callable
from typing import Any

from torch import nn


def encoder_layer(
    layer: nn.TransformerEncoderLayer,
    src: Any,
    src_mask: Any = None,
    src_key_padding_mask: Any = None,
    is_causal: bool = False,
) -> Any:
    """`nn.TransformerEncoderLayer.forward`."""

    def attend(x: Any) -> Any:
        attended = layer.self_attn(
            x, x, x, key_padding_mask=src_key_padding_mask, need_weights=False, attn_mask=src_mask
        )
        return layer.dropout1(attended[0])

    def feed_forward(x: Any) -> Any:
        return layer.dropout2(layer.linear2(layer.dropout(layer.activation(layer.linear1(x)))))

    if layer.norm_first:
        src = src + attend(layer.norm1(src))
        return src + feed_forward(layer.norm2(src))
    src = layer.norm1(src + attend(src))
    return layer.norm2(src + feed_forward(src))


def encoder(
    stack: nn.TransformerEncoder,
    src: Any,
    mask: Any = None,
    src_key_padding_mask: Any = None,
    is_causal: bool | None = None,
) -> Any:
    """`nn.TransformerEncoder.forward`."""
    for layer in stack.layers:
        src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask)
    return src if stack.norm is None else stack.norm(src)


TRACEABLE_FORWARD: dict[type[nn.Module], Callable[..., Any]] = {
    nn.TransformerEncoderLayer: encoder_layer,
    nn.TransformerEncoder: encoder,
}
