"""Information emergence of language models whose blocks do something known."""

import numpy as np
import pytest
import torch
from benchmarks.systems.demonstrations import demonstrations
from torch import Tensor, nn

from emergence.information import Fit, mutual_information
from emergence.information.language_models import emergence_over_positions, information_emergence, states_of
from emergence.measures import apply
from emergence.networks import Architecture, build

torch.set_num_threads(1)

FIT = Fit(steps=60, batch=256)
TOKENS = torch.randint(0, 4, (1000, 3), generator=torch.Generator().manual_seed(0))


class Block(nn.Module):
    """Adds to each state the mean of all before it, where it does anything; returns its states first of several."""

    def __init__(self, mixes: bool) -> None:
        super().__init__()
        self.mixes = mixes

    def forward(self, states: Tensor) -> tuple[Tensor, None]:
        before = states.cumsum(1) / torch.arange(1, states.shape[1] + 1)[:, None]
        return states + self.mixes * before, None


class Model(nn.Module):
    """A model of any length, as those of Hugging Face are called."""

    def __init__(self, *mixes: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(torch.randn(4, 6, generator=torch.Generator().manual_seed(1)))
        self.blocks = nn.ModuleList(Block(mix) for mix in mixes)

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.embedding(tokens)
        for block in self.blocks:
            states = block(states)[0]
        return states


def test_blocks_that_change_nothing_keep_the_entropy_of_a_token_and_later_ones_that_of_the_text() -> None:
    model = Model(False, True, False)
    found = information_emergence(states_of(model, list(model.blocks)), TOKENS, position=1, fit=FIT)
    assert found.token_entropy.item() == pytest.approx(np.log(4), abs=0.01)
    assert found.micro.values == pytest.approx(np.log(4), rel=0.05)
    # A block of which the last token's state enters alone keeps that; after mixing there are 16 states, of two tokens.
    assert found.macro.values == pytest.approx([np.log(4), np.log(4), np.log(16)], rel=0.07)
    assert found.emergence.values == pytest.approx([0, 0, np.log(4)], abs=0.2)


def test_tokens_after_the_position_do_not_matter() -> None:
    model = Model(True, True)
    states, other = states_of(model, list(model.blocks)), TOKENS.clone()
    other[:, 2] = 0
    short = Fit(steps=10, batch=64)
    found = [information_emergence(states, tokens[:400], 1, short) for tokens in (TOKENS, other)]
    assert found[0].identical(found[1])
    with pytest.raises(ValueError, match="position: 3 is not allowed; from 0 to 2"):
        information_emergence(states, TOKENS, position=3)


def test_the_measure_of_a_study_has_a_value_per_block_of_its_transformer() -> None:
    torch.manual_seed(0)
    network = build(Architecture("transformer", (3,), 4, {"blocks": 1, "heads": 2, "width": 8}))
    found = apply(network, TOKENS[:100], TOKENS[:100], ["information_emergence"])["information_emergence"]
    assert found.dims == ("block",) and found.attrs["units"] == "nat" and found.notnull().all()
    mlp = build(Architecture("mlp", (1, 2, 2), 3, {"widths": [4]}))
    assert apply(mlp, torch.zeros(5, 1, 2, 2), torch.zeros(5), ["information_emergence"])[
        "information_emergence"
    ].isnull()


def test_texts_of_demonstrations_are_different_names_each_with_a_comma() -> None:
    texts = demonstrations(names=6, shots=4, samples=3000, rng=np.random.default_rng(0))
    names, commas = texts[:, ::2].numpy(), texts[:, 1::2]
    assert (commas == 0).all() and all(len(set(row)) == 4 for row in names.tolist())
    assert np.bincount(names.ravel(), minlength=7)[1:] / names.size == pytest.approx(np.full(6, 1 / 6), abs=0.01)
    with pytest.raises(ValueError, match="names: 3 is not allowed; at least as many as the 4 shots"):
        demonstrations(names=3, shots=4, samples=1, rng=np.random.default_rng(0))


@pytest.mark.long
def test_what_later_blocks_keep_is_what_is_known_of_the_names_read() -> None:
    model = Model(True, False)
    texts = demonstrations(names=3, shots=2, samples=1000, rng=np.random.default_rng(0))
    found = emergence_over_positions(states_of(model, list(model.blocks)), texts, range(4), FIT)
    # Three names, six orders of two of them, but three pairs, which is all that a mean has at the second comma; what
    # enters the first block at a comma is the comma alone.
    assert found.macro.sel(block=2).values == pytest.approx(np.log([3, 3, 6, 3]), rel=0.07)
    assert found.macro.sel(block=1).values == pytest.approx([np.log(3), 0, np.log(3), 0], abs=0.1)


def test_what_never_varies_tells_nothing() -> None:
    found = mutual_information(np.ones((100, 3)), np.random.default_rng(0).normal(size=(100, 2)), Fit(steps=2))
    assert (found.value, found.info_nce) == (0, 0)
