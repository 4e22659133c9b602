"""Where flow starts and stops, between samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.kernels import first_past, largest_at, last_below

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class OnsetLine:
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


@dataclass(frozen=True, slots=True)
class Pushes:
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


def pushes(coarse: Floats, fine: Floats, peaks: Indices, *, under_way: float) -> Pushes:
    """Find the middle part of each push: where coarse flow stays above a share of its peak.

    Parameters
    ----------
    coarse, fine
        Shape (n,): flow, the direction wanted up.
    peaks
        Shape (k,): positions of the coarse peaks.
    under_way
        Share of the peak.
    """
    level = under_way * coarse[peaks]
    first = last_below(coarse, level, peaks, peaks) + 1
    last = first_past(coarse, level, peaks, peaks, 1.0, True) - 1
    height = fine[largest_at(fine, first, last + 1, 1.0)]
    return Pushes(peaks, height, first, last)


def starts_of_push(fine: Floats, found: Pushes, *, line: OnsetLine) -> Floats:
    """Return when each push starts, in samples; NaN where the signal does not show it.

    The last rises through two fractions of the peak before the push is under way; the line through them is followed
    back, no farther than where the signal was at or below zero.
    """
    n = fine.size
    begun = first_past(fine, line.high * found.height, found.peaks, found.first, -1.0, False)
    begun = np.minimum(begun, n - 1)
    at = [last_below(fine, share * found.height, found.peaks, begun) for share in (line.low, line.high)]
    low, high = (
        rising_crossing(fine, np.maximum(where, 0), share * found.height)
        for where, share in zip(at, (line.low, line.high), strict=True)
    )
    start = low - line.reach * (high - low)
    if line.stop_at_zero:
        at_zero = last_below(fine, np.zeros(found.peaks.size), found.peaks, begun)
        zero = np.where(at_zero >= 0, rising_crossing(fine, np.maximum(at_zero, 0), np.zeros(low.size)), 0.0)
        start = np.maximum(start, zero)
    return np.where(at[0] >= 0, start, np.nan)


def stops_of_flow(fine: Floats, found: Pushes, *, fraction: float) -> Floats:
    """Return when each push falls through a fraction of its peak, in samples; NaN where the signal ends before."""
    n = fine.size
    level = fraction * found.height
    at = first_past(fine, level, found.peaks, found.last, 1.0, True)
    before = np.clip(at - 1, 0, n - 1)
    return np.where(at < n, rising_crossing(-fine, before, -level), np.nan)


def rising_crossing(values: Floats, before: Indices, level: Floats) -> Floats:
    """Return where the straight line from `before` to the next sample reaches the level, in samples."""
    low, high = values[before], values[np.minimum(before + 1, values.size - 1)]
    rise = high - low
    share = np.divide(level - low, rise, out=np.zeros(low.size), where=rise != 0)
    return before + np.clip(share, 0, 1)
