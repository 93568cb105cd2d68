"""The division into train, validation, probe and test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emergence.datasets import split
from emergence.parameters.data import Data

TRAIN, VALIDATION, PROBE, TEST = range(4)
LABELS = np.random.default_rng(5).choice(7, size=1000, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.06, 0.04])


@given(
    sizes=st.lists(st.integers(1, 60), min_size=2, max_size=8),
    test_fraction=st.floats(0.1, 0.4),
    validation_fraction=st.floats(0.1, 0.4),
    seed=st.integers(0, 1000),
)
def test_every_part_takes_of_each_class_its_share_to_within_one_sample(
    sizes: list[int], test_fraction: float, validation_fraction: float, seed: int
) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    data = Data(test_fraction=test_fraction, validation_fraction=validation_fraction, probe_samples=1)
    try:
        part = split(labels, None, data, seed)
    except ValueError:
        tested = round(test_fraction * len(labels))
        fewest = min(tested, round(validation_fraction * (len(labels) - tested)))
        assert len(labels) < 20 or fewest < len(sizes)  # too few to fill four parts, or for all classes
        return
    available = np.bincount(labels, minlength=len(sizes))
    for index in (TEST, VALIDATION, PROBE):
        taken = np.bincount(labels[part == index], minlength=len(sizes))
        assert np.all(np.abs(taken - taken.sum() * available / available.sum()) < 1)
        available = available - taken


def test_a_published_test_part_is_kept_as_it_is() -> None:
    test = np.arange(len(LABELS)) >= 900
    part = split(LABELS, test, Data(test_fraction=0.5, probe_samples=10), seed=3)
    assert np.array_equal(part == TEST, test)
    assert np.bincount(part).tolist() == [800, 90, 10, 100]


def test_a_larger_probe_takes_from_training_only() -> None:
    small, large = (split(LABELS, None, Data(probe_samples=count), seed=3) for count in (10, 100))
    assert np.array_equal(small == TEST, large == TEST)
    assert np.array_equal(small == VALIDATION, large == VALIDATION)


def test_which_samples_of_a_class_are_drawn_is_uniform() -> None:
    labels = np.repeat([0, 1], 50)
    drawn = np.mean([split(labels, None, Data(probe_samples=20), s) == PROBE for s in range(2000)], axis=0)
    assert np.all(np.abs(drawn - 0.2) < 5 * np.sqrt(0.2 * 0.8 / 2000))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Data(probe_samples=720), r"data.probe_samples: the probe part would take 720 of the 720 samples"),
        (Data(test_fraction=0.0001), r"data.test_fraction: the test part would take 0 of the 1000 .*allowed: 7 to 999"),
        (Data(validation_fraction=0.0001), r"data.validation_fraction: .* take 0 of the 800"),
        (Data(validation_fraction=0.005), r"data.validation_fraction: .* take 4 of the 800 .*allowed: 7 to 799"),
        (Data(validation_fraction=0.9999), r"data.validation_fraction: .* take 800 of the 800"),
    ],
)
def test_an_empty_part_is_refused_with_the_parameter_to_change(data: Data, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(LABELS, None, data, seed=0)


@pytest.mark.parametrize("fill", [True, False])
def test_a_published_test_part_that_holds_all_or_nothing_is_refused(fill: bool) -> None:
    with pytest.raises(ValueError, match="published test part"):
        split(LABELS, np.full(len(LABELS), fill), Data(), seed=0)
