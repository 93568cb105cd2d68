"""Few samples with noisy labels, which a wide network fits nonetheless: the double descent of the error on others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from emergence.core.raw_files import RawFiles
from emergence.parameters.base import MOST_SAMPLES, MOST_UNITS, Seed
from emergence.parameters.data_kind import NUMBER, DataKind, Size

if TYPE_CHECKING:
    from emergence.datasets import RawDataset


class NoisyBits(DataKind):
    """Strings of bits, whose first is the class; labels are noisy but for testing (Belkin et al. 2019)."""

    form = "vector"
    content = "bits"

    kind: Literal["double_descent"] = "double_descent"
    """Which kind of data set."""

    bits: int = Field(default=12, ge=1, le=MOST_UNITS)
    """Bits of a sample."""

    samples: int = Field(default=160, ge=1, le=MOST_SAMPLES)
    """Samples for training, validation and the probe."""

    test_samples: int = Field(default=1000, ge=1, le=MOST_SAMPLES)
    """Further samples for testing, all with their true class."""

    noise: float = Field(default=0.2, ge=0, le=0.5)
    """Share of the samples not for testing that are expected to have the wrong label."""

    seed: Seed = 0
    """Seed of the samples."""

    def size(self, files: RawFiles) -> Size:
        return Size(self.samples + self.test_samples, self.test_samples, (self.bits,), 2)

    def needs(self) -> Iterator[tuple[str, int, str, int]]:
        samples = self.samples + self.test_samples
        yield "samples", samples, "its samples", samples * self.bits * NUMBER


def load(entry: NoisyBits, name: str, files: RawFiles) -> RawDataset:
    """Return samples: inputs float32 (sample, bit) of -1 and 1, labels 0 and 1; those for testing are the last.

    The seed decides all. Whatever the noise, inputs of a seed are the same, and a wrong label stays so with more noise.

    >>> data = load(NoisyBits(samples=200, noise=0.25, bits=6), "bits", RawFiles(()))
    >>> wrong = data.labels != (data.inputs[:, 0] > 0)
    >>> data.inputs.shape, int(wrong[:200].sum()), int(wrong[200:].sum())
    ((1200, 6), 61, 0)
    """
    import numpy as np

    from emergence.datasets import RawDataset

    rng, count = np.random.default_rng(entry.seed), entry.samples + entry.test_samples
    bits = rng.integers(0, 2, (count, entry.bits))
    test = np.arange(count) >= entry.samples
    wrong = (rng.random(count) < entry.noise) & ~test
    return RawDataset(
        inputs=(2 * bits - 1).astype(np.float32),
        labels=bits[:, 0] ^ wrong,
        classes=("first bit 0", "first bit 1"),
        source=f"first of {entry.bits} bits, wrong in {100 * entry.noise:g} % of samples not for testing",
        test=test,
        scaled=True,
    )
