"""Emergence, measures, loss and landscape of one network on fixed samples, at whatever weights it has."""

import hashlib
import json
from typing import Any

import xarray as xr
from safetensors.torch import save
from torch import Tensor, nn

from emergence.core.losses import in_units_of, loss_of
from emergence.core.modules import outputs
from emergence.core.reuse import Kept, reusing
from emergence.graph.grid import grids_of
from emergence.graph.unit_graph import UnitGraph
from emergence.landscape import Metrics, centred_grid, random_directions, sample_plane
from emergence.measures import apply
from emergence.recording.settings import Settings
from emergence.recording.unwrapping import alone, as_function, unwrapped
from emergence.training.gradients import accuracy, class_indices, full_precision, mean_loss

OF_PROBE = {
    "probe_loss": {"units": "nat", "long_name": "mean cross-entropy on the probe samples"},
    "probe_accuracy": {"units": "1", "long_name": "accuracy on the probe samples"},
}


class Measuring:
    """A network, traced once, with the probe samples it is looked at with.

    `probe` (sample, ...) and `labels` (sample, ...), classes, are copied. Nothing of the network changes, nor the state
    of random numbers. Raises ValueError for samples and labels that do not fit, and as `UnitGraph` does.

    >>> import torch
    >>> measuring = Measuring(nn.Linear(2, 2), torch.eye(2), torch.tensor([0, 1]), Settings(measures=["weight_norm"]))
    >>> found = measuring()
    >>> sorted(found.sizes), {"emergence", "weight_norm", "probe_loss"} <= set(found)
    (['criterion', 'site', 'threshold', 'through'], True)
    """

    def __init__(self, model: nn.Module, probe: Tensor, labels: Tensor | None, settings: Settings) -> None:
        network = unwrapped(model)
        device = next((parameter.device for parameter in network.parameters()), probe.device)
        self.name, self.settings = type(network).__name__, settings
        self.probe = probe.detach().to(device, copy=True)
        self.labels = None if labels is None else class_indices(probe, labels).detach().to(device, copy=True)
        self.network = as_function(network, self.probe)
        if self.labels is not None:
            with alone(self.network):
                _check_labels(self.labels, outputs(self.network, self.probe[:1]))
        self._kept: Kept = {}
        with alone(self.network), reusing(self._kept):
            self.graph = UnitGraph(self.network, self.probe)

    def __call__(self, landscape: bool = False) -> xr.Dataset:
        """Return the values at the present weights, described, and on demand the loss on a plane around them."""
        labels = self.labels
        if landscape and labels is None:
            raise ValueError("a landscape of the loss needs labels, and none are given")
        with alone(self.network), reusing(self._kept):
            counted = grids_of(self.graph, {}, [{"": self.probe}], **self.settings.counting)
            found = [counted.isel(seed=0, samples=0, drop=True), self._measured()]
            if labels is not None:
                found += [self._answers(labels), *([self._landscape(labels)] if landscape else [])]
        # Measures that are of some sites are missing at the others.
        return xr.merge(found, join="left")

    def described(self) -> dict[str, Any]:
        """Return what tells this apart from measuring another network, on other samples, or something else."""
        return {
            "model": {"name": self.name, "sha256": _architecture(self.graph)},
            "probe": {"samples": len(self.probe), "sha256": _digest(self.probe)},
            "labels": None if self.labels is None else {"sha256": _digest(self.labels)},
            **self.settings.described(),
        }

    def _measured(self) -> xr.Dataset:
        labels: Any = _NoLabels() if self.labels is None else self.labels
        return apply(self.network, self.probe, labels, self.settings.measures)

    def _answers(self, labels: Tensor) -> xr.Dataset:
        logits = full_precision(outputs(self.network, self.probe))
        values = mean_loss(logits, labels, loss=loss_of(self.network)), accuracy(logits, labels)
        described = zip(OF_PROBE.items(), values, strict=True)
        found = xr.Dataset({name: ((), float(value), attributes) for (name, attributes), value in described})
        return in_units_of(loss_of(self.network), found)

    def _landscape(self, labels: Tensor) -> xr.Dataset:
        axis = centred_grid(1.0, self.settings.landscape_points)
        weights = {name: parameter.detach() for name, parameter in self.network.named_parameters()}
        metrics = Metrics(self.network, self.probe, labels, ["loss", "accuracy"])
        plane = sample_plane(metrics, weights, random_directions(self.network, seed=0), axis, axis)
        return metrics.describe(plane, "plane")


class _NoLabels:
    """Stands for labels that nobody gave, towards measures: most do not look at any."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError("a measure needs labels, and none are given")

    @classmethod
    def __torch_function__(cls, *args: Any, **kwargs: Any) -> Any:
        """Called by torch in place of a function that gets this."""
        raise ValueError("a measure needs labels, and none are given")


def _check_labels(labels: Tensor, logits: Tensor) -> None:
    """Raise ValueError for labels that are not classes of the logits (sample, class, ...) of a sample."""
    if logits.ndim < 2 or labels.shape[1:] != logits.shape[2:]:
        raise ValueError(f"labels {tuple(labels.shape)} are not those of logits {tuple(logits.shape)} per sample")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"labels lie in [{labels.min()}, {labels.max()}]; allowed: 0 to {logits.shape[1] - 1}")


def _architecture(graph: UnitGraph) -> str:
    """Return a digest of the names and shapes of all that a network stores, and of its sites."""
    shapes = [[name, list(tensor.shape)] for name, tensor in graph.model.state_dict().items()]
    return hashlib.sha256(json.dumps([shapes, graph.sites, graph.size.tolist()]).encode()).hexdigest()


def _digest(tensor: Tensor) -> str:
    return hashlib.sha256(save({"": tensor.contiguous()})).hexdigest()
