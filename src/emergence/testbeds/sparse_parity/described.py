"""The task of multitask sparse parity that an entry of ``data.parities`` describes."""

from emergence.parameters.data import Parity
from emergence.testbeds.sparse_parity.task import SparseParity


def task_of(parity: Parity) -> SparseParity:
    """Return the task that a data set is drawn from.

    >>> task_of(Parity(skills=2, bits=4, relevant_bits=2)).skills
    2
    """
    return SparseParity(parity.skills, parity.alpha, parity.bits, parity.relevant_bits)
