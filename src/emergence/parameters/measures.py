"""Section ``measures``: what is computed beside emergence at every checkpoint."""

from emergence.parameters.base import Distinct, Section


class Measures(Section):
    """Rival explanations of what emergence shows."""

    names: Distinct[str] = ["active_fraction", "weight_norm", "effective_complexity"]
    """Measures: a file of `emergence.measures`, or module:function of your own."""
