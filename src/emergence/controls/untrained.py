"""A network before any training."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from emergence.core.modules import plain_copy, prunable


def untrained(
    network: nn.Module, seed: int, build: Callable[[], nn.Module] | None = None, inputs: Tensor | None = None
) -> nn.Module:
    """Return a copy with fresh initial values of all parameters and running statistics.

    They are those of the network that `build()` makes, which must have the same names and shapes, or else come from the
    modules' own `reset_parameters`. Weights that are zero count as pruned and stay zero, so that the copy has the same
    connections; `inputs` help to find the weights, see `emergence.core.modules.prunable`. The seed alone decides the
    values; torch's global generator is left as it was. Raises ValueError for a parameter whose module has no
    `reset_parameters`, and for a `build` that does not fit.

    >>> layer = nn.Linear(2, 2)
    >>> torch.equal(untrained(layer, seed=3).weight, untrained(layer, 3, build=lambda: nn.Linear(2, 2)).weight)
    True
    """
    copied = plain_copy(network)
    weights = prunable(copied, inputs).values()
    removed = [weight == 0 for weight in weights]
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        fresh = build() if build else _reset(plain_copy(network).cpu())
    try:
        copied.load_state_dict(fresh.state_dict())
    except RuntimeError as error:
        raise ValueError(f"build() makes another network: {error}") from error
    for weight, zero in zip(weights, removed, strict=True):
        weight[zero] = 0
    return copied


def _reset(module: nn.Module) -> nn.Module:
    """Reset all modules in the order in which a network is built: inner ones first."""
    for child in module.children():
        _reset(child)
    reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
    if reset is not None:
        reset()
    elif list(module.parameters(recurse=False)):
        raise ValueError(f"{type(module).__name__} has parameters but no reset_parameters; give a function as `build`")
    return module
