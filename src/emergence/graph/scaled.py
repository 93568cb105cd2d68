"""Non-negative numbers beyond the range of float64: a float64 and a power of two each."""

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from emergence.core.arrays import Floats, Integers


@dataclass(frozen=True)
class Scaled:
    """Array of numbers mantissa * 2**exponent, none of them negative.

    >>> huge = Scaled.of([3.0, 1.0], [5000, 5001])
    >>> round(float(huge.sum().log10()), 6), float(huge.sum().to_float()) == sys.float_info.max
    (1505.848948, True)
    """

    mantissa: Floats
    exponent: Integers

    @classmethod
    def of(cls, value: ArrayLike, exponent: ArrayLike = 0) -> "Scaled":
        """Make of floats and powers of two that broadcast to their shape; zero has exponent zero."""
        mantissa, shift = np.frexp(np.asarray(value, dtype=np.float64))
        total = np.where(mantissa > 0, shift + np.asarray(exponent, dtype=np.int64), 0)
        return cls(np.asarray(mantissa), np.asarray(total, dtype=np.int64))

    @classmethod
    def of_integer(cls, value: int) -> "Scaled":
        """Make of a Python integer, to the nearest."""
        shift = max(value.bit_length() - 64, 0)
        return cls.of(float(value >> shift), shift)

    @classmethod
    def stack(cls, parts: list["Scaled"], axis: int = 0) -> "Scaled":
        """Join along a new axis."""
        return cls(np.stack([p.mantissa for p in parts], axis), np.stack([p.exponent for p in parts], axis))

    @classmethod
    def concatenate(cls, parts: list["Scaled"]) -> "Scaled":
        """Join along the first axis."""
        return cls(np.concatenate([p.mantissa for p in parts]), np.concatenate([p.exponent for p in parts]))

    def __getitem__(self, index: Any) -> "Scaled":
        """Select elements."""
        return Scaled(np.asarray(self.mantissa[index]), np.asarray(self.exponent[index]))

    def sum(self, axis: int | None = None) -> "Scaled":
        """Sum over an axis or over all."""
        largest = np.max(np.where(self.mantissa > 0, self.exponent, -(2**40)), axis=axis, keepdims=True)
        # Terms 2**2000 below the largest vanish in its rounding; the bound keeps ldexp's exponent a C int.
        shift = np.where(self.mantissa > 0, np.maximum(self.exponent - largest, -2000), 0)
        total = np.ldexp(self.mantissa, shift).sum(axis=axis)
        return Scaled.of(total, np.squeeze(largest, axis=axis) * (total > 0))

    def __truediv__(self, divisor: "Scaled | float") -> "Scaled":
        """Quotient; zero where the divisor is zero, as there are no paths to take a share of."""
        other = divisor if isinstance(divisor, Scaled) else Scaled.of(divisor)
        quotient = np.divide(self.mantissa, other.mantissa, where=other.mantissa > 0, out=np.zeros_like(self.mantissa))
        return Scaled.of(quotient, self.exponent - other.exponent)

    def to_float(self) -> Floats:
        """As float64; a number beyond its range becomes the largest float, never infinity."""
        fits = np.clip(self.exponent, -2000, 2000).astype(np.int32)
        with np.errstate(over="ignore"):
            return np.asarray(np.minimum(np.ldexp(self.mantissa, fits), sys.float_info.max))

    def log10(self) -> Floats:
        """Decimal logarithm; minus infinity for zero."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log10(self.mantissa) + self.exponent * math.log10(2))
