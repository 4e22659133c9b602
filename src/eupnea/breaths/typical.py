"""Starts and stops of breaths in a belt, read so that their expectation is the same whatever the noise.

The first percents of flow drown in noise and heartbeat, the middle of a rise or fall of volume does not. So each breath
gives the time of that middle, and the breaths of the recording together tell how long before it flow starts (or after
it, stops): they are averaged around their middles, which leaves the flow of the typical breath and little noise. How
much that time goes with the length of the breath's own rise is told from the averages of short and of long rises: in
noise a rise looks short or long by chance, and then tells less.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.crossings import Marks, Rises, minus_levels, rises_through

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

JIT = {"cache": True, "nogil": True}

STEP = 0.1
"""Steps of the typical breath, lengths of its rise (from the low to the high mark)."""
FIRST, LAST = -6.0, 0.4
"""Where the typical breath is averaged around its middle, lengths of its rise; within the last to either side flow is
full."""
FEWEST, ENOUGH = 3, 8
"""Breaths that make a typical one, and that can be parted into short and long rises."""
ALIKE = 2.0
"""Rises shorter or longer than the median by more than this factor are not typical."""
SHARE = 0.5
"""How the time before the middle goes with the length of the rise (exponent), before that is known."""


class Reading(NamedTuple):
    """How start or stop are read from the flow of the typical breath.

    Attributes
    ----------
    low, high
        Fractions of full flow; the times at which flow exceeds them.
    reach
        How far the line through both is followed back from the lower one, in distances between them.
    usual
        Time before the middle where breaths are too few to tell, in lengths of the rise: that of a sinusoid.
    """

    low: float
    high: float
    reach: float
    usual: float


def times_of_volume(
    level: Floats,
    sure: Floats,
    troughs: Indices,
    peaks: Indices,
    flow: Floats,
    marks: Marks,
    start: Reading,
    stop: Reading,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return when inspiration starts and stops and expiration starts and stops, in samples of the level.

    Parameters
    ----------
    level, sure
        Shape (n,): volume, and volume in a still lower band, in which its extremes are sure.
    troughs, peaks
        Positions of the extremes, alternating, beginning and ending with a trough.
    flow
        Shape (m,): flow in a band set by the breathing rate alone; some whole number of its samples lie between two of
        the level.
    marks
        Fractions of the volume.
    start, stop
        How both are read.

    Returns
    -------
    inhale_onset, exhale_onset, inhale_end, exhale_end
        Shape (k,): NaN where the signal does not show it.
    """
    last = level.size - 1
    ratio = max(round((flow.size - 1) / max(last, 1)), 1)
    back, back_flow, back_sure = level[::-1].copy(), flow[ratio * last :: -1].copy(), sure[::-1].copy()
    back_troughs, back_peaks = last - troughs[::-1], last - peaks[::-1]
    rise = minus_levels(level, sure[troughs[:-1]], peaks)
    fall = -minus_levels(level, sure[peaks], troughs[1:])
    back_rise = minus_levels(back, back_sure[back_troughs[:-1]], back_peaks)
    back_fall = -minus_levels(back, back_sure[back_peaks], back_troughs[1:])
    onset = _read(rises_through(rise, peaks, marks), flow, ratio, start)
    turn = _read(rises_through(fall, troughs[1:], marks), -flow, ratio, start)
    stop_out = last - _read(rises_through(back_rise, back_peaks, marks), -back_flow, ratio, stop)[::-1]
    stop_in = last - _read(rises_through(back_fall, back_troughs[1:], marks), back_flow, ratio, stop)[::-1]
    return onset, turn, stop_in, stop_out


def _read(found: Rises, flow: Floats, ratio: int, reading: Reading) -> Floats:
    """Return the middles of the rises minus the time that the typical breath needs from its start to there."""
    known = np.isfinite(found.length) & (found.height > 0)
    if not known.any():
        return np.full(found.middle.size, np.nan)
    usual = float(np.median(found.length[known]))
    longer = np.log(np.where(known, found.length, usual) / usual)
    typical = known & (np.abs(longer) < np.log(ALIKE))
    share, before = SHARE, reading.usual
    if np.count_nonzero(typical) >= FEWEST:
        if np.count_nonzero(typical) >= ENOUGH:
            share = _share_of_length(found, flow, ratio, reading, usual, longer, typical)
        before = _time_before(found, flow, ratio, reading, usual * np.exp(share * longer), typical)
    return np.where(known, found.middle - before * usual * np.exp(share * longer), np.nan)


def _share_of_length(
    found: Rises, flow: Floats, ratio: int, reading: Reading, usual: float, longer: Floats, typical: NDArray[np.bool_]
) -> float:
    """Return the exponent with which the time before the middle goes with the length of the rise, from 0 to 1."""
    is_long = longer > np.median(longer[typical])
    length = usual * np.exp(SHARE * longer)
    times, lengths = [], []
    for part in (typical & ~is_long, typical & is_long):
        if not part.any():
            return SHARE
        mean = float(np.mean(longer[part]))
        times.append(_time_before(found, flow, ratio, reading, length, part) * np.exp(SHARE * mean))
        lengths.append(mean)
    if min(times) <= 0 or lengths[1] <= lengths[0]:
        return 0.0
    return float(np.clip(np.log(times[1] / times[0]) / (lengths[1] - lengths[0]), 0.0, 1.0))


def _time_before(
    found: Rises, flow: Floats, ratio: int, reading: Reading, length: Floats, chosen: NDArray[np.bool_]
) -> float:
    """Return the time from start to middle of the mean of the chosen breaths, in lengths of their rise."""
    steps = round((LAST - FIRST) / STEP) + 1
    mean = mean_flow(
        flow, ratio * found.middle[chosen], ratio * length[chosen], found.height[chosen], FIRST, STEP, steps
    )
    middle = round(-FIRST / STEP)
    full = float(np.mean(mean[2 * middle - steps + 1 :]))
    own = max(middle - _samples_of_breath(found, length), 0)  # before it, another breath flows the same way
    before = np.sort(mean[own + int(np.argmin(mean[own : middle + 1])) : middle + 1])[::-1]
    if full <= 0 or before.size < 2:
        return reading.usual
    low, high = (STEP * _samples_above(before, share * full) for share in (reading.low, reading.high))
    return low + reading.reach * (low - high)


def _samples_of_breath(found: Rises, length: Floats) -> int:
    """Return how many samples of the typical breath lie between two of the same direction."""
    apart = np.diff(found.middle) / length[1:]
    apart = apart[np.isfinite(apart)]
    return int(np.median(apart) / STEP) if apart.size else round(-FIRST / STEP)


def _samples_above(falling: Floats, level: float) -> float:
    """Return how many samples lie above a level, counted from the first to the (interpolated) place of the level."""
    return float(np.interp(-level, -falling, np.arange(falling.size)))


@numba.njit(**JIT)
def mean_flow(
    flow: Floats, middle: Floats, length: Floats, height: Floats, first: float, step: float, steps: int
) -> Floats:
    """Return the mean flow of breaths around their middles, time in lengths of their rises, large breaths alike.

    Parameters
    ----------
    flow
        Shape (m,), per second; what lies beyond its ends does not count.
    middle, length, height
        Shape (k,): time of the middle and length of the rise, samples; height, au.
    first, step, steps
        Times of the result, lengths of the rise.
    """
    total, weight = np.zeros(steps), np.zeros(steps)
    for k in range(middle.size):
        for j in range(steps):
            at = middle[k] + (first + step * j) * length[k]
            if 0 <= at < flow.size - 1:
                i = int(at)
                total[j] += flow[i] + (at - i) * (flow[i + 1] - flow[i])
                weight[j] += height[k]
    for j in range(steps):
        total[j] = total[j] / weight[j] if weight[j] > 0 else 0.0
    return total
