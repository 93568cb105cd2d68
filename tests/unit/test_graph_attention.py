"""Transformers: values wire to where a mask lets them, however the attention is written."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emergence import UnitGraph, count_paths

torch.set_num_threads(1)

TOKENS, WIDTH, HEADS = 5, 4, 2


class Attention(nn.Module):
    """Causal self-attention with a choice of how it is computed."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.inner, self.outer = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.register_buffer("mask", torch.tril(torch.ones(1, 1, 9, 9)))
        self.multihead = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        samples, tokens, width = x.size()
        if self.kind == "module":
            causal = torch.triu(torch.ones(tokens, tokens), 1).bool()
            return self.multihead(x, x, x, attn_mask=causal, need_weights=False)[0]
        query, key, value = (
            part.view(samples, tokens, HEADS, width // HEADS).transpose(1, 2) for part in self.inner(x).split(width, 2)
        )
        mixed = self.attend(query, key, value, tokens)
        return self.outer(mixed.transpose(1, 2).contiguous().view(samples, tokens, width))

    def attend(self, query: Tensor, key: Tensor, value: Tensor, tokens: int) -> Tensor:
        if self.kind == "fused":
            return F.scaled_dot_product_attention(query, key, value, is_causal=True)
        if self.kind == "fused with mask":
            return F.scaled_dot_product_attention(query, key, value, attn_mask=self.mask[0, 0, :tokens, :tokens] > 0)
        scores = query @ key.transpose(-2, -1) * (1.0 / math.sqrt(key.size(-1)))
        if self.kind == "written out":
            return F.softmax(scores.masked_fill(self.mask[:, :, :tokens, :tokens] == 0, float("-inf")), -1) @ value
        scores = scores + torch.triu(torch.full((tokens, tokens), -1e9), 1)
        weights = scores.softmax(-1).reshape(-1, tokens, tokens)
        return torch.bmm(weights, value.reshape(-1, tokens, WIDTH // HEADS)).view(-1, HEADS, tokens, WIDTH // HEADS)


class Decoder(nn.Module):
    """A small language model of one block."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(7, WIDTH), nn.Embedding(9, WIDTH)
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH) for _ in range(3)])
        self.attention = Attention(kind)
        self.perceptron = nn.Sequential(nn.Linear(WIDTH, 8), nn.GELU(), nn.Linear(8, WIDTH), nn.Dropout(0.1))
        self.head = nn.Linear(WIDTH, 7, bias=False)
        self.tokens.weight = self.head.weight

    def forward(self, ids: Tensor, targets: Tensor | None = None) -> tuple[Tensor, None]:
        _, length = ids.size()
        assert length <= 9, "too long"
        x = self.tokens(ids) + self.positions(torch.arange(0, length, device=ids.device))
        x = x + self.attention(self.norms[0](x))
        x = x + self.perceptron(self.norms[1](x))
        if targets is not None:
            raise NotImplementedError
        return self.head(self.norms[2](x)), None


KINDS = ["fused", "fused with mask", "module", "written out", "written with numbers"]


def paths_between_tokens(kind: str) -> np.ndarray:
    """Paths from each token to the outputs at each position, (from, to)."""
    torch.manual_seed(0)
    net = Decoder(kind)
    graph = UnitGraph(net, torch.randint(0, 7, (1, TOKENS)), include_input=True)
    pairs = TOKENS * TOKENS
    active = [torch.ones(pairs, int(size), dtype=torch.bool) for size in graph.size]
    active[0] = ~torch.eye(TOKENS, dtype=torch.bool).repeat_interleave(TOKENS, 0)
    active[-1] = torch.eye(TOKENS, dtype=torch.bool).repeat(TOKENS, 1).repeat_interleave(7, 1)
    return graph.count(active)[:, -1].to_float().reshape(TOKENS, TOKENS)


@pytest.mark.parametrize("kind", KINDS)
def test_no_path_leads_from_a_token_to_an_earlier_position(kind: str) -> None:
    paths = paths_between_tokens(kind)
    assert (paths[np.tril_indices(TOKENS, -1)] == 0).all()
    assert (paths[np.triu_indices(TOKENS)] > 0).all()


def test_fused_attention_counts_the_values_wires() -> None:
    # To its own position a token leads through the residual wire too. W x W value and output projections of one head
    # each, W x 8 x W through the perceptron or around it, W x 7 through the head.
    head_width = WIDTH // HEADS
    attended = WIDTH * HEADS * head_width * WIDTH  # value projection from all features, then output projection to all
    rest = (1 + 8 * WIDTH) * 7
    for kind in ("fused", "fused with mask", "module"):
        paths = paths_between_tokens(kind)
        assert set(paths[np.triu_indices(TOKENS, 1)]) == {attended * rest}
        assert set(np.diagonal(paths)) == {(attended + WIDTH) * rest}


def test_attention_weights_written_out_are_a_site_reached_by_queries_and_keys() -> None:
    torch.manual_seed(0)
    counts = count_paths(Decoder("written out"), torch.randint(0, 7, (4, TOKENS)), include_input=True, threshold=0.2)
    assert counts.sites == ("ids", "softmax", "perceptron.1", "output")
    assert counts.size.tolist() == [TOKENS, HEADS * TOKENS**2, 8 * TOKENS, 7 * TOKENS]
    assert (counts.pairs[1, 2:] > 0).all() and counts.exact() == counts.pairs.sum()
    masked = paths_between_tokens("written out")
    np.testing.assert_array_equal(masked, paths_between_tokens("written with numbers"))


@pytest.mark.parametrize(("norm_first", "batch_first"), [(False, True), (True, False)])
def test_torch_transformer_encoders_are_counted_as_they_run(norm_first: bool, batch_first: bool) -> None:
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 6, batch_first=batch_first, norm_first=norm_first)
            self.stack = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

        def forward(self, x: Tensor) -> Tensor:
            x = x if batch_first else x.transpose(0, 1)
            x = self.stack(x, mask=nn.Transformer.generate_square_subsequent_mask(TOKENS))
            return x if batch_first else x.transpose(0, 1)

    torch.manual_seed(0)
    net, inputs = Encoder(), torch.randn(3, TOKENS, WIDTH)
    graph = UnitGraph(net, inputs, include_input=True)
    assert graph.size.tolist() == [TOKENS * WIDTH, TOKENS * 6, TOKENS * 6, TOKENS * WIDTH]
    with torch.no_grad():
        output = net.eval()(inputs).abs().flatten(1)
    counts = count_paths(net, inputs, include_input=True, threshold=0.7)
    assert counts.active[-1] == (output.mean(0) > 0.7).sum()
    first = torch.zeros(1, TOKENS, WIDTH).bool()
    first[:, -1] = True  # the last token alone sends no path backward
    active = [~first.flatten(1), *[torch.ones(1, int(size)).bool() for size in graph.size[1:-1]]]
    before_last = torch.ones(1, TOKENS, WIDTH).bool()
    before_last[:, -1] = False
    assert graph.count([*active, before_last.flatten(1)])[0, -1].to_float() == 0


def test_masks_that_differ_between_samples_are_refused() -> None:
    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.attention(x, x, x, key_padding_mask=torch.zeros(x.shape[0], TOKENS).bool())[0]

    with pytest.raises(ValueError, match="one mask"):
        count_paths(Padded(), torch.randn(2, TOKENS, WIDTH), include_input=True)
