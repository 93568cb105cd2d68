"""Rules of products of activations, attention and embeddings.

A product depends on both factors, so each factor wires to it: in attention written out, queries and keys lead to the
attention weights (a site), and attention weights and values to the output, except where a mask keeps a weight at zero.
In fused attention (`scaled_dot_product_attention`, `nn.MultiheadAttention`) the attention weights are no units that can
be read. There the values alone wire to the output, from each position to those whose mask lets it be attended to;
queries and keys choose among these wires and add none.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emergence.graph.edges import Edges
from emergence.graph.registry import Weights, register_rule

PRODUCTS = ("matmul", "bmm", "mm", "einsum")
"""Names of products of tensors."""


@register_rule("rmatmul")
def product_from_the_right(edges: Edges, second: Tensor, first: Any) -> Tensor:
    """`matrix_product` with its factors in the other order."""
    return matrix_product(edges, first, second)


@register_rule("matmul", "bmm", "mm", "mv", "dot")
def matrix_product(edges: Edges, first: Any, second: Any, pattern: Tensor | None = None) -> Tensor:
    """A product with fixed weights is a linear layer; one of two activations wires both to the result.

    `pattern` tells which elements of the first factor a mask leaves.
    """
    if isinstance(second, Weights):
        return torch.matmul(first, edges(second, first))
    if isinstance(first, Weights):
        return torch.matmul(edges(first, second), second)
    present = _left_by(pattern, edges.every(first))
    return torch.matmul(first * present, edges.every(second)) + torch.matmul(present, second)


def _left_by(pattern: Tensor | None, present: Tensor) -> Tensor:
    """Which elements a mask leaves; it is that of one sample, whose dimension may be merged with others."""
    if pattern is None:
        return present
    return present * pattern.repeat(len(present) // len(pattern), *[1] * (pattern.ndim - 1))


@register_rule("addmm", "baddbmm", "addmv")
def added_product(edges: Edges, added: Any, first: Any, second: Any, **factors: float) -> Tensor:
    """`matrix_product`, and what is added to it."""
    product = matrix_product(edges, first, second)
    beta, alpha = factors.get("beta", 1), factors.get("alpha", 1)
    product = product * edges.scalar(alpha)
    return product + added * edges.scalar(beta) if isinstance(added, Tensor) else product


@register_rule("bilinear")
def bilinear(edges: Edges, first: Any, second: Any, weight: Weights, bias: Any = None) -> Tensor:
    """Both vectors wire to the results whose weight for the pair is not zero."""
    return einsum(edges, "...i,kij,...j->...k", first, weight, second)


@register_rule("einsum")
def einsum(edges: Edges, equation: str, *operands: Any, pattern: Tensor | None = None) -> Tensor:
    """A sum of products: every factor that depends on the input wires to the result.

    `pattern` tells which elements of the first factor a mask leaves.
    """
    factors = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    like = next(factor for factor in factors if isinstance(factor, Tensor))
    present = [edges(f, like) if isinstance(f, Weights) else edges.every(f) for f in factors]
    present[0] = _left_by(pattern, present[0])
    terms = [
        torch.einsum(equation, *present[:index], factor * present[index], *present[index + 1 :])
        for index, factor in enumerate(factors)
        if isinstance(factor, Tensor)
    ]
    return torch.stack(terms).sum(0)


@register_rule("softmax", nonlinear=True)
def softmax(edges: Edges, x: Tensor, *settings: Any, pattern: Tensor | None = None, **named_settings: Any) -> Tensor:
    """Every unit wires to the one at its place, unless a mask keeps that at zero."""
    return x if pattern is None else x * pattern


@register_rule(nn.Softmax, nonlinear=True)
def softmax_module(edges: Edges, module: nn.Softmax, x: Tensor, pattern: Tensor | None = None) -> Tensor:
    """`softmax` as a module."""
    return softmax(edges, x, pattern=pattern)


@register_rule("scaled_dot_product_attention")
def attention(
    edges: Edges,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    **settings: Any,
) -> Tensor:
    """Each position's value wires to the positions that may attend to it."""
    if settings.get("enable_gqa"):
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    wires = edges.every(value.new_empty(query.shape[-2], value.shape[-2]))
    if is_causal:
        wires = wires.tril()
    if attn_mask is not None:
        wires = wires * _allowed(attn_mask, bool_allows=True)
    return torch.matmul(wires, value)


def _allowed(mask: Any, bool_allows: bool) -> Tensor | float:
    """Which positions a mask lets be attended to: numbers are added to scores, so those forbid whose softmax is zero.

    A mask that the activations decide forbids none.
    """
    if isinstance(mask, Weights):
        return mask.tensor.softmax(-1) != 0
    return 1.0 if mask.is_floating_point() else mask == bool_allows


@register_rule(nn.MultiheadAttention)
def multihead_attention(
    edges: Edges,
    module: nn.MultiheadAttention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    **settings: Any,
) -> tuple[Tensor, None]:
    """Value projection, `attention` and output projection; attention weights cannot be used further."""
    if key_padding_mask is not None or (attn_mask is not None and len(attn_mask.shape) != 2):
        raise ValueError(
            "paths through nn.MultiheadAttention are counted with one mask (target, source) for all samples"
        )
    packed = module.in_proj_weight
    weight = module.v_proj_weight if packed is None else packed[2 * module.embed_dim :]
    query, value = (x if module.batch_first else x.transpose(0, 1) for x in (query, value))
    projected = F.linear(value, edges(Weights(weight), value))
    mask = None if attn_mask is None else _allowed(attn_mask, bool_allows=False)
    attended = attention(edges, query, projected, projected, mask)
    result = F.linear(attended, edges(module.out_proj.weight, attended))
    return (result if module.batch_first else result.transpose(0, 1)), None


@register_rule("embedding")
def embedding(edges: Edges, x: Tensor, weight: Any, *settings: Any, **named_settings: Any) -> Tensor:
    """A token's unit wires to the features that differ from zero for some token."""
    return x.unsqueeze(-1) * (edges(weight, x) > 0).any(0)


@register_rule(nn.Embedding)
def embedding_module(edges: Edges, module: nn.Embedding, x: Tensor) -> Tensor:
    """`embedding` with the module's table."""
    return embedding(edges, x, module.weight)
