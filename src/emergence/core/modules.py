"""Networks as torch modules: private copies, and their weights."""

import copy
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm
from torch.overrides import TorchFunctionMode

from emergence.core.uses import multiplying

Network = TypeVar("Network", bound=nn.Module)

NON_LINEARITIES = (nn.ReLU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid)
"""Modules whose outputs are the activations of units."""

CONVOLUTIONS_BACK = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
"""Layers whose kernels are (input, output, ...)."""


def private_copy(network: Network) -> Network:
    """Copy a network, hooks and all, so that changes do not reach it; its parameters have the same names.

    Raises ValueError for a network that holds something that cannot be copied.

    >>> layer = prune.l1_unstructured(nn.Linear(2, 1), "weight", amount=1)
    >>> list(dict(private_copy(layer).named_parameters()))
    ['bias', 'weight_orig']
    """
    # Copies of what inference mode made are usable outside of it.
    with torch.inference_mode(False), _CopyingComputed():
        try:
            return copy.deepcopy(network)
        except (TypeError, RuntimeError) as error:
            raise ValueError(f"this {type(network).__name__} cannot be copied: {error}") from error


def plain_copy(network: nn.Module) -> nn.Module:
    """Copy a network, so that changes do not reach it; what masks of `torch.nn.utils.prune` cover becomes zero.

    >>> layer = prune.l1_unstructured(nn.Linear(2, 1), "weight", amount=1)
    >>> copied = plain_copy(layer)
    >>> [name for name, _ in copied.named_buffers()], int((copied.weight == 0).sum())
    ([], 1)
    """
    copied = private_copy(network)
    for module in copied.modules():
        for hook in list(module._forward_pre_hooks.values()):
            if isinstance(hook, prune.BasePruningMethod):
                prune.remove(module, hook._tensor_name)
    return copied


@torch.no_grad()
def outputs(network: nn.Module, inputs: Tensor) -> Tensor:
    """Return what a network gives in evaluation mode; neither it nor the inputs change.

    >>> outputs(nn.Sequential(nn.Dropout(), nn.ReLU(inplace=True)), torch.tensor([[-1.0, 2.0]]))
    tensor([[0., 2.]])
    """
    result: Tensor = private_copy(network).eval()(inputs.clone())
    return result


def train_all(network: nn.Module) -> nn.Module:
    """Let every parameter of a network that can have a gradient need one, frozen ones too; return the network."""
    for parameter in network.parameters():
        parameter.requires_grad_(parameter.is_floating_point() or parameter.is_complex())
    return network


class _CopyingComputed(TorchFunctionMode):
    """Lets deepcopy copy tensors that were computed from parameters, which a pruned layer's weight is."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.__deepcopy__ and not args[0].is_leaf:
            tensor, memory = args
            return memory.setdefault(id(tensor), tensor.detach().clone())
        return func(*args, **(kwargs or {}))


class _Place(NamedTuple):
    """Where a layer reads a matrix or kernel, and the parameter that holds its entries."""

    layer: nn.Module
    attribute: str
    parameter: nn.Parameter


def prunable(network: nn.Module, inputs: Tensor | None = None) -> dict[str, Tensor]:
    """Return the weights that may be removed, by name: matrices and kernels that layers multiply by.

    Of torch's own layers, these are the weights of linear, bilinear, convolutional, recurrent and attention layers.
    Parameters of other modules are weights if something that depends on the inputs is multiplied by them as a matrix or
    kernel, found by running one of `inputs` (sample, ...); without `inputs`, none are. Biases, scales, embeddings and
    tokens are none, nor is a matrix tied to an embedding.

    The weights are the network's own, without gradients, so that they can be changed; shared ones are listed once. For
    a weight that torch computes, the parameter of the same shape is listed.

    >>> list(prunable(nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 3), nn.LayerNorm((2, 3)), nn.Linear(3, 2))))
    ['1.weight', '3.weight']
    """
    chosen = {id(place.parameter) for place in _places(network)}
    if inputs is not None and len(inputs) and undecided(network):
        copied = private_copy(network)
        found = multiplying(copied, undecided(copied), inputs[:1].detach().clone())
        chosen |= {id(network.get_parameter(name)) for name in found}
    looked_up = tables(network)
    named = network.named_parameters()
    return {name: p.detach() for name, p in named if id(p) in chosen and name not in looked_up}


def tables(network: nn.Module) -> set[str]:
    """Return the names of the tables of embeddings, of which rows are looked up."""
    owned = {id(p) for m in network.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag) for p in m.parameters()}
    return {name for name, p in network.named_parameters() if id(p) in owned}


def layer_weights(network: nn.Module, inputs: Tensor | None = None) -> dict[str, Tensor]:
    """Return what layers multiply by, by the names of `prunable`, as (output, input, ...).

    Weights that a layer computes, by `torch.nn.utils.parametrize` or by hooks of torch, are as it computes them.

    >>> {name: tuple(weight.shape) for name, weight in layer_weights(nn.ConvTranspose2d(3, 8, 5)).items()}
    {'weight': (8, 3, 5, 5)}
    """
    values = effective_weights(network, inputs)
    groups = input_first(network)
    return {name: swapped(value, groups[name]) if name in groups else value for name, value in values.items()}


def effective_weights(network: nn.Module, inputs: Tensor | None = None) -> dict[str, Tensor]:
    """Return what layers multiply by, by the names of `prunable` and in the shapes of the parameters."""
    weights = prunable(network, inputs)
    if all(place.attribute in place.layer._parameters for place in _places(network)):
        return weights
    copied = private_copy(network).eval()
    names = {id(parameter): name for name, parameter in copied.named_parameters()}
    with torch.no_grad():
        values = {names[id(place.parameter)]: _value(place) for place in _places(copied)}
        return {name: values.get(name, weight).detach() for name, weight in weights.items()}


def input_first(network: nn.Module) -> dict[str, int]:
    """Return the weights whose second axis, not the first, holds the outputs, each with its number of groups.

    Those are the kernels of transposed convolutions, and the matrices of the `Conv1D` of transformers.

    >>> input_first(nn.Sequential(nn.Conv1d(2, 4, 3), nn.ConvTranspose1d(4, 2, 3, groups=2)))
    {'1.weight': 2}
    """
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    kinds = (*CONVOLUTIONS_BACK, *_conv1d_of_transformers())
    places = [place for place in _places(network) if isinstance(place.layer, kinds)]
    return {names[id(place.parameter)]: getattr(place.layer, "groups", 1) for place in places}


def swapped(weight: Tensor, groups: int) -> Tensor:
    """Turn a weight (input, output of a group, ...) into (output, input of a group, ...), and back.

    >>> swapped(torch.arange(4).reshape(4, 1), groups=2)
    tensor([[0, 1],
            [2, 3]])
    """
    turned: Tensor = weight.unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
    return turned


def _places(network: nn.Module) -> Iterator[_Place]:
    for layer in network.modules():
        for attribute in _factors_of(layer):
            parameter = _holder(layer, attribute)
            if parameter is not None:
                yield _Place(layer, attribute, parameter)


def _factors_of(layer: nn.Module) -> list[str]:
    """Return the attributes of one of torch's layers that hold what it multiplies its inputs by."""
    if isinstance(layer, nn.MultiheadAttention):
        return ["in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"]
    if isinstance(layer, nn.RNNBase):
        return [name for name in layer._flat_weights_names if name.startswith("weight")]
    if isinstance(layer, nn.RNNCellBase):
        return ["weight_ih", "weight_hh"]
    plain = (nn.Linear, nn.Bilinear, nn.modules.conv._ConvNd, *_conv1d_of_transformers())
    return ["weight"] if isinstance(layer, plain) else []


def _conv1d_of_transformers() -> tuple[type, ...]:
    library = sys.modules.get("transformers.pytorch_utils")
    return (library.Conv1D,) if library else ()


def _holder(layer: nn.Module, attribute: str) -> nn.Parameter | None:
    """Return the parameter that has an entry for each of a weight; None where there is none."""
    if parametrize.is_parametrized(layer, attribute):
        shape = getattr(private_copy(layer).eval(), attribute).shape
        alike = [p for p in layer.get_submodule(f"parametrizations.{attribute}").parameters() if p.shape == shape]
        return alike[-1] if alike else None
    names = [name for name in (attribute, f"{attribute}_orig", f"{attribute}_v") if name in layer._parameters]
    return layer._parameters[names[0]] if names else None


def _value(place: _Place) -> Tensor:
    """Return the weight that a layer multiplies by, which hooks may have to compute anew."""
    for hook in place.layer._forward_pre_hooks.values():
        if isinstance(hook, prune.BasePruningMethod | WeightNorm | SpectralNorm):
            hook(place.layer, None)
    value: Tensor = getattr(place.layer, place.attribute)
    return value


def undecided(network: nn.Module) -> dict[str, Tensor]:
    """Return the parameters whose use is not known from the layer that owns them, by name."""
    known = {id(place.parameter) for place in _places(network)}
    owned = {id(p) for m in network.modules() if _not_of_torch(m) for p in m.parameters(recurse=False)}
    named = network.named_parameters()
    return {name: p for name, p in named if id(p) in owned - known and p.ndim >= 2}


def _not_of_torch(module: nn.Module) -> bool:
    kind = parametrize.type_before_parametrizations(module)
    return kind in (nn.ParameterList, nn.ParameterDict) or not kind.__module__.startswith("torch.")
