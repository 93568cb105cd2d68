"""Update rules, as torch computes them in one fused pass over the weights.

The functional form of torch's optimisers is used: their classes load torch's compiler, which takes longer than many a
small network needs to train. All rules change every number by itself, so the parameters may be stacked over seeds.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from emergence.parameters.training import Optimizer


class SGD:
    """Stochastic gradient descent, with momentum, plain or in Nesterov's form, where `settings` ask for it.

    Momentum m of update k is m_k = momentum * m_(k-1) + g_k for the gradient g_k (with weight decay); the step is along
    m_k, or along g_k + momentum * m_k in Nesterov's form (Sutskever et al. 2013, section 2, as torch writes it).

    >>> weight = torch.zeros(1)
    >>> rule = SGD([weight], Optimizer(momentum=0.5, nesterov=True))
    >>> rule.update([torch.ones(1)], rate=0.1)
    >>> weight
    tensor([-0.1500])
    """

    def __init__(self, parameters: Sequence[Tensor], settings: Optimizer) -> None:
        self._parameters, self._settings = list(parameters), settings
        self.state = {"momentum": [torch.zeros_like(p) for p in parameters]} if settings.momentum else {}

    @torch.no_grad()
    def update(self, gradients: list[Tensor], rate: float) -> None:
        """Change the parameters in place."""
        momenta: list[Tensor | None] = [*self.state.get("momentum", [None] * len(gradients))]
        sgd(
            self._parameters,
            gradients,
            momenta,
            fused=True,
            lr=rate,
            momentum=self._settings.momentum,
            weight_decay=self._settings.weight_decay,
            dampening=0,
            nesterov=self._settings.nesterov,
            maximize=False,
        )


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1) with the constants of its authors, and AdamW.

    Adam adds the weight decay to the gradient; AdamW multiplies weights by 1 - rate * weight decay in every update
    (Loshchilov and Hutter 2019, algorithm 2).

    >>> weight = torch.ones(1)
    >>> rule = Adam([weight], Optimizer(name="adamw", weight_decay=0.5))
    >>> rule.update([torch.zeros(1)], rate=0.1)
    >>> weight
    tensor([0.9500])
    """

    def __init__(self, parameters: Sequence[Tensor], settings: Optimizer) -> None:
        self._parameters, self._settings = list(parameters), settings
        self.state = {
            "mean": [torch.zeros_like(p) for p in parameters],
            "square": [torch.zeros_like(p) for p in parameters],
            "updates": [torch.zeros((), device=p.device) for p in parameters],
        }

    @torch.no_grad()
    def update(self, gradients: list[Tensor], rate: float) -> None:
        """Change the parameters in place."""
        adam(
            self._parameters,
            gradients,
            self.state["mean"],
            self.state["square"],
            [],
            self.state["updates"],
            fused=True,
            decoupled_weight_decay=self._settings.name == "adamw",
            lr=rate,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            weight_decay=self._settings.weight_decay,
            amsgrad=False,
            maximize=False,
        )


def make_optimizer(parameters: Sequence[Tensor], settings: Optimizer) -> SGD | Adam:
    """Return the update rule that the settings name, with its state at the start."""
    return (SGD if settings.name == "sgd" else Adam)(parameters, settings)
