"""Starts and stops of breaths in a belt, read so that their expectation is the same whatever the noise.

The first percents of flow drown in noise and heartbeat, the middle of a rise or fall of volume does not. So each breath
gives the time of that middle, and the breaths nearby (no farther than `HORIZON_S`) together tell how long before it
flow starts (or after it, stops): they are averaged around their middles, which leaves the flow of the typical breath
and little noise. How much that time goes with the length of the breath's own rise is told by how the average changes
with that length: in noise a rise looks short or long by chance, and then tells less.

Compiled functions call none of another file: the compiled code that is kept would not notice a change there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.compiled import JIT

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


BLOCK_S = 18.0
"""Between two blocks of this length, s, the two before and the two after make the typical breath; a breath inside a
block takes a share of either end's."""
HORIZON_S = 60.0
"""What lies farther off has no part in a breath's times, s: three blocks, and the breath that the last one ends in."""
UNIT = 0.15
"""Unit of the lengths of rises, in periods of the usual breathing rate; sets the grid of the typical breath only."""
STEP = 0.3
"""Steps of the typical breath, lengths of its rise (from the low to the high mark)."""
BEFORE, FULL = 12, 1
"""Steps of the typical breath before the middle, and on either side of it where flow is full."""
FEWEST, ENOUGH = 3, 5
"""Breaths that make a typical one, and that tell how it changes with the length of the rise."""
TINY = 1e-9
"""Keeps what is flat from a division by zero, times full flow."""
SHARE = 0.5
"""How the time before the middle goes with the length of the rise (exponent), before that is known."""


class Marks(NamedTuple):
    """Fractions of a breath's volume: the rise is as long as it takes from the low to the high one.

    Attributes
    ----------
    low, middle, high
        Fractions of the height.
    under_way
        The rise is certainly under way above this fraction.
    """

    low: float
    middle: float
    high: float
    under_way: float


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
    troughs: Indices,
    peaks: Indices,
    low: Floats,
    high: Floats,
    flow: Floats,
    period: float,
    block: float,
    marks: Marks,
    start: Reading,
    stop: Reading,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return when inspiration starts, expiration starts, inspiration stops and expiration stops, samples of the level.

    Parameters
    ----------
    level
        Shape (n,): volume.
    troughs, peaks
        Positions of the extremes, alternating, beginning and ending with a trough.
    low, high
        Volume there, in a still lower band, in which the extremes are sure.
    flow
        Shape (m,): flow in a band set by the breathing rate alone; some whole number of its samples lie between two of
        the level.
    period, block
        Of the usual breath, and between two typical breaths, samples of the level.
    marks
        Fractions of the volume.
    start, stop
        How both are read.

    Returns
    -------
    inhale_onset, exhale_onset, inhale_end, exhale_end
        Shape (k,): NaN where the signal does not show it.
    """
    before, after = troughs[:-1], troughs[1:]
    rest = flow, UNIT * period, block, marks
    onset = ends_of_flow(level, before, low[:-1], peaks, 1.0, *rest, start)
    turn = ends_of_flow(level, peaks, high, after, -1.0, *rest, start)
    stop_in = ends_of_flow(level, peaks, high, before, -1.0, *rest, stop)
    stop_out = ends_of_flow(level, after, low[1:], peaks, 1.0, *rest, stop)
    return onset, turn, stop_in, stop_out


@numba.njit(**JIT)
def ends_of_flow(
    level: Floats,
    feet: Indices,
    foot_levels: Floats,
    tops: Indices,
    sign: float,
    flow: Floats,
    unit: float,
    block: float,
    marks: Marks,
    reading: Reading,
) -> Floats:
    """Return where the flow of rises of sign · volume ends on the side of their feet, samples of the level.

    Parameters
    ----------
    level, flow, block
        As of `times_of_volume`.
    feet, foot_levels, tops
        Shape (k,): the rises, their feet all before or all after their tops.
    sign
        -1 for falls.
    unit
        Of the lengths of rises, samples of the level.
    marks, reading
        Fractions of the volume, and how the end of flow is read.
    """
    n, way = tops.size, 1 if tops[0] > feet[0] else -1
    middle, length, height = rises(level, feet, foot_levels, tops, sign, marks)
    longer = np.log(length / unit)
    sums = sums_of_blocks(level.size, middle, longer, height, tops, sign * way, way, flow, unit, block)
    at_one, power = lines_of_lengths(sums, reading)
    ends = np.full(n, np.nan)
    for k in range(n):
        b = int(tops[k] / block)
        share = tops[k] / block - b
        here = at_one[b] + power[b] * longer[k]
        there = at_one[b + 1] + power[b + 1] * longer[k]
        ends[k] = middle[k] - way * unit * math.exp(here + share * (there - here))
    return ends


@numba.njit(**JIT)
def rises(
    level: Floats, feet: Indices, foot_levels: Floats, tops: Indices, sign: float, marks: Marks
) -> tuple[Floats, Floats, Floats]:
    """Return middle, length and height of rises; middle and length are NaN where the signal does not show them.

    A rise is followed from its top back to where it is certainly under way, from there on to the high mark, and from
    there back to where it passed each mark last.
    """
    n = tops.size
    middle, length, height = np.full(n, np.nan), np.full(n, np.nan), np.empty(n)
    passed = np.empty(3)
    for k in range(n):
        way = 1 if tops[k] > feet[k] else -1
        farthest = (0 if way > 0 else level.size - 1) if k - way in (-1, n) else tops[k - way]
        foot = sign * foot_levels[k]
        height[k] = sign * level[tops[k]] - foot
        if height[k] <= 0:
            continue
        i = tops[k]
        while i != farthest and sign * level[i] > foot + marks.under_way * height[k]:
            i -= way
        while i != tops[k] and sign * level[i] < foot + marks.high * height[k]:
            i += way
        for m, mark in enumerate((marks.high, marks.middle, marks.low)):
            wanted = foot + mark * height[k]
            while i != farthest and sign * level[i] > wanted:
                i -= way
            here, there = sign * level[i], sign * level[i + way]
            passed[m] = i + way * (wanted - here) / (there - here) if here <= wanted < there else np.nan
        if way * (passed[0] - passed[2]) > 0:
            middle[k], length[k] = passed[1], way * (passed[0] - passed[2])
    return middle, length, height


@numba.njit(**JIT)
def sums_of_blocks(
    size: int,
    middle: Floats,
    longer: Floats,
    weight: Floats,
    tops: Indices,
    sign: float,
    way: int,
    flow: Floats,
    unit: float,
    block: float,
) -> Floats:
    """Return what the typical breath between two blocks is made of, summed over two blocks on either side.

    Breaths are laid on each other by their middles and lengths; large breaths count more, as noise is alike in all.

    Returns
    -------
    Shape (blocks + 1, 4 + 2 * steps): number of breaths; sums of their weights, and of these times the logarithm of the
    length and its square; flow from the last step where it is full back; the same times that logarithm.
    """
    n_blocks, steps = int(size / block) + 1, FULL + BEFORE + 1
    ratio = max(round((flow.size - 1) / max(size - 1, 1)), 1)
    sums = np.zeros((n_blocks, 4 + 2 * steps))
    for k in range(tops.size):
        if not np.isfinite(longer[k]):
            continue
        mine = sums[int(tops[k] / block)]
        mine[0] += 1
        mine[1] += weight[k]
        mine[2] += weight[k] * longer[k]
        mine[3] += weight[k] * longer[k] ** 2
        step = -STEP * way * ratio * unit * math.exp(SHARE * longer[k])
        at = ratio * middle[k] - FULL * step
        for j in range(steps):
            if 0 <= at < flow.size - 1:
                i = int(at)
                value = sign * (flow[i] + (at - i) * (flow[i + 1] - flow[i]))
                mine[4 + j] += value
                mine[4 + steps + j] += value * longer[k]
            at += step
    edges = np.zeros((n_blocks + 1, 4 + 2 * steps))
    for edge in range(n_blocks + 1):
        for b in range(max(edge - 2, 0), min(edge + 2, n_blocks)):
            for j in range(4 + 2 * steps):
                edges[edge, j] += sums[b, j]
    return edges


@numba.njit(**JIT)
def lines_of_lengths(sums: Floats, reading: Reading) -> tuple[Floats, Floats]:
    """Return how the time from the end of flow to the middle goes with the length of the rise, one line per edge.

    Returns
    -------
    at_one, power
        Shape (blocks + 1,): logarithm of the time of a rise as long as the unit, in units, and what is added per
        logarithm of the length.
    """
    steps = FULL + BEFORE + 1
    at_one, power = np.full(sums.shape[0], math.log(reading.usual)), np.ones(sums.shape[0])
    mean, bend = np.empty(steps), np.zeros(steps)
    for b in range(sums.shape[0]):
        count, total = sums[b, 0], sums[b, 1]
        if count < FEWEST:
            continue
        longer = sums[b, 2] / total
        spread = math.sqrt(max(sums[b, 3] / total - longer**2, 0.0))
        for j in range(steps):
            mean[j] = sums[b, 4 + j] / total
        time, power[b] = time_before(mean, bend, 0.0, reading), SHARE
        if count >= ENOUGH and spread > 0:
            for j in range(steps):
                bend[j] = (sums[b, 4 + steps + j] / total - longer * mean[j]) / spread
            long, short = time_before(mean, bend, 1.0, reading), time_before(mean, bend, -1.0, reading)
            power[b] = min(max(SHARE + math.log(long / short) / (2 * spread), 0.0), 1.0)
        at_one[b] = math.log(time) + (SHARE - power[b]) * longer
    return at_one, power


@numba.njit(**JIT)
def time_before(mean: Floats, bend: Floats, times: float, reading: Reading) -> float:
    """Return the time from the end of the flow mean + times · bend to its middle, in lengths.

    Samples go away from the full flow.
    """
    full, lowest = 0.0, FULL
    for j in range(2 * FULL + 1):
        full += (mean[j] + times * bend[j]) / (2 * FULL + 1)
    for j in range(FULL, mean.size):
        if mean[j] + times * bend[j] < mean[lowest] + times * bend[lowest]:
            lowest = j
    if full <= 0:
        return reading.usual
    low = high = 0.0
    for j in range(FULL, lowest):
        one, other = mean[j] + times * bend[j], mean[j + 1] + times * bend[j + 1]
        most, per_span = max(one, other), 1 / (abs(one - other) + TINY * full)
        low += min(max((most - reading.low * full) * per_span, 0.0), 1.0)  # share of the line that lies above
        high += min(max((most - reading.high * full) * per_span, 0.0), 1.0)
    time = STEP * (low + reading.reach * (low - high))
    return time if time > 0 else reading.usual
