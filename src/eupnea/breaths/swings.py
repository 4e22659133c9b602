"""Which swings of a signal are breaths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.kernels import kept_through_zero, medians
from eupnea.breaths.presets import DETECTION, DetectionPreset
from eupnea.breaths.turning import alternating_extremes, turning_points

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

RANGE_WINDOW_S = 30.0
"""Window of the local range, s."""
RANGE_HZ = 5.0
"""Samples per second that the local range is told from."""
ROUNDS = 2
"""Times that the threshold is set anew from the breaths found with the last one."""


def breath_swings(
    coarse: Floats, sampling_hz: float, *, detection: DetectionPreset = DETECTION, share: float | None = None
) -> tuple[Indices, Indices]:
    """Return troughs and peaks of the swings that are large enough to be breaths; they alternate.

    The threshold is a share of the local range first, then of the running median of the swings found.
    """
    share = detection.least_swing if share is None else share
    candidates = np.concatenate([[0], turning_points(coarse), [coarse.size - 1]]).astype(np.intp)
    least = detection.first_swing * local_range(coarse, sampling_hz, candidates)
    troughs, peaks = alternating_extremes(coarse, candidates, least)
    for _ in range(ROUNDS):
        if peaks.size < 3:
            break
        size = np.minimum(coarse[peaks] - coarse[troughs[:-1]], coarse[peaks] - coarse[troughs[1:]])
        least = share * np.interp(candidates, peaks, running_median(size, detection.swing_breaths))
        troughs, peaks = alternating_extremes(coarse, candidates, least)
    return troughs, peaks


def through_zero(flow: Floats, troughs: Indices, peaks: Indices) -> tuple[Indices, Indices]:
    """Keep the swings of flow that go through zero; a dip within one inspiration or expiration is none."""
    extremes = np.empty(troughs.size + peaks.size, dtype=np.intp)
    extremes[::2], extremes[1::2] = troughs, peaks
    chosen = kept_through_zero(flow, extremes)
    if chosen.size and flow[chosen[0]] > 0:
        chosen = np.concatenate([troughs[:1], chosen]) if chosen[0] > troughs[0] else chosen[1:]
    if chosen.size % 2 == 0:
        chosen = chosen[:-1]
    return chosen[::2], chosen[1::2]


def local_range(values: Floats, sampling_hz: float, at: Indices) -> Floats:
    """Return the 5-95 % range in windows of 30 s at some positions, straight lines between their middles."""
    size = int(RANGE_WINDOW_S * sampling_hz)
    if values.size <= size:
        low, high = np.quantile(values, [0.05, 0.95])
        return np.full(at.size, high - low)
    starts = np.linspace(0, values.size - size, int(np.ceil(2 * values.size / size))).astype(np.intp)
    grid = starts[:, None] + np.arange(0, size, max(int(sampling_hz / RANGE_HZ), 1))
    ordered = np.sort(values[grid], axis=1)
    last = ordered.shape[1] - 1
    reach = ordered[:, int(0.95 * last)] - ordered[:, int(0.05 * last)]
    return np.interp(at, starts + size / 2, reach)


def running_median(values: Floats, width: int) -> Floats:
    """Return the centred running median over `width` values, fewer at the ends; missing values do not count."""
    return np.asarray(medians(values, width // 2))
