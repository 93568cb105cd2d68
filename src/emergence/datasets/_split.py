"""The division of a data set into the parts train, validation, probe and test, for each seed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emergence.core.arrays import Bools
from emergence.core.seeds import of_split
from emergence.parameters.data import Data

PARTS = ("train", "validation", "probe", "test")


def split(labels: NDArray[Any], test: Bools | None, data: Data, seed: int) -> NDArray[np.int8]:
    """Return the index into PARTS of every sample, for the networks of a seed.

    Each part but a published `test` is a stratified sample, drawn anew for each seed unless `data.split` is "common".
    Test is taken first, then validation (a share of what is left), then the probe; the rest is for training. So the
    size of the probe changes neither test nor validation. Sequences, which have many labels each, are drawn at random.
    Raises ValueError if a part would be empty, or if test or validation had fewer samples than there are classes: for
    all seeds or for none, as the sizes of the parts are those of all.

    >>> part = split(np.arange(100) % 5, None, Data(probe_samples=10), seed=0)
    >>> {name: int(np.sum(part == i)) for i, name in enumerate(PARTS)}
    {'train': 62, 'validation': 8, 'probe': 10, 'test': 20}
    """
    generator = of_split(data.split_seed, None if data.split == "common" else seed)
    part = np.zeros(len(labels), np.int8)
    if test is not None:
        part[test] = PARTS.index("test")
        if test.all() or not test.any():
            raise ValueError(
                f"the published test part holds {test.sum()} of {len(test)} samples; both kinds are needed"
            )
    classes = len(np.unique(labels[part == 0])) if labels.ndim == 1 else 1

    def assign(name: str, count: int, key: str, least: int = classes) -> None:
        candidates = np.flatnonzero(part == 0)
        if not least <= count < len(candidates):
            raise ValueError(
                f"{key}: the {name} part would take {count} of the {len(candidates)} samples that are left; "
                f"allowed: {least} to {len(candidates) - 1}"
            )
        part[_stratified(candidates, labels, count, generator)] = PARTS.index(name)

    if test is None:
        assign("test", round(data.test_fraction * len(labels)), "data.test_fraction")
    assign("validation", round(data.validation_fraction * int(np.sum(part == 0))), "data.validation_fraction")
    assign("probe", data.probe_samples, "data.probe_samples", least=1)
    return part


def _stratified(
    candidates: NDArray[np.intp], labels: NDArray[Any], count: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    """Draw `count` candidates, of each class its share to within one sample; any, where a sample has several labels.

    Systematic sampling: shuffled, then ordered by class, every (n / count)-th sample is taken.
    """
    shuffled = generator.permutation(candidates)
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")] if labels.ndim == 1 else shuffled
    positions = (2 * np.arange(count) + 1) * len(by_class) // (2 * count)
    return by_class[positions]
