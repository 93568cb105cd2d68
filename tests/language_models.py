"""Tiny language models of transformers with random weights, and tokens for them to read."""

from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from emergence.core.torchvision_import import torchvision  # noqa: F401  # which transformers imports in turn
from emergence.foreign import Logits, load_model

transformers = pytest.importorskip("transformers")

VOCABULARY, LENGTH = 11, 5

_SHAPE = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12}
_TOKENS = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0}

MODELS = {
    "gpt2": ("GPT2LMHeadModel", {"n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": LENGTH}),
    "gpt_neox": ("GPTNeoXForCausalLM", {**_SHAPE, "max_position_embeddings": LENGTH}),
    "llama": ("LlamaForCausalLM", {**_SHAPE, "num_key_value_heads": 1, "max_position_embeddings": LENGTH}),
}
"""Classes of transformers and options of their configurations: learned or rotary positions, tied or own output, gates,
queries that share keys."""


def save(name: str, folder: Path, seed: int = 0, shards: bool = False) -> Path:
    """Save a model as transformers does, in one file of weights or in several; larger weights tell units apart."""
    kind, options = MODELS[name]
    model_class = getattr(transformers, kind)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = model_class(model_class.config_class(**_TOKENS, **options, initializer_range=0.3))
    model.save_pretrained(folder, max_shard_size="2KB" if shards else "1GB")
    return folder


def build(input_shape: tuple[int, ...], classes: int, folder: str) -> nn.Module:
    """Build the model of a folder as a network of a study."""
    return Logits(load_model(folder))


@cache
def tokens(samples: int = 100) -> Tensor:
    """Token ids (sample, position) of a chain in which each is followed by one of three."""
    draw = torch.Generator().manual_seed(0)
    steps = torch.randint(1, 4, (samples, LENGTH + 1), generator=draw)
    return steps.cumsum(1) % VOCABULARY
