"""The heartbeat in a respiration signal: measured against the beats, and removed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

HARMONICS = 3
"""Harmonics of the beat that are fitted."""
SEGMENT_S = 30.0
"""Length of the overlapping segments in which size and shape are taken as constant, s (assumed)."""
MIN_BEATS = 8
"""Fewer beats in a segment fit nothing there."""
LONGEST_RR_S = 2.0
"""Between beats farther apart there is no phase, s."""


@dataclass(frozen=True, slots=True)
class Cardiogenic:
    """A respiration signal without what is locked to the beats.

    Attributes
    ----------
    breathing
        Shape (n,): what is left.
    oscillation
        Shape (n,): what was removed; 0 where no beats are known.
    share
        Power of the oscillation over the power of the signal, where beats are known; NaN when nowhere.
    """

    breathing: Floats
    oscillation: Floats
    share: float


def remove_cardiogenic(
    breathing: ArrayLike, beat_times_s: ArrayLike, sampling_hz: float, *, start_s: float = 0.0
) -> Cardiogenic:
    """Fit the harmonics of the cardiac phase to a respiration signal and subtract them.

    Parameters
    ----------
    breathing
        Shape (n,): respiration, NaN where missing. A signal limited below the heart rate holds little to remove.
    beat_times_s
        Shape (k,): times of the beats on the clock of `start_s`, s, rising.
    sampling_hz, start_s
        Rate and time of the first sample.

    Returns
    -------
    Cardiogenic
        Breathing that happens to be locked to the heart is not touched below 0.6 of the local heart rate.

    Notes
    -----
    The phase runs straight from 0 to 1 between beats. In segments of 30 s that overlap by half, cosines and sines of
    three harmonics are fitted by least squares to the signal without its slow part, and blended by a Hann window.
    """
    values = np.asarray(breathing, dtype=float)
    beats = np.asarray(beat_times_s, dtype=float)
    beats = beats[np.isfinite(beats)]
    time_s = start_s + np.arange(values.size) / sampling_hz
    phase = _phase(time_s, beats)
    usable = np.isfinite(values) & np.isfinite(phase)
    if beats.size < MIN_BEATS or not usable.any():
        return Cardiogenic(values, np.zeros(values.size), float("nan"))
    fast = _above(values, sampling_hz, SLOW_SHARE / float(np.median(np.diff(beats))))
    oscillation = _blended(fast, phase, usable, sampling_hz)
    power = float(np.sum((values[usable] - values[usable].mean()) ** 2))
    share = float(np.sum(oscillation[usable] ** 2)) / power if power > 0 else float("nan")
    return Cardiogenic(values - oscillation, oscillation, share)


SLOW_SHARE = 0.6
"""Below this share of the heart rate everything is breathing."""


def _phase(time_s: Floats, beats: Floats) -> Floats:
    phase = np.full(time_s.size, np.nan)
    if beats.size < 2:
        return phase
    after = np.searchsorted(beats, time_s, side="right")
    inside = (after > 0) & (after < beats.size)
    last, following = beats[after[inside] - 1], beats[after[inside]]
    length = following - last
    phase[inside] = np.where(length <= LONGEST_RR_S, (time_s[inside] - last) / length, np.nan)
    return phase


def _above(values: Floats, sampling_hz: float, cutoff_hz: float) -> Floats:
    from eupnea.signals.filters import low_pass
    from eupnea.signals.runs import fill_gaps

    whole = fill_gaps(values)
    return np.asarray(whole - low_pass(whole, sampling_hz, cutoff_hz))


def _blended(fast: Floats, phase: Floats, usable: NDArray[np.bool_], sampling_hz: float) -> Floats:
    """Fit every segment and blend the fits."""
    angle = 2 * np.pi * np.nan_to_num(phase)[:, None] * np.arange(1, HARMONICS + 1)
    waves = np.hstack([np.cos(angle), np.sin(angle)]) * usable[:, None]
    size = min(int(SEGMENT_S * sampling_hz), fast.size)
    total, weight = np.zeros(fast.size), np.full(fast.size, np.finfo(float).tiny)
    window = np.hanning(size + 2)[1:-1]
    for start in _starts(fast.size, size):
        part = slice(start, start + size)
        chosen = waves[part]
        if np.count_nonzero(np.diff(phase[part]) < 0) < MIN_BEATS:
            continue
        fit, *_ = np.linalg.lstsq(chosen, fast[part] * usable[part], rcond=None)
        total[part] += window * (chosen @ fit)
        weight[part] += window
    return total / weight


def _starts(n: int, size: int) -> list[int]:
    step = max(size // 2, 1)
    starts = list(range(0, n - size + 1, step))
    return starts if starts[-1] == n - size else [*starts, n - size]
