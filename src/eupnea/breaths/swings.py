"""Which swings of a signal are breaths: compiled, one pass each over samples or extremes.

Compiled functions call none of another file: the compiled code that is kept would not notice a change there.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

JIT = {"cache": True, "nogil": True}

RANGE_WINDOW_S = 30.0
"""Window of the local range, s."""
RANGE_HZ = 3.0
"""Samples per second, at least, that the local range is told from."""
RANGE_TAIL = 0.05
"""Share of the samples left out at either end of the range."""
ROUNDS = 1
"""Times that the threshold is set anew from the breaths found with the last one."""


@numba.njit(**JIT)
def breath_swings(
    coarse: Floats, sampling_hz: float, share: float, first_share: float, breaths: int
) -> tuple[Indices, Indices]:
    """Return troughs and peaks of the swings that are large enough to be breaths.

    The threshold is a share of the local range first, then of the running median of the swings found.

    Parameters
    ----------
    coarse
        Shape (n,): smoothed signal.
    sampling_hz
        Its rate, Hz.
    share, first_share
        Smallest swing of a breath against the local median swing, and against the local range before breaths are known.
    breaths
        Breaths in the local median.

    Returns
    -------
    troughs, peaks
        Positions, alternating in time, beginning with a trough and ending with one; each is the extreme between its
        neighbours.
    """
    candidates = turns(coarse)
    levels = coarse[candidates]
    least = first_share * _at(candidates, *_local_range(coarse, sampling_hz))
    troughs, peaks = _alternating(coarse, candidates[kept_extremes(levels, least)])
    for _ in range(ROUNDS):
        if peaks.size < 3:
            break
        size = np.empty(peaks.size)
        for i in range(peaks.size):
            size[i] = coarse[peaks[i]] - max(coarse[troughs[i]], coarse[troughs[i + 1]])
        least = share * _at(candidates, peaks.astype(np.float64), medians(size, breaths // 2))
        troughs, peaks = _alternating(coarse, candidates[kept_extremes(levels, least)])
    return troughs, peaks


@numba.njit(**JIT)
def turns(values: Floats) -> Indices:
    """Return the first position, where the signal turns, and the last; a plateau counts once, at its last sample."""
    found = np.empty(values.size + 1, np.intp)
    found[0] = 0
    n, last = 1, 0
    for i in range(values.size - 1):  # no branches: noise turns at random, and the processor would guess wrong
        step = values[i + 1] - values[i]
        way = (step > 0) - (step < 0)
        found[n] = i
        n += way * last < 0
        last = way if way != 0 else last
    found[n] = values.size - 1
    return found[: n + 1].copy()


@numba.njit(**JIT)
def kept_extremes(levels: Floats, swings: Floats) -> Indices:
    """Return which extremes stay when smaller swings than the local threshold are left out."""
    kept = np.empty(levels.size + 1, np.intp)
    n, best, first = 0, 0, 0
    while first < levels.size and abs(levels[first] - levels[best]) < swings[first]:
        best = first if levels[first] < levels[best] else best
        first += 1
    if first == levels.size:
        return kept[:0].copy()
    rising = 1.0 if levels[first] > levels[best] else -1.0
    kept[0] = best
    n, best, top = 1, first, levels[first]
    for i in range(first + 1, levels.size):
        back = (top - levels[i]) * rising
        is_better = back <= 0
        best = i if is_better else best
        top = levels[i] if is_better else top
        if back >= swings[i] and not is_better:
            kept[n] = best
            n, best, top, rising = n + 1, i, levels[i], -rising
    kept[n] = best
    return kept[: n + 1].copy()


@numba.njit(**JIT)
def medians(values: Floats, half: int) -> Floats:
    """Return the centred running median over 2 · half + 1 values; missing ones do not count."""
    found = np.empty(values.size)
    ordered = np.empty(2 * half + 2)
    n = 0
    for k in range(-half, values.size):
        new, old = k + half, k - half - 1
        if new < values.size and np.isfinite(values[new]):
            j = n
            while j > 0 and ordered[j - 1] > values[new]:
                ordered[j] = ordered[j - 1]
                j -= 1
            ordered[j] = values[new]
            n += 1
        if old >= 0 and np.isfinite(values[old]):
            j = 0
            while ordered[j] != values[old]:
                j += 1
            for i in range(j, n - 1):
                ordered[i] = ordered[i + 1]
            n -= 1
        if k >= 0:
            found[k] = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2 if n > 0 else np.nan
    return found


@numba.njit(**JIT)
def kept_through_zero(flow: Floats, troughs: Indices, peaks: Indices) -> tuple[Indices, Indices]:
    """Keep the swings of flow that go through zero; a dip within one inspiration or expiration is none.

    Of troughs and peaks that follow each other on one side of zero the largest stays; the first and the last that stay
    are troughs.
    """
    kept = np.empty(troughs.size + peaks.size, np.intp)
    n = 0
    for k in range(troughs.size + peaks.size):
        i = troughs[k // 2] if k % 2 == 0 else peaks[k // 2]
        if n > 0 and (flow[kept[n - 1]] > 0) == (flow[i] > 0):
            if abs(flow[i]) > abs(flow[kept[n - 1]]):
                kept[n - 1] = i
        else:
            kept[n] = i
            n += 1
    chosen = kept[:n].copy()
    if n > 0 and flow[chosen[0]] > 0:
        chosen = np.concatenate((troughs[:1], chosen)) if chosen[0] > troughs[0] else chosen[1:]
    if chosen.size % 2 == 0:
        chosen = chosen[:-1]
    return chosen[::2].copy(), chosen[1::2].copy()


@numba.njit(**JIT)
def _alternating(values: Floats, chosen: Indices) -> tuple[Indices, Indices]:
    if chosen.size < 3:
        return chosen[:0].copy(), chosen[:0].copy()
    if values[chosen[0]] >= values[chosen[1]]:
        chosen = chosen[1:]
    if chosen.size % 2 == 0:
        chosen = chosen[:-1]
    return chosen[::2].copy(), chosen[1::2].copy()


@numba.njit(**JIT)
def _local_range(values: Floats, sampling_hz: float) -> tuple[Floats, Floats]:
    """Return the middles of half-overlapping windows and the range of the signal in them, without its tails."""
    size = min(int(RANGE_WINDOW_S * sampling_hz), values.size)
    thin = max(int(sampling_hz / RANGE_HZ), 1)
    n = int(np.ceil(2 * values.size / size)) if values.size > size else 1
    n_tail = int(RANGE_TAIL * (-(-size // thin) - 1)) + 1
    low, high = np.empty(n_tail), np.empty(n_tail)
    where, reach = np.empty(n), np.empty(n)
    for k in range(n):
        start = (values.size - size) * k // max(n - 1, 1)
        low[:], high[:] = np.inf, -np.inf
        for i in range(start, start + size, thin):
            value = values[i]
            if value < low[n_tail - 1]:
                j = n_tail - 1
                while j > 0 and low[j - 1] > value:
                    low[j] = low[j - 1]
                    j -= 1
                low[j] = value
            if value > high[n_tail - 1]:
                j = n_tail - 1
                while j > 0 and high[j - 1] < value:
                    high[j] = high[j - 1]
                    j -= 1
                high[j] = value
        where[k] = start + size / 2
        reach[k] = high[n_tail - 1] - low[n_tail - 1]
    return where, reach


@numba.njit(**JIT)
def _at(positions: Indices, where: Floats, level: Floats) -> Floats:
    """Return straight lines between points, read at rising positions; level beyond the ends."""
    found = np.empty(positions.size)
    k, slope = 0, 0.0
    for i in range(positions.size):
        while k < where.size and where[k] <= positions[i]:
            k += 1
            slope = (level[k] - level[k - 1]) / (where[k] - where[k - 1]) if k < where.size else 0.0
        before = max(k - 1, 0)
        found[i] = level[before] + slope * (positions[i] - where[before])
    return found
