"""The transformer predicts from what came before, learns, is counted unit by unit, and trains stacked as alone."""

from collections.abc import Iterator
from functools import cache
from math import log

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn.functional import cross_entropy

from emergence import UnitGraph
from emergence.networks import Architecture, build
from emergence.parameters.training import Training
from emergence.pruning import prunable
from emergence.pruning._mask import masked_network
from emergence.training.batches import parts_of
from emergence.training.member import Member
from emergence.training.stack import Stack
from tests.samples import OneSplit

torch.set_num_threads(1)

CPU = torch.device("cpu")
LENGTH, CLASSES = 9, 7


def transformer(length: int = LENGTH, classes: int = CLASSES, **options: object) -> nn.Module:
    torch.manual_seed(0)
    chosen = {"blocks": 2, "heads": 2, "width": 8, **options}
    network = build(Architecture("transformer", (length,), classes, chosen))
    for parameter in network.parameters():  # larger than untrained, so that all that matters shows
        nn.init.normal_(parameter, std=0.5)
    return network


def characters(samples: int, length: int = LENGTH, classes: int = CLASSES) -> Tensor:
    return torch.randint(0, classes, (samples, length), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "options", [{"blocks": 1, "heads": 1, "width": 5}, {"heads": 4, "activation": "relu"}, {"feed_forward": False}]
)
def test_every_position_gets_one_logit_per_class_also_when_traced(options: dict[str, object]) -> None:
    network, inputs = transformer(**options), characters(3)
    logits = network(inputs)
    assert logits.shape == (3, CLASSES, LENGTH)
    assert cross_entropy(logits, inputs).ndim == 0 and logits.argmax(1).shape == inputs.shape
    torch.testing.assert_close(fx.symbolic_trace(network)(inputs), logits)


@pytest.mark.parametrize("changed", range(LENGTH))
def test_a_character_changes_the_logits_at_its_own_and_later_positions_only(changed: int) -> None:
    network, inputs = transformer(), characters(4)
    other = inputs.clone()
    other[:, changed] = (other[:, changed] + 1) % CLASSES
    differs = (network(inputs) - network(other)).abs().amax((0, 1)) > 1e-6
    assert differs.tolist() == [position >= changed for position in range(LENGTH)]


def test_attention_equals_that_of_torch() -> None:
    attention = transformer(heads=4).get_submodule("block1.attention")
    theirs = nn.MultiheadAttention(8, 4, batch_first=True)
    names = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    theirs.load_state_dict(dict(zip(names, attention.state_dict().values(), strict=True)))
    features = torch.randn(3, LENGTH, 8)
    later = torch.ones(LENGTH, LENGTH).triu(1).bool()
    expected, _ = theirs(features, features, features, attn_mask=later)
    torch.testing.assert_close(attention(features), expected)


def test_training_learns_a_sequence_in_which_the_last_character_alone_does_not_tell_the_next() -> None:
    torch.manual_seed(0)
    network = build(Architecture("transformer", (LENGTH,), 2, {"blocks": 1, "heads": 2, "width": 16}))
    text = torch.tensor([0, 0, 1] * LENGTH)
    inputs, targets = (torch.stack([text[i + k : i + k + LENGTH] for i in range(3)]) for k in (0, 1))

    def loss() -> Tensor:
        return cross_entropy(network(inputs)[..., 2:], targets[..., 2:])  # earlier ones may be undecided

    untrained = loss().item()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(50):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    from_one_character = 2 / 3 * log(2)
    assert loss().item() < 0.2 * from_one_character < from_one_character < untrained


Unit = tuple[object, ...]


class Wires:
    """Where each unit of a transformer leads, written out unit by unit from its weights."""

    def __init__(self, network: nn.Module, length: int, classes: int, blocks: int, heads: int, width: int) -> None:
        self.weights = {name: tensor != 0 for name, tensor in network.state_dict().items()}
        self.length, self.classes, self.blocks, self.heads, self.width = length, classes, blocks, heads, width
        self.feed_forward = "block1.linear1.weight" in self.weights

    def after(self, unit: Unit) -> Iterator[Unit]:
        """Units at the ends of a unit's wires; features in a head are numbered through all heads."""
        kind, block, position, index = unit
        stem = f"block{block}."
        if kind == "character":
            learned = self.weights["embedding.characters.weight"].any(0)
            yield from (("stream", 1, position, f) for f in range(self.width) if learned[f])
        elif kind == "stream" and block == self.blocks + 1:
            yield from (("logit", 0, position, c) for c in self.linear("output", index))
        elif kind == "stream":
            yield ("between", block, position, index)
            for row in self.linear(stem + "attention.projection", index):
                yield (("query", "key", "value")[row // self.width], block, position, row % self.width)
        elif kind in ("query", "key"):
            head = index // (self.width // self.heads)
            pairs = ((position, j) if kind == "query" else (j, position) for j in range(self.length))
            yield from (("weight", block, pair, head) for pair in pairs if pair[1] <= pair[0])
        elif kind == "value":
            yield from (("attended", block, i, index) for i in range(position, self.length))
        elif kind == "weight":
            size = self.width // self.heads
            if position[1] <= position[0]:
                yield from (("attended", block, position[0], index * size + f) for f in range(size))
        elif kind == "attended":
            rows = self.linear(stem + "attention.output", index)
            yield from (("between", block, position, row) for row in rows)
        elif kind == "between":
            yield ("stream", block + 1, position, index)
            if self.feed_forward:
                yield from (("hidden", block, position, row) for row in self.linear(stem + "linear1", index))
        elif kind == "hidden":
            yield from (("stream", block + 1, position, row) for row in self.linear(stem + "linear2", index))

    def linear(self, name: str, column: int) -> list[int]:
        """Outputs of a linear layer that an input leads to."""
        return self.weights[f"{name}.weight"][:, column].nonzero().flatten().tolist()

    def sites(self) -> list[list[Unit]]:
        """Units of each site in the order of their tensors."""
        at = range(self.length)
        found: list[list[Unit]] = [[("character", 0, i, 0) for i in at]]
        for block in range(1, self.blocks + 1):
            found.append([("weight", block, (i, j), head) for head in range(self.heads) for i in at for j in at])
            if self.feed_forward:
                found.append([("hidden", block, i, unit) for i in at for unit in range(4 * self.width)])
        return [*found, [("logit", 0, i, c) for c in range(self.classes) for i in at]]

    def emergence(self, active: list[list[bool]]) -> int:
        """Paths from inactive to active units, each followed from its start."""
        sites = self.sites()
        targets = {u for units, on in zip(sites, active, strict=True) for u, o in zip(units, on, strict=True) if o}

        @cache
        def arriving(unit: Unit) -> int:
            return sum((following in targets) + arriving(following) for following in self.after(unit))

        sources = (u for units, on in zip(sites, active, strict=True) for u, o in zip(units, on, strict=True) if not o)
        return sum(arriving(source) for source in sources)


def pruned(network: nn.Module, density: float) -> nn.Module:
    generator = torch.Generator().manual_seed(3)
    kept = {n: torch.rand(w.shape, generator=generator) < density for n, w in prunable(network).items()}
    return masked_network(network, kept)


@pytest.mark.parametrize("density", [1.0, 0.5, 0.2])
@pytest.mark.parametrize(("blocks", "heads", "feed_forward"), [(1, 2, True), (2, 1, True), (2, 2, True), (2, 2, False)])
def test_paths_equal_those_followed_unit_by_unit(blocks: int, heads: int, feed_forward: bool, density: float) -> None:
    sizes = {"blocks": blocks, "heads": heads, "width": 4}
    network = pruned(transformer(4, 3, **sizes, feed_forward=feed_forward), density)
    inputs = characters(5, 4, 3)
    graph = UnitGraph(network, inputs, include_input=True)
    places = ("attention.softmax", "activation") if feed_forward else ("attention.softmax",)
    names = [f"block{b}.{place}" for b in range(1, blocks + 1) for place in places]
    assert list(graph.sites[1:]) == [*names, "output"]
    active = graph.active(inputs, threshold=0.3)
    active[0] = torch.tensor([[True, False, False, True]])
    wires = Wires(network, 4, 3, **sizes)
    assert [len(units) for units in wires.sites()] == graph.size.tolist()
    expected = wires.emergence([site[0].tolist() for site in active])
    assert graph.count(active).sum().to_float() == expected > 0


class Sequences(OneSplit):
    """Characters at random, each labelled with the one after it."""

    mean = std = None
    input_shape, classes = (LENGTH,), CLASSES

    def part(self, name: str) -> tuple[Tensor, Tensor]:
        text = characters(24, LENGTH + 1)
        return text[:, :-1], text[:, 1:]


@pytest.mark.parametrize("feed_forward", [True, False])
@pytest.mark.parametrize("optimizer", [{"name": "sgd", "momentum": 0.9}, {"name": "adamw", "learning_rate": 0.01}])
def test_a_stack_makes_the_updates_of_each_seed_alone(optimizer: dict[str, object], feed_forward: bool) -> None:
    options = {"blocks": 2, "heads": 2, "width": 8, "feed_forward": feed_forward}
    architecture = Architecture("transformer", (LENGTH,), CLASSES, options)
    settings = {"epochs": 1, "batch_size": 8, "precision": "float64", "optimizer": optimizer}
    training, (part,) = Training.model_validate(settings), parts_of(Sequences(), ["train"], (0, 5, 2), CPU)
    stack = Stack(architecture, (0, 5, 2), training, CPU)
    stack.check(part)
    stacked, weights, evaluated = stack.advance(part, 0, 0, 3), stack.weights(), stack.evaluate(part)
    for position, seed in enumerate(stack.seeds):
        alone, own = Member(architecture, seed, training, CPU), part.of([position])
        torch.testing.assert_close(stacked[:, position], alone.advance(own, 0, 0, 3)[:, 0], rtol=1e-8, atol=0)
        torch.testing.assert_close(evaluated[:, position], alone.evaluate(own)[:, 0], rtol=1e-8, atol=0)
        for name, tensor in alone.weights().items():
            torch.testing.assert_close(weights[name][position], tensor[0], rtol=1e-6, atol=1e-8)
