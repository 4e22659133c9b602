"""Which swings of a signal are breaths: compiled, one pass each over samples or extremes.

Compiled functions call none of another file: the compiled code that is kept would not notice a change there.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.compiled import JIT

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

SUMS = JIT | {"fastmath": {"reassoc", "contract"}}
"""Sums may be taken in the order that the processor adds fastest."""

RANGE_WINDOW_S = 30.0
"""Window of the local range, s."""


@numba.njit(**JIT)
def usual_swings(coarse: Floats, sampling_hz: float, first_share: float, breaths: int) -> tuple[Indices, Floats]:
    """Return where a signal turns, and how large the swings of breaths usually are there.

    Parameters
    ----------
    coarse
        Shape (n,): smoothed signal.
    sampling_hz
        Its rate, Hz.
    first_share
        Smallest swing of a breath against the local range, before breaths are known.
    breaths
        Breaths in the local median.

    Returns
    -------
    candidates, usual
        Shape (k,): positions, and the local median swing; where there are no breaths, the local range.
    """
    candidates = turns(coarse)
    usual = _at(candidates, *_local_range(coarse, sampling_hz))
    troughs, peaks = swings_above(coarse, candidates, first_share * usual)
    if peaks.size >= 3:
        size = np.empty(peaks.size)
        for i in range(peaks.size):
            size[i] = coarse[peaks[i]] - max(coarse[troughs[i]], coarse[troughs[i + 1]])
        usual = _at(candidates, peaks.astype(np.float64), medians(size, breaths // 2))
    return candidates, usual


@numba.njit(**JIT)
def swings_above(coarse: Floats, candidates: Indices, least: Floats) -> tuple[Indices, Indices]:
    """Return troughs and peaks of the swings that are at least as large as is asked for at each candidate.

    Returns
    -------
    troughs, peaks
        Positions, alternating in time, beginning with a trough and ending with one; each is the extreme between its
        neighbours.
    """
    chosen = candidates[kept_extremes(coarse[candidates], least)]
    if chosen.size < 3:
        return chosen[:0].copy(), chosen[:0].copy()
    if coarse[chosen[0]] >= coarse[chosen[1]]:
        chosen = chosen[1:]
    if chosen.size % 2 == 0:
        chosen = chosen[:-1]
    return chosen[::2].copy(), chosen[1::2].copy()


@numba.njit(**JIT)
def usual_distance(positions: Indices) -> float:
    """Return the median distance of positions that follow each other."""
    return float(np.median(np.diff(positions)))


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


@numba.njit(**SUMS)
def _local_range(values: Floats, sampling_hz: float) -> tuple[Floats, Floats]:
    """Return the middles of half-overlapping windows and the range that a sinusoid with their spread would have."""
    half = max(min(int(RANGE_WINDOW_S / 2 * sampling_hz), values.size // 2), 1)
    n = values.size // half
    total, squares = np.zeros(n + 1), np.zeros(n + 1)
    for k in range(n):
        one, two = 0.0, 0.0
        for i in range(k * half, (k + 1) * half):
            one += values[i] - values[0]
            two += (values[i] - values[0]) ** 2
        total[k], squares[k] = one, two
    where, reach = np.empty(max(n - 1, 1)), np.empty(max(n - 1, 1))
    for k in range(where.size):
        mean = (total[k] + total[k + 1]) / (2 * half)
        where[k] = (k + 1) * half
        reach[k] = np.sqrt(max(8 * ((squares[k] + squares[k + 1]) / (2 * half) - mean**2), 0.0))
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
