"""Motion artefacts in respiration, and electrodes that came off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.signals.runs import only_runs

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

EXCURSION_RATIO = 10.0
"""A sample farther from the median than this many half-ranges (q05-q95) is an artefact. The half-range of a volume is
half a breath: a sigh of five breaths, the largest that is usual, reaches nine."""
JERK_RATIO = 12.0
"""A change within 0.2 s larger than this many of the steepest usual ones (95 %) is an artefact (assumed)."""
JERK_S = 0.2
JUMP_RATIO = 5.0
"""An ECG whose range within a second is larger than this many of the usual ones is an artefact: a ventricular beat has
up to three times the range of the others (assumed)."""
USUAL_RANGE = 0.75
"""Quantile of the ranges that is the usual one: of half a recording the electrodes may be off, and show noise alone."""
MARGIN_S = 0.5
"""Signal around an artefact that is not believed, s."""


def motion_samples(values: Floats, sampling_hz: float, *, is_valid: Bools) -> Bools:
    """Tell which samples lie in motion artefacts: excursions and jerks far beyond breathing, with a margin.

    Parameters
    ----------
    values
        Shape (n,): signal without missing values, baseline removed.
    sampling_hz
        Its rate, Hz.
    is_valid
        Shape (n,): samples that count.
    """
    if not is_valid.any():
        return np.zeros(values.size, dtype=bool)
    low, mid, high = np.quantile(values[is_valid], [0.05, 0.5, 0.95])
    far = np.abs(values - mid) > EXCURSION_RATIO * max(high - mid, mid - low)
    lag = max(round(JERK_S * sampling_hz), 1)
    change = np.abs(values[lag:] - values[:-lag])
    usual = np.quantile(change[is_valid[lag:]], 0.95) if is_valid[lag:].any() else 0.0
    jerk = np.zeros(values.size, dtype=bool)
    if usual > 0:
        jerk[lag // 2 : lag // 2 + change.size] = change > JERK_RATIO * usual
    bad = far | jerk
    if not bad.any():
        return bad
    from scipy.ndimage import binary_dilation

    margin = max(int(MARGIN_S * sampling_hz), 1)
    wide = np.asarray(binary_dilation(bad, iterations=margin))
    return ~only_runs(~wide, at_least=2 * margin)


def jump_samples(values: Floats, sampling_hz: float, *, is_valid: Bools) -> Bools:
    """Tell which samples of an ECG lie in seconds of far more than the usual range: an electrode moved or came off.

    Parameters
    ----------
    values
        Shape (n,): signal without missing values.
    sampling_hz
        Its rate, Hz.
    is_valid
        Shape (n,): samples that count; not those of a dead sensor.
    """
    size = max(round(sampling_hz), 1)
    n_seconds = values.size // size
    whole = n_seconds * size
    seconds = np.where(is_valid[:whole], values[:whole], np.nan).reshape(n_seconds, size)
    some = np.isfinite(seconds).any(axis=1)
    if not some.any():
        return np.zeros(values.size, dtype=bool)
    extent = np.zeros(n_seconds)
    extent[some] = np.nanmax(seconds[some], axis=1) - np.nanmin(seconds[some], axis=1)
    moving = extent > JUMP_RATIO * np.quantile(extent[some], USUAL_RANGE)
    return np.concatenate([np.repeat(moving, size), np.full(values.size - whole, moving[-1])])
