"""Density of a mask per layer and per unit, as stated and in effect."""

from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from emergence.core.modules import input_first, prunable, swapped
from emergence.pruning._effective import effective
from emergence.pruning._mask import Mask
from emergence.training.checkpoints import Checkpoint

Variables = dict[str, tuple[tuple[str, ...], Any, str]]
"""Name of a variable -> dimensions, values, title."""


def report(mask: Mask, checkpoint: Checkpoint, example: Tensor) -> xr.Dataset:
    """Return densities of the networks of a checkpoint under their masks; `example` is a batch of inputs.

    Layers are the matrices and kernels in the mask; units are their outputs, neurons or channels. What counts in effect
    (`effective_...`) lies on a path of kept weights from input to output: weights that `effective` keeps, and units
    with such a weight. Of networks that diverged before they could be pruned nothing is known.

    >>> from emergence.core.steps import Step
    >>> from emergence.networks import Architecture
    >>> layer = {"output.weight": torch.ones(1, 2, 2), "output.bias": torch.zeros(1, 2)}
    >>> described = Architecture("mlp", (2,), 2, {"widths": [], "activation": "relu"})
    >>> checkpoint = Checkpoint(Step(0), (7,), described, layer)
    >>> mask = Mask((7,), {"output.weight": torch.tensor([[[True, False], [True, True]]])})
    >>> report(mask, checkpoint, torch.zeros(1, 2))["density"].values.tolist()
    [[0.75]]
    """
    on_paths = mask.map(lambda seed, kept: effective(checkpoint.network(seed), kept, example))
    network = checkpoint.network(mask.seeds[0])
    weights, turned = prunable(network, example), input_first(network)
    layers = {name: _outputs_first(kept, turned.get(name)) for name, kept in mask.kept.items() if name in weights}
    units = [tensor.shape[1] for tensor in layers.values()]
    variables = {
        "size": (("layer",), [tensor[0].numel() for tensor in layers.values()], "prunable weights"),
        "units": (("layer",), units, "units"),
        **_left(layers, "", "kept"),
        **_left(
            {name: _outputs_first(on_paths.kept[name], turned.get(name)) for name in layers},
            "effective_",
            "on a path from input to output",
        ),
    }
    densities = xr.Dataset(
        {
            name: (dimensions, np.asarray(values), {"units": "1", "long_name": title})
            for name, (dimensions, values, title) in variables.items()
        },
        {"seed": list(mask.seeds), "layer": list(layers), "unit_layer": ("unit", np.repeat(list(layers), units))},
    )
    if not mask.diverged:
        return densities
    per_seed = [name for name, variable in densities.items() if "seed" in variable.dims]
    return densities.assign(densities[per_seed].where(~densities["seed"].isin(mask.diverged)))


def _outputs_first(kept: Tensor, groups: int | None) -> Tensor:
    """Arrange masks of a layer as (seed, output, input, ...); `groups` are those of one of (input, output, ...)."""
    return kept if groups is None else torch.stack([swapped(mask, groups) for mask in kept])


def _left(layers: dict[str, Tensor], prefix: str, left: str) -> Variables:
    """Remaining weights and units, given the masks (seed, ...) of layers."""
    rows = [tensor.flatten(2).double().mean(2) for tensor in layers.values()]
    by_layer, by_unit = ("seed", "layer"), ("seed", "unit")
    return {
        f"{prefix}kept": (by_layer, torch.stack([t.flatten(1).sum(1) for t in layers.values()], 1), f"weights {left}"),
        f"{prefix}density": (by_layer, torch.stack([row.mean(1) for row in rows], 1), f"share of weights {left}"),
        f"{prefix}kept_units": (
            by_layer,
            torch.stack([(r > 0).sum(1) for r in rows], 1),
            f"units with weights {left}",
        ),
        f"{prefix}unit_density": (by_unit, torch.cat(rows, 1), f"share of a unit's incoming weights {left}"),
    }
