"""Update rules, as torch computes them in one fused pass over the weights.

The functional form of torch's optimisers is used: their classes load torch's compiler, which takes longer than many a
small network needs to train.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from emergence.parameters.training import Optimizer


class SGD:
    """Stochastic gradient descent, with momentum where `settings` ask for it."""

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
            nesterov=False,
            maximize=False,
        )


class Adam:
    """Adam (Kingma and Ba 2015) with the constants of its authors; weight decay is added to the gradient."""

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
    return (Adam if settings.name == "adam" else SGD)(parameters, settings)
