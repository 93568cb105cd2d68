"""Quantities that are sampled of a classifier, by name."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.core.losses import in_units_of, loss_of
from emergence.core.modules import private_copy
from emergence.core.plugins import load
from emergence.graph.measure import count_paths
from emergence.landscape.combination import Combination, Weights, own_names, renamed
from emergence.landscape.cross_entropy import CrossEntropy
from emergence.landscape.sampling import Evaluator
from emergence.parameters.landscape import EMERGENCE

OF_LOGITS = {"loss": ("nat", "mean cross-entropy"), "accuracy": ("1", "share of right answers")}
"""What comes from one pass through the network, with units and meaning."""

Measure = Callable[[nn.Module, Tensor, Tensor], float]


class Metrics:
    """Named values of a network on fixed samples as a function of its weights; a metric for `sample`.

    `inputs` (sample, ...) and `labels` (sample, ...) are the samples. `names` are `loss` (the mean of what the network
    is trained on), `accuracy`, `emergence` (paths, counted with the arguments `counting` of `count_paths`) and those of
    `emergence.measures` that return one number, or module:function. Values other than loss and accuracy are NaN where
    the logits are not finite. The given network never changes. Raises ValueError for an unknown name.

    >>> metrics = Metrics(nn.Linear(2, 2), torch.eye(2), torch.tensor([0, 1]), ["accuracy", "weight_norm"])
    >>> metrics({"weight": 3 * torch.eye(2), "bias": torch.zeros(2)})
    {'accuracy': 1.0, 'weight_norm': 4.242640687119285}
    """

    def __init__(
        self,
        network: nn.Module,
        inputs: Tensor,
        labels: Tensor,
        names: Sequence[str],
        counting: Mapping[str, Any] | None = None,
    ) -> None:
        self.names = list(names)
        self._cross_entropy = CrossEntropy(network, inputs, labels)
        self._samples, self._loss = (inputs, labels), loss_of(network)
        self._measures: dict[str, Measure] = {
            name: partial(_emergence, **counting or {}) if name == EMERGENCE else load("measures", name, "measure")
            for name in names
            if name not in OF_LOGITS
        }
        self._network = private_copy(network).eval().to(inputs.device) if self._measures else None

    def __call__(self, weights: Weights) -> dict[str, float]:
        """Return the values at `weights`; parameters and buffers that it lacks are those of the network."""
        of_logits = self._cross_entropy(weights)
        values = of_logits | self._measure(weights, of_logits["loss"])
        return {name: values[name] for name in self.names}

    def along(self, basis: Sequence[Weights]) -> Evaluator:
        """Return what evaluates combinations of `basis`, loss and accuracy as `CrossEntropy` does for many points."""
        of_logits = self._cross_entropy.along(basis)
        combination = Combination(basis if self._measures else [{}])

        def values(points: Floats) -> dict[str, Floats]:
            found = dict(of_logits.values(points))
            pairs = zip(points, found["loss"], strict=True) if self._measures else ()
            measured = [self._measure(combination.at(point), loss) for point, loss in pairs]
            found |= {name: np.array([of_point[name] for of_point in measured]) for name in self._measures}
            return {name: found[name] for name in self.names}

        return Evaluator(values, 1 if self._measures else of_logits.at_once)

    def describe(self, sampled: xr.Dataset, where: str) -> xr.Dataset:
        """Name what was sampled after the place, as in `plane_loss`, with units and meaning."""
        for name in self.names:
            units, meaning = OF_LOGITS.get(name, ("1", name.replace("_", " ")))
            sampled[name].attrs = {"units": units, "long_name": f"{meaning} on the {where}"}
        named = sampled.rename({name: f"{where}_{name}" for name in self.names})
        return in_units_of(self._loss, named)

    def _measure(self, weights: Weights, loss: float) -> dict[str, float]:
        if self._network is None or not np.isfinite(loss):
            return dict.fromkeys(self._measures, np.nan)
        own = {**dict(self._network.named_parameters()), **dict(self._network.named_buffers())}
        with torch.no_grad():
            for name, tensor in renamed(weights, own_names(self._network)).items():
                own[name].copy_(tensor)
        return {name: _number(name, measure(self._network, *self._samples)) for name, measure in self._measures.items()}


def _emergence(network: nn.Module, inputs: Tensor, _labels: Tensor, **counting: Any) -> float:
    return count_paths(network, inputs, **counting).emergence


def _number(name: str, value: Any) -> float:
    if np.size(value) != 1:
        raise ValueError(f"landscapes are of measures that return one number, but '{name}' returns {np.size(value)}")
    return float(value)
