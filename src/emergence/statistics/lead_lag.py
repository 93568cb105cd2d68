"""Lead of one trajectory over training on another, beyond what all seeds have in common."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emergence.core.arrays import Floats
from emergence.statistics.estimate import Estimate, percentile_interval

Null = Literal["phase_randomised", "shuffled"]
NULLS: tuple[Null, Null] = ("phase_randomised", "shuffled")

FEWEST_SEEDS, FEWEST_CHANGES = 3, 6
"""With fewer seeds or changes per seed nothing is said."""

MOST_LAG = 5
"""Lags up to this many steps are looked at, and up to a third of the changes at most."""

SURROGATES = 999
RESAMPLES = 1000


def lead_lag(first: ArrayLike, second: ArrayLike, confidence: float, seed: int) -> tuple[Estimate, Estimate]:
    """Return by how many steps the changes of `first` run ahead of those of `second`, and their correlation then.

    Both are trajectories (seed, step) at equal intervals. Their changes are standardised over seeds at every step:
    what all seeds have in common does not count. The lag is that of the largest absolute correlation over all
    seeds, positive where `first` comes before. P-values are the share of surrogates of `first` whose largest
    correlation over all lags is as large (Theiler et al. 1992, Physica D 58:77): for the lag, its changes with the
    phases of their Fourier transform at random, which keeps their autocorrelation; for the correlation, its changes
    shuffled. Intervals are percentiles over bootstrap samples of seeds. Seeds with a missing value are left out.
    """
    trajectories = np.array([np.asarray(values, dtype=np.float64) for values in (first, second)])
    trajectories = trajectories[:, np.isfinite(trajectories).all(axis=(0, 2))]
    seeds, changes = trajectories.shape[1], trajectories.shape[2] - 1
    if seeds < FEWEST_SEEDS or changes < FEWEST_CHANGES:
        return Estimate(observations=seeds), Estimate(observations=seeds)
    moving, held = (_standardised(np.diff(values, axis=1)) for values in trajectories)
    farthest = min(MOST_LAG, changes // 3)
    lags = np.arange(-farthest, farthest + 1)
    rng = np.random.default_rng(seed)
    by_seed = _products(moving, held, lags)
    (lag,), (correlation,) = _strongest(by_seed.sum(axis=0, keepdims=True), lags)
    p_values = []
    for null in NULLS:
        made = _standardised(surrogates_of(moving, null, rng))
        others = _strongest(_products(made, held, lags).sum(axis=1), lags)[1]
        p_values.append((1 + np.count_nonzero(np.abs(others) >= abs(correlation))) / (1 + SURROGATES))
    drawn = rng.integers(seeds, size=(RESAMPLES, seeds))
    lags_drawn, correlations_drawn = _strongest(by_seed[drawn].sum(axis=1), lags)
    return (
        Estimate(float(lag), *percentile_interval(lags_drawn, confidence), p_values[0], seeds),
        Estimate(float(correlation), *percentile_interval(correlations_drawn, confidence), p_values[1], seeds),
    )


def surrogates_of(series: Floats, null: Null, rng: np.random.Generator) -> Floats:
    """Return `SURROGATES` random variants (surrogate, seed, step) of each seed's series (seed, step)."""
    many = np.repeat(series[None], SURROGATES, axis=0)
    if null == "shuffled":
        return np.asarray(rng.permuted(many, axis=-1))
    spectrum = np.fft.rfft(many, axis=-1)
    phases = rng.uniform(0, 2 * np.pi, spectrum.shape)
    phases[..., 0] = 0
    if series.shape[-1] % 2 == 0:
        phases[..., -1] = 0  # the highest frequency of an even number of steps has no phase
    made: Floats = np.fft.irfft(spectrum * np.exp(1j * phases), series.shape[-1], axis=-1)
    return made


def _standardised(changes: Floats) -> Floats:
    """Deviations from the mean over seeds in standard deviations over seeds (..., seed, step); 0 where none differ."""
    centred = changes - changes.mean(axis=-2, keepdims=True)
    spread = centred.std(axis=-2, keepdims=True)
    standard: Floats = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    return standard


def _products(moving: Floats, held: Floats, lags: NDArray[np.int_]) -> Floats:
    """Sums over steps (..., seed, lag, 3) of products and of both squares, of series (..., seed, step) at lags."""
    steps = held.shape[-1]
    sums = []
    for lag in lags:
        before = moving[..., max(-lag, 0) : steps - max(lag, 0)]
        after = held[:, max(lag, 0) : steps - max(-lag, 0)]
        squares = np.broadcast_to((after**2).sum(axis=-1), before.shape[:-1])
        sums.append(np.stack([(before * after).sum(axis=-1), (before**2).sum(axis=-1), squares], axis=-1))
    return np.stack(sums, axis=-2)


def _strongest(sums: Floats, lags: NDArray[np.int_]) -> tuple[Floats, Floats]:
    """The lag of the largest absolute correlation, and that correlation, of sums over seeds (case, lag, 3)."""
    length = np.sqrt(sums[..., 1] * sums[..., 2])
    correlations = np.divide(sums[..., 0], length, out=np.zeros_like(length), where=length > 0)
    largest = np.abs(correlations).argmax(axis=-1)
    return lags[largest].astype(np.float64), np.take_along_axis(correlations, largest[:, None], axis=-1)[:, 0]
