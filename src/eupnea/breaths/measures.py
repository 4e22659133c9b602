"""What each breath measures, between its times: compiled, one pass each.

Compiled functions call none of another file: the compiled code that is kept would not notice a change there.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.compiled import JIT

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


MEASURES = (
    "inhale_onset_s", "inhale_end_s", "exhale_onset_s", "exhale_end_s", "end_s",
    "inhale_s", "exhale_s", "total_s", "inhale_pause_s", "exhale_pause_s", "duty_cycle",
    "inhale_peak_au", "inhale_peak_time_s", "exhale_peak_au", "exhale_peak_time_s",
    "inhale_volume_au", "exhale_volume_au",
)  # fmt: skip
"""Columns of the contract that `measured` fills, in its order."""


@numba.njit(**JIT)
def between_samples(values: Floats, at: Floats) -> Floats:
    """Return the signal between its samples: cubic (Catmull-Rom) through the four samples around each position."""
    n = values.size
    found = np.empty(at.size)
    for k in range(at.size):
        i = min(max(math.floor(at[k]), 0), n - 1)
        share = min(max(at[k] - i, 0.0), 1.0)
        b, c = values[i], values[min(i + 1, n - 1)]
        a = values[i - 1] if i > 0 else 2 * b - c
        d = values[i + 2] if i + 2 < n else 2 * c - b
        bend = 2 * a - 5 * b + 4 * c - d + share * (3 * (b - c) + d - a)
        found[k] = b + share / 2 * (c - a + share * bend)
    return found


@numba.njit(**JIT)
def peaks_between(flow: Floats, start: Floats, stop: Floats, sign: float) -> tuple[Floats, Floats]:
    """Return the largest sign · flow of each stretch and where: the top of the parabola through three samples."""
    height, where = np.empty(start.size), np.empty(start.size)
    for k in range(start.size):
        first = math.ceil(start[k])
        best = first
        for i in range(first + 1, max(math.floor(stop[k]), first) + 1):
            if sign * flow[i] > sign * flow[best]:
                best = i
        top, shift = sign * flow[best], 0.0
        if 0 < best < flow.size - 1:
            before, after = sign * flow[best - 1], sign * flow[best + 1]
            bend = before - 2 * top + after
            if bend < 0 and before <= top and after <= top:
                shift = (before - after) / (2 * bend)
                top -= (before - after) * shift / 4
        height[k] = top
        where[k] = min(max(best + shift, start[k]), stop[k])
    return height, where


@numba.njit(**JIT)
def share_missing(mask: Bools, first: Floats, last: Floats) -> Floats:
    """Return the share of the samples from `first` to `last` (both counted) where the mask is not set."""
    found = np.zeros(first.size)
    for k in range(first.size):
        start, stop = math.floor(first[k]), min(math.ceil(last[k]) + 1, mask.size)
        n = 0
        for i in range(start, stop):
            n += not mask[i]
        found[k] = n / max(stop - start, 1)
    return found


@numba.njit(**JIT)
def measured(flow: Floats, volume: Floats, times: Floats, sampling_hz: float, start_s: float, least_s: float) -> Floats:
    """Return what breaths measure: one row per name in `MEASURES`.

    Parameters
    ----------
    flow, volume
        Shape (m,).
    times
        Shape (5, k): onset and stop of inspiration, onset and stop of expiration, end, in samples.
    sampling_hz, start_s
        Of flow and volume.
    least_s
        Shorter pauses are none, s.
    """
    onset, turn, end = times[0], times[2], times[4]
    found = np.empty((len(MEASURES), onset.size))
    inhale_level, exhale_level = between_samples(volume, onset), between_samples(volume, turn)
    end_level = between_samples(volume, end)
    inhale_peak, inhale_at = peaks_between(flow, onset, turn, 1.0)
    exhale_peak, exhale_at = peaks_between(flow, turn, end, -1.0)
    for k in range(onset.size):
        inhale_s, exhale_s = (turn[k] - onset[k]) / sampling_hz, (end[k] - turn[k]) / sampling_hz
        pause_in, pause_out = (turn[k] - times[1, k]) / sampling_hz, (end[k] - times[3, k]) / sampling_hz
        pause_in = pause_in if pause_in >= least_s else 0.0
        pause_out = pause_out if pause_out >= least_s else 0.0
        found[0, k] = start_s + onset[k] / sampling_hz
        found[2, k] = start_s + turn[k] / sampling_hz
        found[4, k] = start_s + end[k] / sampling_hz
        found[1, k], found[3, k] = found[2, k] - pause_in, found[4, k] - pause_out
        found[5, k], found[6, k], found[7, k] = inhale_s, exhale_s, inhale_s + exhale_s
        found[8, k], found[9, k] = pause_in, pause_out
        found[10, k] = inhale_s / (inhale_s + exhale_s)
        found[11, k], found[12, k] = inhale_peak[k], start_s + inhale_at[k] / sampling_hz
        found[13, k], found[14, k] = exhale_peak[k], start_s + exhale_at[k] / sampling_hz
        found[15, k], found[16, k] = exhale_level[k] - inhale_level[k], exhale_level[k] - end_level[k]
    return found


@numba.njit(**JIT)
def slopes(values: Floats, sampling_hz: float) -> Floats:
    """Return the slope per second at each sample: that of the quartic through it and two neighbours on either side."""
    n = values.size
    found = np.empty(n)
    for i in range(2, n - 2):
        found[i] = sampling_hz / 12 * (8 * (values[i + 1] - values[i - 1]) - (values[i + 2] - values[i - 2]))
    for i in (0, 1, n - 2, n - 1):
        before, after = max(i - 1, 0), min(i + 1, n - 1)
        found[i] = sampling_hz * (values[after] - values[before]) / (after - before)
    return found


@numba.njit(**JIT)
def turned_where_it_falls(volume: Floats, onset: Floats, stop: Floats, turn: Floats, loss: float) -> Floats:
    """Let expiration begin with the end of inspiration where the level did not rest between them but fell.

    Some people breathe out in two pushes; where the second is the steeper one it is taken for all of the expiration.
    """
    start, top, last = between_samples(volume, onset), between_samples(volume, stop), between_samples(volume, turn)
    return np.where(top - last > loss * (top - start), stop, turn)
