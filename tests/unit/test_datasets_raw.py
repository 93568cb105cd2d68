"""What a data set may return, and what is refused."""

from typing import Any

import numpy as np
import pytest

from emergence.datasets import RawDataset

VALID: dict[str, Any] = {
    "inputs": np.zeros((6, 4), np.float32),
    "labels": np.array([0, 1, 2, 0, 1, 2]),
    "classes": ("a", "b", "c"),
    "source": "made up",
    "test": np.array([True, False] * 3),
}


@pytest.mark.parametrize("shape", [(6, 4), (6, 2, 5), (6, 3, 4, 4)])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_vectors_sequences_and_images_are_accepted(shape: tuple[int, ...], kind: type) -> None:
    assert RawDataset(**VALID | {"inputs": np.ones(shape, kind)}).inputs.shape == shape


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.zeros((6, 4))}, "uint8 or float32, not float64"),
        ({"inputs": np.zeros(6, np.float32)}, r"not \(6,\)"),
        ({"inputs": np.zeros((6, 0), np.float32)}, r"not \(6, 0\)"),
        ({"inputs": np.full((6, 4), np.nan, np.float32)}, "NaN"),
        ({"labels": np.zeros(5, int)}, r"6 integers, one per sample, not int64 \(5,\)"),
        ({"labels": np.zeros(6)}, "integers, one per sample, not float64"),
        ({"labels": np.array([0, 1, 2, 3, 0, 0])}, r"0 to 2 \(3 classes\), but reach from 0 to 3"),
        ({"labels": np.array([0, 1, 2, -1, 0, 0])}, "reach from -1 to 2"),
        ({"test": np.zeros(6, int)}, "6 booleans"),
        ({"test": np.zeros(5, bool)}, r"not bool \(5,\)"),
    ],
)
def test_malformed_data_sets_are_refused_with_source_and_reason(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"made up.*{message}"):
        RawDataset(**VALID | change)
