"""Multitask sparse parity: skills that a model learns one after another, at times known in closed form.

Task, model and formulas are those of Nam et al. 2024 (NeurIPS, arXiv:2404.17563).
"""

from emergence.testbeds.sparse_parity.closed_form import SkillLearner
from emergence.testbeds.sparse_parity.measured import EmergenceSlope, emergence_slope, emergence_times
from emergence.testbeds.sparse_parity.task import Samples, SparseParity

__all__ = [
    "EmergenceSlope",
    "Samples",
    "SkillLearner",
    "SparseParity",
    "emergence_slope",
    "emergence_times",
]
