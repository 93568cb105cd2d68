"""The emergence of a network beside that of its controls."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from torch import Tensor, nn

from emergence.controls.shuffled_activity import shuffled_activity
from emergence.controls.shuffled_weights import shuffled_weights
from emergence.controls.untrained import untrained
from emergence.controls.weight_noise import weight_noise
from emergence.core.known_skills import labelled
from emergence.core.modules import outputs
from emergence.core.seeds import of_controls
from emergence.graph.activity import WEIGHT_CHANGE, ActivationError
from emergence.graph.counting import Through
from emergence.graph.scaled import Scaled
from emergence.graph.unit_graph import UnitGraph


class _Control(NamedTuple):
    """A control, the level of its noise, its network, and the seed that shuffles its activity, if any does."""

    kind: str
    level: float
    network: nn.Module
    shuffled_with: int | None = None


class Comparison:
    """Counts paths of a network and of its controls, on `inputs` with their `labels`.

    `graph` is that of a network of the same architecture. `noise` are levels of noise on the weights; `counting` holds
    threshold, criterion, fraction and through, as for `count_paths`; `build` makes an untrained network.
    """

    def __init__(
        self,
        graph: UnitGraph,
        inputs: Tensor,
        labels: Tensor,
        *,
        noise: Sequence[float],
        counting: Mapping[str, Any],
        build: Callable[[], nn.Module],
    ) -> None:
        self._graph, self._inputs, self._labels, self._noise, self._build = graph, inputs, labels, noise, build
        self._activity = {name: value for name, value in counting.items() if name != "through"}
        self._through: Through = counting["through"]

    def __call__(self, network: nn.Module, seed: int) -> xr.Dataset:
        """Compare one network, in evaluation mode, with its controls; `seed` is its own.

        Returns ``control_emergence``, ``control_log10_emergence`` and ``control_accuracy`` over the dimension
        `control`; along it stand ``control_kind`` and ``control_level`` (of the noise, else NaN). Shuffled activity
        belongs to no network and has no accuracy. NaN where activations are not numbers; by the criterion
        weight-change no emergence is known, since a control has no checkpoint before it.
        """
        controls = list(self._controls(network, of_controls(seed)))
        emergence, log10, accuracy = np.array([self._measure(control) for control in controls]).T
        of = "of a network or its control"
        return labelled(
            {
                "control_emergence": ("control", emergence, f"paths from inactive to active units {of}"),
                "control_log10_emergence": (
                    "control",
                    log10,
                    f"decimal logarithm of the emergence {of}, missing where it is 0",
                ),
                "control_accuracy": ("control", accuracy, f"share of right answers on the probe samples {of}"),
            },
            control=[c.kind if np.isnan(c.level) else f"{c.kind}~{c.level:g}" for c in controls],
            control_kind=("control", [control.kind for control in controls]),
            control_level=("control", [control.level for control in controls]),
        )

    def _controls(self, network: nn.Module, seed: int) -> Iterator[_Control]:
        yield _Control("itself", np.nan, network)
        for level in self._noise:
            yield _Control("weight_noise", level, weight_noise(network, level, seed, self._inputs))
        yield _Control("shuffled_weights", np.nan, shuffled_weights(network, seed, self._inputs))
        yield _Control("untrained", np.nan, untrained(network, seed, self._build, self._inputs))
        yield _Control("shuffled_activity", np.nan, network, shuffled_with=seed)

    def _measure(self, control: _Control) -> tuple[float, float, float]:
        """Emergence, its logarithm, and the share of right answers."""
        accuracy = self._accuracy(control.network) if control.shuffled_with is None else np.nan
        if self._activity["criterion"] == WEIGHT_CHANGE:
            return np.nan, np.nan, accuracy
        try:
            counted = self._count(control)
        except ActivationError:
            return np.nan, np.nan, np.nan
        log10 = float(counted.log10()) if counted.mantissa > 0 else np.nan
        return float(counted.to_float()), log10, accuracy

    def _count(self, control: _Control) -> Scaled:
        state = control.network.state_dict()
        active = self._graph.active(self._inputs, **self._activity, weights=state)
        if control.shuffled_with is not None:
            active = shuffled_activity(active, control.shuffled_with)
        return self._graph.count(active, through=self._through, weights=state).sum() / len(active[0])

    def _accuracy(self, network: nn.Module) -> float:
        return float((outputs(network, self._inputs).argmax(1) == self._labels).double().mean())
