"""Weights of others put into a model, where all of them fit and none is missing."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Size, Tensor, nn

from emergence.foreign.error import ForeignError
from emergence.foreign.files import read_weights

COMPILED = "_orig_mod."
"""What torch.compile puts into the names of parameters."""


def load_weights(model: nn.Module, path: Path | str) -> None:
    """Put the weights of a file, or of a folder of Hugging Face, into a model.

    Names may have the prefixes that DistributedDataParallel, torch.compile, Lightning or another module around the
    model adds to all of them. Models of transformers take what their library does: tied weights may be left out.
    ForeignError names the file and the tensor, with both shapes, of weights that are missing, too many or do not fit;
    the model is then unchanged. Files are read as `read_weights` does.

    >>> import tempfile, torch
    >>> path = Path(tempfile.mkdtemp()) / "step_1.pt"
    >>> torch.save(nn.DataParallel(nn.Linear(2, 3)).state_dict(), path)
    >>> load_weights(nn.Linear(2, 3), path)
    >>> load_weights(nn.Linear(2, 3, bias=False), path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    emergence.foreign.error.ForeignError: ...step_1.pt: tensor 'bias' of shape (3,) is not in the model
    """
    wanted = model.state_dict()
    weights: Mapping[str, Tensor] = _renamed(read_weights(path), wanted)
    transformers = sys.modules.get("transformers")
    if transformers and isinstance(model, transformers.PreTrainedModel):
        weights, faults = _as_transformers(model, weights)
    else:
        faults = list(_faults(weights, wanted))
    if faults:
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise ForeignError(f"{path}: {faults[0]}{more}")
    model.load_state_dict(weights)


def _renamed(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights without the prefixes that make the fewest names fit."""
    return max(_without_prefixes(weights), key=lambda named: len(named.keys() & wanted.keys()))


def _without_prefixes(weights: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """Yield weights under their names, and without one after the other prefix that all names have in common."""
    yield dict(weights)
    named = {name.replace(COMPILED, ""): tensor for name, tensor in weights.items()}
    yield named
    while len(first := {name.partition(".")[0] for name in named}) == 1 and all("." in name for name in named):
        named = {name.removeprefix(f"{min(first)}."): tensor for name, tensor in named.items()}
        yield named


def _faults(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Iterator[str]:
    for name, tensor in wanted.items():
        if not isinstance(tensor, Tensor):
            yield f"the model keeps '{name}', a {type(tensor).__name__}, beside its tensors, which is not loaded"
        elif tensor.is_meta:
            yield f"tensor '{name}' of the model is on the device 'meta' and has no values"
        elif name not in weights:
            yield f"tensor '{name}' of shape {tuple(tensor.shape)} is missing"
        elif weights[name].shape != tensor.shape:
            yield _misfit(name, weights[name].shape, tensor.shape)
        elif _kind(weights[name]) != _kind(tensor):
            yield f"tensor '{name}' holds {weights[name].dtype}, in the model {tensor.dtype}"
    for name in sorted(weights.keys() - wanted.keys()):
        yield f"tensor '{name}' of shape {tuple(weights[name].shape)} is not in the model"


def _kind(tensor: Tensor) -> tuple[bool, bool]:
    """Tell real, complex and whole numbers apart: quantised weights are no weights of a model in float32."""
    return tensor.is_floating_point(), tensor.is_complex()


def _misfit(name: str, found: Size, wanted: Size) -> str:
    return f"tensor '{name}' has shape {tuple(found)}, in the model {tuple(wanted)}"


def _as_transformers(model: Any, weights: Mapping[str, Tensor]) -> tuple[Mapping[str, Tensor], list[str]]:
    """Return weights as transformers names and ties them, and what it finds missing, too many or unfit."""
    loaded, told = type(model).from_pretrained(
        None, config=model.config, state_dict=dict(weights), output_loading_info=True, ignore_mismatched_sizes=True
    )
    faults = [
        *(f"tensor '{name}' is missing" for name in sorted(told["missing_keys"])),
        *(_misfit(*unfit) for unfit in sorted(told["mismatched_keys"])),
        *(f"tensor '{name}' is not in the model" for name in sorted(told["unexpected_keys"])),
    ]
    return loaded.state_dict(), faults
