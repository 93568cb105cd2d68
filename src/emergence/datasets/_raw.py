"""A raw data set: all samples as published, not yet split or normalised."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emergence.core.arrays import Bools


@dataclass(frozen=True)
class RawDataset:
    """Samples with labels, and where they come from.

    `inputs` is uint8 or float32 of shape (sample, feature), (sample, channel, length) or
    (sample, channel, height, width); `labels` are integers that index `classes`; `test` marks the published test
    part (None where there is none); `checksums` maps each original file to "algorithm:digest". Sequences of `tokens`
    have inputs and labels (sample, position), both integers that index `classes`. Inputs that are `scaled` reach
    networks as they are; others are normalised.

    Raises ValueError that says which of these does not hold.

    >>> RawDataset(np.zeros((4, 3), np.float32), np.array([0, 1, 1, 2]), ("a", "b"), source="made up")
    Traceback (most recent call last):
    ...
    ValueError: data set from 'made up': labels must lie in 0 to 1 (2 classes), but reach from 0 to 2
    """

    inputs: NDArray[Any]
    labels: NDArray[Any]
    classes: tuple[str, ...]
    source: str
    test: Bools | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)
    tokens: bool = False
    scaled: bool = False

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise ValueError(f"data set from '{self.source}': {problem}")

    def _problem(self) -> str | None:
        test, samples = self.test, len(self.inputs)
        problem = self._problem_of_tokens() if self.tokens else self._problem_of_numbers()
        if problem is None and test is not None and (test.shape != (samples,) or test.dtype != np.bool_):
            return f"test must be {samples} booleans, one per sample, not {test.dtype} {test.shape}"
        return problem

    def _problem_of_numbers(self) -> str | None:
        inputs, labels = self.inputs, self.labels
        if inputs.dtype not in (np.uint8, np.float32):
            return f"inputs must be uint8 or float32, not {inputs.dtype}"
        if inputs.ndim not in (2, 3, 4) or 0 in inputs.shape:
            return f"inputs must be (sample, feature) or (sample, channel, ...), none empty, not {inputs.shape}"
        if not np.isfinite(inputs).all():
            return "inputs contain NaN or infinity"
        if labels.shape != inputs.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
            return f"labels must be {len(inputs)} integers, one per sample, not {labels.dtype} {labels.shape}"
        return self._outside("labels", labels)

    def _problem_of_tokens(self) -> str | None:
        inputs, labels = self.inputs, self.labels
        for name, tokens in (("inputs", inputs), ("labels", labels)):
            if tokens.ndim != 2 or 0 in tokens.shape or not np.issubdtype(tokens.dtype, np.integer):
                return f"{name} must be integers (sample, position), none empty, not {tokens.dtype} {tokens.shape}"
        if labels.shape != inputs.shape:
            return f"labels must be one per token, {inputs.shape}, not {labels.shape}"
        return self._outside("inputs", inputs) or self._outside("labels", labels)

    def _outside(self, name: str, indices: NDArray[Any]) -> str | None:
        if indices.min() >= 0 and indices.max() < len(self.classes):
            return None
        allowed = f"0 to {len(self.classes) - 1} ({len(self.classes)} classes)"
        return f"{name} must lie in {allowed}, but reach from {indices.min()} to {indices.max()}"
