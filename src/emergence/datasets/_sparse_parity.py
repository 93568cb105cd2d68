"""Multitask sparse parity as a data set of two classes: the bits of the skill asked for add up to even or odd."""

import numpy as np

from emergence.core.raw_files import RawFiles
from emergence.datasets._raw import RawDataset
from emergence.parameters.data import Parity
from emergence.testbeds.sparse_parity.described import task_of


def load(files: RawFiles, name: str, parity: Parity) -> RawDataset:
    """Return samples of the task as float32 (sample, skills + bits), see `SparseParity.inputs`; the seed decides all.

    Random answers have the same inputs as the true ones of the same seed.

    >>> data = load(RawFiles(()), "parity", Parity(skills=2, bits=4, relevant_bits=2, samples=3))
    >>> data.inputs.shape, data.classes
    ((3, 6), ('even', 'odd'))
    """
    task, rng = task_of(parity), np.random.default_rng(parity.seed)
    samples = task.sample(parity.samples, rng)
    odd = rng.integers(0, 2, parity.samples) if parity.random_answers else task.parities(samples) < 0
    return RawDataset(
        inputs=task.inputs(samples),
        labels=odd.astype(np.int64),
        classes=("even", "odd"),
        source="multitask sparse parity with random answers" if parity.random_answers else "multitask sparse parity",
    )
