"""Zero-phase filters and the baseline."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from eupnea.signals.presets import ANTI_ALIAS_HZ, BASELINE_HZ

Floats = NDArray[np.float64]

ORDER = 4
"""Order of the Butterworth low-pass; run forth and back, so the slope is that of twice the order."""
PAD_PERIODS = 3.0
"""Signal mirrored at the ends, in periods of the cutoff."""
NYQUIST_SHARE = 0.9
"""A cutoff above this share of half the sampling rate is no filter any more."""
BLOCK_HZ = 100.0
"""Fast signals are averaged in blocks down to no less than this before filtering, Hz."""
BASELINE_STEP_S = 1.0
"""Step of the grid that the baseline is found on, s."""
HUBER = 2.0
"""Residuals of the baseline beyond this many median ones count less."""
REWEIGHTINGS = 4


def low_pass(values: Floats, sampling_hz: float, cutoff_hz: float) -> Floats:
    """Filter forth and back (no delay); a cutoff near or above half the rate changes nothing."""
    if cutoff_hz >= NYQUIST_SHARE * sampling_hz / 2 or values.size < 2:
        return values
    from scipy.signal import sosfiltfilt

    sections = _sections(cutoff_hz, sampling_hz)
    padding = min(values.size - 1, int(PAD_PERIODS * sampling_hz / cutoff_hz))
    return np.asarray(sosfiltfilt(sections, values, padlen=padding))


@cache
def _sections(cutoff_hz: float, sampling_hz: float) -> Floats:
    from scipy.signal import butter

    return np.asarray(butter(ORDER, cutoff_hz, fs=sampling_hz, output="sos"))


def block_means(values: Floats, factor: int) -> Floats:
    """Average blocks of `factor` samples; a rest at the end is dropped. The mean belongs to the middle of its block."""
    n_blocks = values.size // factor
    return values[: n_blocks * factor].reshape(n_blocks, factor).mean(axis=1)


def smooth_for_rate(values: Floats, sampling_hz: float) -> tuple[Floats, float, float]:
    """Limit a signal without gaps to what respiration at 25 Hz can hold.

    Returns
    -------
    values, sampling_hz, shift
        Filtered samples, their rate, and where the first of them lies, in samples of the input.
    """
    factor = max(int(sampling_hz // BLOCK_HZ), 1)
    if factor > 1:
        values = block_means(values, factor)
    rate = sampling_hz / factor
    return low_pass(values, rate, ANTI_ALIAS_HZ), rate, (factor - 1) / 2


def baseline(
    values: Floats,
    sampling_hz: float,
    *,
    is_valid: NDArray[np.bool_],
    cutoff_hz: float = BASELINE_HZ,
    robust: bool = False,
) -> Floats:
    """Return the slow baseline of a signal by penalised least squares.

    Parameters
    ----------
    values
        Shape (n,), without missing values.
    sampling_hz
        Its rate, Hz.
    is_valid
        Shape (n,): samples that count; the baseline runs straight through the others.
    cutoff_hz
        Frequency that is halved: the baseline's gain is 1 / (1 + (f / cutoff)⁴), without delay.

    robust
        Whether single large excursions (sighs in a volume) are kept from pulling the baseline.

    Returns
    -------
    ndarray
        Shape (n,).

    References
    ----------
    Whittaker (1922); Eilers (2003), Anal Chem 75:3631, with second differences; reweighted after Huber.
    """
    from scipy.interpolate import CubicSpline
    from scipy.linalg import solveh_banded

    step = max(round(BASELINE_STEP_S * sampling_hz), 1)
    n_cells = -(-values.size // step)
    cell = np.arange(values.size) // step
    weight = np.bincount(cell, is_valid.astype(float), n_cells).astype(float)
    if n_cells < 4 or np.count_nonzero(weight) < 2:  # one point holds no line
        centre = float(np.median(values[is_valid])) if is_valid.any() else 0.0
        return np.full(values.size, centre)
    total = np.bincount(cell, np.where(is_valid, values, 0.0), n_cells)
    penalty = step * (sampling_hz / step / (2 * np.pi * cutoff_hz)) ** 4
    mean = total / np.maximum(weight, 1)
    slow = solveh_banded(_penalised(weight, penalty), total)
    for _ in range(REWEIGHTINGS if robust else 0):
        trusted = weight * _huber(mean - slow, weight > 0)
        slow = solveh_banded(_penalised(trusted, penalty), trusted * mean)
    return np.asarray(CubicSpline((np.arange(n_cells) + 0.5) * step - 0.5, slow)(np.arange(values.size)))


def _huber(residual: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return weights that keep single large excursions (sighs) from pulling the baseline."""
    scale = float(np.median(np.abs(residual[known])))
    if scale == 0:
        return np.ones(residual.size)
    return np.minimum(1.0, HUBER * scale / np.maximum(np.abs(residual), HUBER * scale))


def _penalised(weight: Floats, penalty: float) -> Floats:
    """Return weight + penalty · D'D (second differences) as an upper banded matrix."""
    n = weight.size
    main, first = np.full(n, 6.0), np.full(n, -4.0)
    main[[0, -1]], main[[1, -2]] = 1.0, 5.0
    first[[1, -1]] = -2.0
    if n == 4:
        main, first = np.array([1.0, 5.0, 5.0, 1.0]), np.array([0.0, -2.0, -4.0, -2.0])
    return np.vstack([np.full(n, penalty), penalty * first, penalty * main + weight + np.finfo(float).tiny])
