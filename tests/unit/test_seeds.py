"""Seeds of networks lie in spaces that have none in common."""

from itertools import combinations

import pytest

from emergence.core.seeds import (
    STUDY,
    TRAINED,
    TUNING,
    Stream,
    joint,
    of_controls,
    of_epoch,
    of_mask,
    of_new_start,
    of_split,
)
from emergence.parameters.landscape import MOST_MASKS
from emergence.parameters.study import Study
from emergence.parameters.tuning import Tuning

SPACES = {
    "study": STUDY,
    "tuning": TUNING,
    "new initialisations": range(of_new_start(TRAINED[0]), of_new_start(TRAINED[-1]) + 1),
    "controls": range(of_controls(TRAINED[0]), of_controls(TRAINED[-1]) + 1),
    "second masks": range(of_mask(TRAINED[0], 2), of_mask(TRAINED[-1], 2) + 1),
    "last masks": range(of_mask(TRAINED[0], MOST_MASKS), of_mask(TRAINED[-1], MOST_MASKS) + 1),
}


def test_no_two_spaces_have_a_seed_in_common_and_all_have_the_32_bits_that_generators_take() -> None:
    for one, other in combinations(SPACES.values(), 2):
        assert one.stop <= other.start or other.stop <= one.start
    assert all(space.start >= 0 and space.stop <= 2**32 for space in SPACES.values())


def test_parameters_allow_no_seed_beyond_its_space() -> None:
    assert Study(seeds=len(STUDY)).seeds == len(STUDY)
    with pytest.raises(ValueError, match="seeds"):
        Study(seeds=len(STUDY) + 1)
    assert set(Tuning(seeds=1000).block) <= set(TUNING[:1000])


@pytest.mark.parametrize("of", [of_new_start, of_controls])
@pytest.mark.parametrize("seed", [-1, TRAINED.stop])
def test_a_seed_of_no_network_is_refused(of: type, seed: int) -> None:
    with pytest.raises(ValueError, match=f"seed {seed} of a network; allowed: 0 to 1999999"):
        of(seed)


def test_the_first_mask_is_drawn_from_the_seed_of_its_network_and_others_from_seeds_of_their_own() -> None:
    assert of_mask(5, 1) == 5
    assert len({of_mask(seed, mask) for seed in (0, 1, TRAINED[-1]) for mask in (1, 2, 3)}) == 9
    with pytest.raises(ValueError, match="mask 0; masks are counted from 1"):
        of_mask(5, 0)


def test_what_an_epoch_draws_has_a_stream_of_its_own() -> None:
    keys = [(seed, epoch, stream) for seed in (0, 1, of_new_start(0)) for epoch in (0, 1, 2) for stream in Stream]
    drawn = {of_epoch(*key).bytes(16) for key in keys}
    assert len(drawn) == len(keys)
    assert joint(0, 1) != joint(1, 0)


def test_every_seed_has_a_split_of_its_own_which_shares_no_numbers_with_any_other_stream() -> None:
    seeds = (None, 0, 1, 2, TUNING[0], of_new_start(0))
    splits = [of_split(split_seed, seed).bytes(16) for split_seed in (0, 1, 2) for seed in seeds]
    epochs = [of_epoch(seed, epoch, stream).bytes(16) for seed in (0, 1) for epoch in (0, 1) for stream in Stream]
    drawn = splits + epochs
    assert len(set(drawn)) == len(drawn)
