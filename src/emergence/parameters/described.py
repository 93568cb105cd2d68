"""Base of the entries of ``networks``: what all kinds of networks can be asked."""

from math import isfinite
from typing import Annotated, Any, Self

from pydantic import AfterValidator

from emergence.parameters.base import Section

RESIZABLE = "mlp, deep_linear, cnn or transformer"
"""Kinds of networks that come in all widths and depths."""


def _plain(value: Any) -> Any:
    """Return what JSON can hold as it is; ValueError says what a part of it is that JSON cannot."""
    if isinstance(value, dict):
        strange = [key for key in value if not isinstance(key, str)]
        if strange:
            raise ValueError(f"the key {strange[0]!r} is no text; write it in quotes")
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            _plain(part)
    elif isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is no finite number")
    elif not isinstance(value, str | int | float | None):
        raise ValueError(f"{value} is read as a {type(value).__name__}; allowed: numbers, texts (in quotes), lists")
    return value


Option = Annotated[Any, AfterValidator(_plain)]
"""A value that the description of a network can hold."""


class Described(Section):
    """Base of the descriptions of all kinds of networks."""

    builder: str

    def misfit(self, shape: tuple[int, ...]) -> str:
        """Say what inputs the network needs where it cannot read those of a shape; "" where it can."""
        return ""

    def resized(self, width: float = 1, depth: int = 0) -> Self:
        """Return the description of a network `width` times as wide, with `depth` hidden layers more.

        Raises ValueError for a size that networks of this kind do not have.

        >>> from emergence.parameters import MLP
        >>> MLP(widths=[64, 32]).resized(width=0.5).widths, MLP(widths=[64, 32]).resized(depth=1).widths
        ([32, 16], [64, 32, 32])
        """
        if (width, depth) != (1, 0):
            raise ValueError(f"only networks of kind {RESIZABLE} come in all sizes, it is of kind '{self.builder}'")
        return self

    def arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of the builder."""
        return self.model_dump(exclude={"builder"})
