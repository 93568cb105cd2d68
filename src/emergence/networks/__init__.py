"""Networks: one file per architecture, and the description from which a network can be rebuilt.

Every file here without a leading underscore is an architecture of that name and defines
``build(input_shape, classes, **options) -> torch.nn.Module``, which maps inputs
(sample, *input_shape) to logits (sample, classes), or to logits (sample, classes, ...) where each sample has several
labels, as a sequence of characters has.
"""

import inspect
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from emergence.core.losses import CROSS_ENTROPY, Loss, set_loss
from emergence.core.plugins import load, own_program
from emergence.parameters.base import Section
from emergence.parameters.networks import Network

if TYPE_CHECKING:
    from torch import nn

__all__ = ["TRAINED_ELSEWHERE", "Architecture", "build", "describe"]

TRAINED_ELSEWHERE = "trained_elsewhere"
"""The builder of networks whose weights come from another program."""

Size = Annotated[int, Field(ge=1, lt=2**40)]


class _Stored(Section):
    """A description of a network as files hold it."""

    builder: str
    input_shape: list[Size] = Field(min_length=1)
    classes: Size
    options: dict[str, Any]
    loss: Loss = CROSS_ENTROPY


@dataclass(frozen=True)
class Architecture:
    """All that is needed to build a network with untrained weights.

    `builder` is a file of this package or module:function; `options` are its keyword arguments and hold only what JSON
    can. `loss` is what the network is trained on.

    >>> described = Architecture("mlp", (1, 8, 8), 10, {"widths": [16], "activation": "relu"})
    >>> Architecture.from_json(described.to_json()) == described
    True
    """

    builder: str
    input_shape: tuple[int, ...]
    classes: int
    options: Mapping[str, Any] = field(default_factory=dict)
    loss: Loss = CROSS_ENTROPY

    @property
    def program(self) -> str:
        """The function of a user's own that builds the network, module:function; "" where none does.

        >>> Architecture("trained_elsewhere", (1, 8, 8), 10, {"model": "mine.nets:Net"}).program
        'mine.nets:Net'
        """
        return own_program(str(self.options.get("model")) if self.builder == TRAINED_ELSEWHERE else self.builder)

    def to_json(self) -> str:
        """Return the description as one line of JSON, which names no loss but another than cross-entropy."""
        described = asdict(self)
        if self.loss == CROSS_ENTROPY:
            del described["loss"]
        return json.dumps(described, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Architecture":
        """Read what `to_json` wrote; anything else raises ValueError, as do options that the builder does not have.

        Nothing is built or imported, so the text may come from anywhere. Options of a builder module:function, and of
        models trained elsewhere, are for these to check.
        """
        try:
            stored = _Stored.model_validate_json(text, strict=True)
            if ":" not in stored.builder and stored.builder != TRAINED_ELSEWHERE:
                TypeAdapter(Network).validate_python({**stored.options, "builder": stored.builder}, strict=True)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
            raise ValueError(f"not the description of a network ({wrong}): {text[:200]}") from error
        return cls(stored.builder, tuple(stored.input_shape), stored.classes, stored.options, stored.loss)


def describe(section: Network, input_shape: tuple[int, ...], classes: int) -> Architecture:
    """Join an entry of the parameters' section `networks` with the sizes that the data set demands.

    `input_shape` is that of one input, `classes` the number of its labels.

    >>> from emergence.parameters import MLP
    >>> describe(MLP(widths=[16]), (1, 8, 8), 10).options
    {'widths': [16], 'activation': 'relu'}
    """
    return Architecture(section.builder, tuple(input_shape), classes, section.arguments())


def build(architecture: Architecture) -> "nn.Module":
    """Build the network of an `architecture`, with fresh weights drawn from torch's global generator.

    Raises ValueError for an unknown builder and for options or shapes that the builder does not accept.

    >>> build(Architecture("mlp", (1, 8, 8), 10, {"widths": [16]}))[1]
    Linear(in_features=64, out_features=16, bias=True)
    """
    builder = load("networks", architecture.builder, "build")
    try:
        inspect.signature(builder).bind(architecture.input_shape, architecture.classes, **architecture.options)
    except TypeError as error:
        raise ValueError(f"network '{architecture.builder}': {error}") from error
    network: nn.Module = builder(architecture.input_shape, architecture.classes, **architecture.options)
    set_loss(network, architecture.loss)
    return network
