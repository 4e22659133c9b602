"""Where flow starts and stops, between samples: compiled, one pass each.

Compiled functions call none of another file: the compiled code that is kept would not notice a change there.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.compiled import JIT

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


class OnsetLine(NamedTuple):
    """How an onset is read: two crossings and how far the line through them is followed.

    Attributes
    ----------
    low, high
        Fractions of the peak.
    reach
        How far the line is followed back from the lower crossing, in distances between the crossings.
    stop_at_zero
        Whether the onset lies no earlier than where the signal was last at or below zero.
    """

    low: float
    high: float
    reach: float
    stop_at_zero: bool = True


class Pushes(NamedTuple):
    """Stretches of flow in one direction (inspirations, or expirations turned up), one per breath.

    Attributes
    ----------
    peaks
        Shape (k,): where the coarse flow is largest, rising.
    height
        Shape (k,): peak of the fine flow nearby.
    first, last
        Shape (k,): the samples around the peak between which the push is certainly under way.
    """

    peaks: Indices
    height: Floats
    first: Indices
    last: Indices


@numba.njit(**JIT)
def pushes(coarse: Floats, fine: Floats, peaks: Indices, ratio: int, under_way: float) -> Pushes:
    """Find the middle part of each push: where coarse flow stays above a share of its peak.

    Parameters
    ----------
    coarse, fine
        Shapes (m,), (n,): flow, the direction wanted up.
    peaks
        Shape (k,): positions of the coarse peaks.
    ratio
        Fine samples from one coarse sample to the next; both begin at the same time.
    under_way
        Share of the peak.
    """
    level = under_way * coarse[peaks]
    first = ratio * (last_below(coarse, level, peaks, peaks) + 1)
    last = ratio * (first_past(coarse, level, peaks, peaks, 1.0, True) - 1)
    height = fine[largest_at(fine, first, last + 1, 1.0)]
    return Pushes(ratio * peaks, height, first, last)


@numba.njit(**JIT)
def starts_of_push(fine: Floats, found: Pushes, line: OnsetLine) -> Floats:
    """Return when each push starts, in samples; NaN where the signal does not show it.

    The last rises through two fractions of the peak before the push is under way; the line through them is followed
    back, no farther than where the signal was at or below zero.
    """
    begun = first_past(fine, line.high * found.height, found.peaks, found.first, -1.0, False)
    begun = np.minimum(begun, fine.size - 1)
    low = last_below(fine, line.low * found.height, found.peaks, begun)
    high = last_below(fine, line.high * found.height, found.peaks, begun)
    zero = last_below(fine, np.zeros(low.size), found.peaks, begun) if line.stop_at_zero else low
    starts = np.full(low.size, np.nan)
    for k in range(low.size):
        if low[k] < 0:
            continue
        below = rising_crossing(fine, low[k], line.low * found.height[k])
        above = rising_crossing(fine, max(high[k], 0), line.high * found.height[k])
        starts[k] = below - line.reach * (above - below)
        if line.stop_at_zero:
            starts[k] = max(starts[k], rising_crossing(fine, zero[k], 0.0) if zero[k] >= 0 else 0.0)
    return starts


@numba.njit(**JIT)
def stops_of_flow(fine: Floats, found: Pushes, fraction: float) -> Floats:
    """Return when each push falls through a fraction of its peak, in samples; NaN where the signal ends before."""
    n = fine.size
    level = fraction * found.height
    at = first_past(fine, level, found.peaks, found.last, 1.0, True)
    stops = np.full(at.size, np.nan)
    for k in range(at.size):
        if at[k] < n:
            before = max(at[k] - 1, 0)
            fall = fine[before] - fine[min(before + 1, n - 1)]
            share = (fine[before] - level[k]) / fall if fall != 0 else 0.0
            stops[k] = before + min(max(share, 0.0), 1.0)
    return stops


@numba.njit(**JIT)
def joined(onset: Floats, turn: Floats, inhale_end: Floats, exhale_end: Floats) -> Floats:
    """Join starts and stops of pushes to breaths that end where the next begins.

    A breath whose start, turn or end is not seen is left out; a stop that is not seen lies at the end of its half, and
    every stop within its half.

    Returns
    -------
    Shape (5, k): inhale_onset, inhale_end, exhale_onset, exhale_end, end.
    """
    times = np.empty((5, onset.size))
    n = 0
    for k in range(onset.size - 1):
        begin, middle, end = onset[k], turn[k], onset[k + 1]
        if begin >= 0 and begin < middle < end:
            stop_in = inhale_end[k] if np.isfinite(inhale_end[k]) else middle
            stop_out = exhale_end[k] if np.isfinite(exhale_end[k]) else end
            times[0, n], times[2, n], times[4, n] = begin, middle, end
            times[1, n] = min(max(stop_in, begin), middle)
            times[3, n] = min(max(stop_out, middle), end)
            n += 1
    return times[:, :n].copy()


@numba.njit(**JIT)
def rising_crossing(values: Floats, before: int, level: float) -> float:
    """Return where the straight line from `before` to the next sample reaches the level, in samples."""
    rise = values[min(before + 1, values.size - 1)] - values[before]
    share = (level - values[before]) / rise if rise != 0 else 0.0
    return before + min(max(share, 0.0), 1.0)


@numba.njit(**JIT)
def largest_at(values: Floats, first: Indices, stop: Indices, sign: float) -> Indices:
    """Return where sign · values is largest in each stretch, `stop` left out; the first of equals."""
    found = np.empty(first.size, np.intp)
    for k in range(first.size):
        best = first[k]
        for i in range(first[k] + 1, stop[k]):
            if sign * values[i] > sign * values[best]:
                best = i
        found[k] = best
    return found


@numba.njit(**JIT)
def last_below(values: Floats, levels: Floats, ends: Indices, at: Indices) -> Indices:
    """Return the last position up to each of `at` that is at or below its level; -1 when there is none.

    Each level holds up to and including its own end, the last one to the end of the signal; `at` rises.
    """
    found = np.empty(at.size, np.intp)
    owner, before, known = 0, -1, -1
    for k in range(at.size):
        while owner < ends.size - 1 and ends[owner] < at[k]:
            owner += 1
        mine, i = owner, at[k]
        while i > before:
            while mine > 0 and ends[mine - 1] >= i:
                mine -= 1
            if values[i] <= levels[mine]:
                break
            i -= 1
        if i > before:
            known = i
        found[k] = known
        before = max(before, at[k])
    return found


@numba.njit(**JIT)
def first_past(values: Floats, levels: Floats, peaks: Indices, at: Indices, sign: float, after: bool) -> Indices:
    """Return the first position from each of `at` (rising) on where sign · value <= sign · level; n when there is none.

    Levels hold from their own peak on (`after`), or up to and including it.
    """
    n = values.size
    found = np.empty(at.size, np.intp)
    known, since, mine = n, n, peaks.size - 1
    for k in range(at.size - 1, -1, -1):
        while mine > 0 and (peaks[mine] > at[k] if after else peaks[mine - 1] >= at[k]):
            mine -= 1
        owner, i = mine, at[k]
        while i < since:
            if after:
                while owner < peaks.size - 1 and peaks[owner + 1] <= i:
                    owner += 1
            else:
                while owner < peaks.size - 1 and peaks[owner] < i:
                    owner += 1
            if sign * values[i] <= sign * levels[owner]:
                break
            i += 1
        if i < since:
            known = i
        found[k] = known
        since = min(since, at[k])
    return found
