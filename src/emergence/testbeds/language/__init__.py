"""A formal language whose sentences have a grammar, and words types: what a transformer learns of it, and when.

Lubana, Kawaguchi, Dick and Tanaka (2024, arXiv:2408.12578), with the graph of their theory.
"""

from emergence.testbeds.language.examination import valid_probability
from emergence.testbeds.language.grammar import is_grammatical
from emergence.testbeds.language.language import Language
from emergence.testbeds.language.order_parameters import OrderParameters, order_parameters
from emergence.testbeds.language.tasks import Mixture, packed, task_scores
from emergence.testbeds.language.writing import generate

__all__ = [
    "Language",
    "Mixture",
    "OrderParameters",
    "generate",
    "is_grammatical",
    "order_parameters",
    "packed",
    "task_scores",
    "valid_probability",
]
