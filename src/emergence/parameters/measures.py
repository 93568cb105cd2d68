"""Section ``measures``: what is computed beside emergence at every checkpoint."""

from emergence.parameters.base import Distinct, NameOrFunction, Section


class Measures(Section):
    """Baselines: other explanations of what emergence shows."""

    names: Distinct[NameOrFunction] = [
        "active_fraction",
        "effective_complexity",
        "weight_norm",
        "path_norm",
        "effective_rank",
        "neural_persistence",
        "loss_gradient_norm",
        "hessian_top_eigenvalue",
    ]
    """Measures: a file of `emergence.measures`, or module:function of your own."""
