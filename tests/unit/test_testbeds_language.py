"""The formal language: its sampler, its checks, and a network that learns it."""

from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from benchmarks.systems.language_learning import Learner, learn
from scipy import stats

from emergence.networks.transformer import build
from emergence.testbeds.language import Language, generate, is_grammatical, order_parameters
from emergence.testbeds.language.examination import valid_probability
from emergence.testbeds.language.grammar import LETTERS, RULES, WORDS, sample_structures
from emergence.testbeds.language.language import END, within_ends
from emergence.testbeds.percolation import Concepts

torch.set_num_threads(1)


@cache
def derives(symbols: tuple[str, ...], letters: str) -> bool:
    """Whether symbols give exactly these letters by some choice of rules: by trying all of them and all splits."""
    if len(symbols) > len(letters):
        return False  # every symbol gives a word at least
    if not symbols:
        return not letters
    first, *rest = symbols
    if first not in RULES:
        return letters[0] == LETTERS[first] and derives(tuple(rest), letters[1:])
    if rest:
        splits = range(1, len(letters) - len(rest) + 1)
        return any(derives((first,), letters[:s]) and derives(tuple(rest), letters[s:]) for s in splits)
    return any(derives(tuple(right.split()), letters) for _, right in RULES[first])


@cache
def language() -> Language:
    concepts = Concepts(entities=20, properties=60, classes=4)
    return Language.sample(concepts, 0.5, np.random.default_rng(0))


def drawn(count: int, length: int = 20) -> np.ndarray:
    return language().sentences(count, length, np.random.default_rng(1))


def test_grammaticality_agrees_with_trying_all_rules_on_all_short_rows_of_words() -> None:
    kinds = sorted(set(LETTERS.values()))
    rows = ["".join(row) for length in range(5) for row in product(kinds, repeat=length)]
    found = [is_grammatical(row) for row in rows]
    assert found == [derives(("Sentence",), row) for row in rows]
    assert [row for row, grammatical in zip(rows, found, strict=True) if grammatical] == ["elp", "aelp", "eldp", "evre"]


def test_rules_are_drawn_as_often_as_they_say() -> None:
    kinds, sentence = sample_structures(20_000, np.random.default_rng(3))
    counts = dict(zip(WORDS, np.bincount(kinds, minlength=len(WORDS)) / 20_000, strict=True))
    # Doubling with chance 0.2 gives 0.8 / 0.6 leaves on average; half of the predicates have objects, 1 / 0.7 of them.
    assert counts["subject"] == pytest.approx(4 / 3, abs=0.03)
    assert counts["property"] == pytest.approx(2 / 3, abs=0.03)
    assert counts["verb"] == pytest.approx(2 / 3, abs=0.03)
    assert counts["object"] == pytest.approx(2 / 3 / 0.7, abs=0.04)
    assert counts["adjective"] == pytest.approx(0.8 * (counts["subject"] + counts["object"]), abs=0.03)
    assert (np.diff(sentence) >= 0).all() and len(np.unique(sentence)) == 20_000


def test_sentences_begin_and_end_with_the_end_and_hold_what_they_may() -> None:
    rows = drawn(2000, length=12)
    assert rows.shape == (2000, 13) and (rows[:, 0] == END).all() and (rows[:, -1] == END).all()
    for row in rows:
        words = within_ends(row)
        assert 3 <= len(words) < 12 and (row[1 + len(words) :] == END).all()
    shares = order_parameters(language(), rows)
    assert (shares.grammaticality, shares.relative, shares.descriptive, shares.joined) == (1, 1, 1, 1)


def test_words_are_drawn_uniformly_from_those_that_fit() -> None:
    words = drawn(8000).ravel()
    verbs, entities = language().first("verb"), language().first("entity")
    counts = np.bincount(words, minlength=language().size)
    assert stats.chisquare(counts[verbs : verbs + 8]).pvalue > 1e-4
    assert stats.chisquare(counts[entities : entities + 20]).pvalue > 1e-4
    properties = counts[language().first("property") :]
    expected = np.zeros(60)
    for entity in range(20):
        joined = language().graph[[entity]].toarray()[0] > 0
        expected += joined / joined.sum()
    never = expected == 0
    assert not properties[never].any()
    expected *= properties.sum() / expected.sum()
    assert stats.chisquare(properties[~never], expected[~never]).pvalue > 1e-4


def test_each_wrong_word_shows_in_the_check_that_it_breaks() -> None:
    kinds = {kind: language().first(kind) for kind in language().counts}
    entity, verb, linking, preposition = (kinds[kind] for kind in ("entity", "verb", "linking_verb", "preposition"))
    conjunction = kinds["conjunction"]
    joined = kinds["property"] + np.flatnonzero(language().graph[[0]].toarray()[0])[0]
    other = kinds["property"] + np.flatnonzero(language().graph[[0]].toarray()[0, :15] == 0)[0]

    def check(*words: int) -> tuple[float, ...]:
        found = order_parameters(language(), np.array([[END, *words, END]]))
        return (found.grammaticality, found.relative, found.descriptive, found.joined)

    nothing = np.nan
    same = {"nan_ok": True}
    # Classes hold 5 entities, 15 properties and 2 verbs; objects are two classes further on.
    assert check(entity, linking, joined) == pytest.approx((1, nothing, 1, 1), **same)
    assert check(entity, linking, other) == pytest.approx((1, nothing, 1, 0), **same)
    assert check(entity, linking, kinds["property"] + 59) == pytest.approx((1, nothing, 0, 0), **same)
    assert check(entity, verb, preposition, entity + 10) == pytest.approx((1, 1, nothing, nothing), **same)
    assert check(entity, verb, preposition, entity + 1) == pytest.approx((1, 0, nothing, nothing), **same)
    assert check(entity, verb + 2, preposition, entity + 10) == pytest.approx((1, 0, nothing, nothing), **same)
    mixed = (entity, conjunction, entity + 5, verb, preposition, entity + 10)
    assert check(*mixed) == pytest.approx((1, 0, nothing, nothing), **same)
    two = (entity, verb, preposition, entity + 10, conjunction, verb, preposition, entity, conjunction, linking, joined)
    assert check(*two) == pytest.approx((1, 0.5, 1, 1), **same)
    few = order_parameters(language(), np.array([[END, entity, linking, joined, END]]), fewest=2)
    assert few.grammaticality == 1 and np.isnan([few.descriptive, few.joined]).all()
    assert check(linking, entity, joined) == pytest.approx((0, nothing, nothing, nothing), **same)


def test_a_network_that_knows_nothing_gives_valid_properties_their_share_of_all_words() -> None:
    class Uniform(torch.nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return torch.zeros(len(tokens), language().size, tokens.shape[1])

    degrees = np.diff(language().graph.indptr) / language().size
    assert degrees.min() <= valid_probability(Uniform(), language(), drawn(200)) <= degrees.max()


def test_a_transformer_learns_grammar_and_is_the_same_again_from_the_same_seed() -> None:
    learner = Learner(length=14, blocks=1, width=32, batch=32, learning_rate=1e-2)
    first, again = (learn(language(), [1, 100], [0], learner, sentences=50) for _ in range(2))
    assert first.identical(again)
    start, end = first.grammaticality.values[0]
    assert start < 0.05 and end > 0.5
    assert first.valid_probability.values[0, 1] > 3 * first.valid_probability.values[0, 0]


def test_generated_sentences_stop_at_their_end() -> None:
    torch.manual_seed(0)
    network = build((10,), 4, blocks=1, heads=1, width=8)
    assert isinstance(network, torch.nn.Sequential)
    rows = generate(network, language(), 50, 10, torch.Generator().manual_seed(0))
    for row in rows:
        assert row[0] == END and (row[1 + len(within_ends(row)) :] == END).all()
    assert len({len(within_ends(row)) for row in rows}) > 3


def test_an_entity_without_a_property_is_refused() -> None:
    with pytest.raises(ValueError, match="entity 0 has no property"):
        Language.sample(Concepts(4, 4), 0.0, np.random.default_rng(0))
