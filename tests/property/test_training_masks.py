"""Removed weights are exactly zero at every checkpoint, whatever the update rule."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from emergence.networks import Architecture
from emergence.parameters.training import Optimizer, Training
from emergence.training.block import train_block
from emergence.training.checkpoints import read
from tests.samples import OneSplit

torch.set_num_threads(1)  # as in jobs

ARCHITECTURES = [
    Architecture("mlp", (1, 4, 4), 3, {"widths": [6], "activation": "tanh"}),
    Architecture("cnn", (2, 4, 4), 3, {"channels": [3], "batch_norm": True}),
]


def is_allowed(optimizer: dict[str, Any]) -> bool:
    try:
        return bool(Optimizer.model_validate(optimizer))
    except ValueError:
        return False


optimizers = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["sgd", "adam", "adamw"]),
        "learning_rate": st.floats(1e-4, 10),
        "momentum": st.floats(0, 0.99),
        "nesterov": st.booleans(),
        "weight_decay": st.floats(0, 1),
    }
).filter(is_allowed)
penalties = st.sampled_from([0.0, 0.1])


class Noise(OneSplit):
    """Inputs and labels at random."""

    classes = 3

    def __init__(self, input_shape: tuple[int, ...]) -> None:
        self.input_shape = input_shape

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        return torch.randn(11, *self.input_shape, generator=generator), torch.arange(11) % 3


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(ARCHITECTURES),
    optimizers,
    st.floats(0, 1),
    st.integers(0, 2**31),
    st.sampled_from([1, 2]),
    penalties,
)
def test_masked_weights_stay_zero_under_every_optimizer(
    architecture: Architecture, optimizer: dict[str, Any], density: float, seed: int, stacked: int, penalty: float
) -> None:
    given = {"epochs": 2, "batch_size": 4, "optimizer": optimizer, "l1_penalty": penalty}
    training = Training.model_validate(given)
    generator = torch.Generator().manual_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        data = Noise(architecture.input_shape)
        start = read(next(iter(train_block(data, architecture, [0, 1], training, Path(folder)).checkpoints)))
        matrices = {name: tensor for name, tensor in start.weights.items() if tensor.ndim > 2}
        masks = {name: torch.rand(t.shape, generator=generator) < density for name, t in matrices.items()}
        trained = train_block(data, architecture, [0, 1], training, Path(folder), masks=masks, seeds_at_once=stacked)
        for checkpoint in map(read, trained.checkpoints):
            for name, kept in masks.items():
                assert not checkpoint.weights[name][~kept].any()
                assert not checkpoint.weights[name][~kept].signbit().any()
