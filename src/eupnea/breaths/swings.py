"""Which swings of a signal are breaths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    least = detection.first_swing * local_range(coarse, sampling_hz)[candidates]
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
    kept: list[int] = []
    for i in extremes.tolist():
        if kept and (flow[kept[-1]] > 0) == (flow[i] > 0):
            if abs(flow[i]) > abs(flow[kept[-1]]):
                kept[-1] = i
        else:
            kept.append(i)
    chosen = np.array(kept, dtype=np.intp)
    if chosen.size and flow[chosen[0]] > 0:
        chosen = np.concatenate([troughs[:1], chosen]) if chosen[0] > troughs[0] else chosen[1:]
    if chosen.size % 2 == 0:
        chosen = chosen[:-1]
    return chosen[::2], chosen[1::2]


def local_range(values: Floats, sampling_hz: float) -> Floats:
    """Return the 5-95 % range in windows of 30 s, straight lines between their middles."""
    size = int(RANGE_WINDOW_S * sampling_hz)
    if values.size <= size:
        low, high = np.quantile(values, [0.05, 0.95])
        return np.full(values.size, high - low)
    starts = np.linspace(0, values.size - size, int(np.ceil(2 * values.size / size))).astype(np.intp)
    grid = starts[:, None] + np.arange(0, size, max(int(sampling_hz / RANGE_HZ), 1))
    ordered = np.sort(values[grid], axis=1)
    last = ordered.shape[1] - 1
    reach = ordered[:, int(0.95 * last)] - ordered[:, int(0.05 * last)]
    return np.interp(np.arange(values.size), starts + size / 2, reach)


def running_median(values: Floats, width: int) -> Floats:
    """Return the centred running median over `width` values, fewer at the ends; missing values do not count."""
    if values.size == 0:
        return np.empty(0)
    half = width // 2
    padded = np.concatenate([np.full(half, np.nan), values, np.full(half, np.nan)])
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)
    known = np.isfinite(windows).sum(axis=1)
    rows = np.arange(values.size)
    return (windows[rows, np.maximum(known - 1, 0) // 2] + windows[rows, np.minimum(known // 2, 2 * half)]) / 2
