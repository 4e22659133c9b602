"""Compiled loops over the intervals of many windows."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from eupnea.compiled import JIT


@numba.njit(**JIT)
def quantile(ordered: Any, share: float) -> float:
    """Return a quantile of sorted values by linear interpolation (numpy's default)."""
    place = share * (ordered.size - 1)
    low = math.floor(place)
    high = min(low + 1, ordered.size - 1)
    part = place - low
    if part >= 0.5:
        return float(ordered[high] - (ordered[high] - ordered[low]) * (1.0 - part))
    return float(ordered[low] + (ordered[high] - ordered[low]) * part)


@numba.njit(**JIT)
def _mean_and_sd(values: Any) -> tuple[float, float]:
    mean = 0.0
    for value in values:
        mean += value
    mean /= values.size
    squares = 0.0
    for value in values:
        squares += (value - mean) ** 2
    return mean, math.sqrt(squares / (values.size - 1)) if values.size > 1 else math.nan


@numba.njit(**JIT)
def level_and_spread(rr: Any, first: Any, last: Any, order: Any, bin_ms: float, out: Any) -> None:
    """Write mean, SD, median, MAD, quartiles, 20th and 80th percentile, extremes, skewness, kurtosis, HTI.

    `order` has the ranks of every window's intervals, shape (w, longest).
    """
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 2:
            continue
        x = rr[first[w] : last[w]]
        mean, sd = _mean_and_sd(x)
        ordered = np.empty(n)
        for i in range(n):
            ordered[i] = x[order[w, i]]
        median = quantile(ordered, 0.5)
        third, fourth = 0.0, 0.0
        for value in x:
            square = (value - mean) * (value - mean)
            third += square * (value - mean)
            fourth += square * square
        variance = sd * sd * (n - 1) / n
        out[w, 0], out[w, 1], out[w, 2] = mean, sd, median
        out[w, 3] = _median_deviation(ordered, median)
        out[w, 4], out[w, 5] = quantile(ordered, 0.25), quantile(ordered, 0.75)
        out[w, 6], out[w, 7] = quantile(ordered, 0.2), quantile(ordered, 0.8)
        out[w, 8], out[w, 9] = ordered[0], ordered[n - 1]
        if variance > 0:
            out[w, 10] = third / n / variance**1.5
            out[w, 11] = fourth / n / variance**2 - 3.0
        out[w, 12] = n / _fullest_bin(ordered, bin_ms)


@numba.njit(**JIT)
def _median_deviation(ordered: Any, median: float) -> float:
    """Return the median absolute deviation from the median: deviations grow outwards on both sides of it."""
    n = ordered.size
    right = np.searchsorted(ordered, median)
    left = right - 1
    previous, here = 0.0, 0.0
    for _ in range(n // 2 + 1):
        previous = here
        below = median - ordered[left] if left >= 0 else np.inf
        above = ordered[right] - median if right < n else np.inf
        if below <= above:
            here = below
            left -= 1
        else:
            here = above
            right += 1
    return float(here if n % 2 else (previous + here) / 2)


@numba.njit(**JIT)
def _fullest_bin(ordered: Any, bin_ms: float) -> int:
    """Count the values in the fullest histogram bin; the last bin holds its upper edge too."""
    last_bin = math.ceil(ordered[ordered.size - 1] / bin_ms) - 1
    best, here, place = 0, 0, -1
    for value in ordered:
        where = min(math.floor(value / bin_ms), last_bin)
        here = here + 1 if where == place else 1
        place = where
        best = max(best, here)
    return best


@numba.njit(**JIT)
def successive(rr: Any, follows: Any, first: Any, last: Any, out: Any) -> None:
    """Write RMSSD, SDSD, pNN50, pNN20, SD1, SD2, and asymmetry from pairs of intervals that follow each other.

    Columns: 0 RMSSD, 1 SDSD, 2 pNN50, 3 pNN20, 4 SD1, 5 SD2, 6 Guzik's index, 7 Porta's index, 8 C1d, 9 C2d, 10 Cd,
    11 lag-1 correlation.
    """
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 3:
            continue
        step = np.empty(n - 1)
        total = np.empty(n - 1)
        k = 0
        for i in range(first[w] + 1, last[w]):
            if follows[i]:
                step[k], total[k] = rr[i] - rr[i - 1], rr[i] + rr[i - 1]
                k += 1
        if k >= 3:
            _pairs(step[:k], total[:k], n, out[w])


@numba.njit(**JIT)
def _pairs(step: Any, total: Any, n: int, out: Any) -> None:
    k = step.size
    squares, above50, above20 = 0.0, 0, 0
    for change in step:
        squares += change * change
        above50 += abs(change) > 50
        above20 += abs(change) > 20
    mean_step, sd_step = _mean_and_sd(step)
    mean_total, sd_total = _mean_and_sd(total)
    out[0], out[1] = math.sqrt(squares / k), sd_step
    out[2], out[3] = 100.0 * above50 / n, 100.0 * above20 / n
    out[4], out[5] = sd_step / math.sqrt(2.0), sd_total / math.sqrt(2.0)
    _asymmetry(step, total, mean_total, out)
    cross = 0.0
    for i in range(k):
        cross += (step[i] - mean_step) * (total[i] - mean_total)
    cross /= k - 1
    # With d = b - a and s = a + b: var(a) and var(b) are (var(s) + var(d) -+ 2 cov(s, d)) / 4.
    both = sd_total * sd_total + sd_step * sd_step
    spread = (both - 2 * cross) * (both + 2 * cross)
    if spread > 0:
        out[11] = (sd_total * sd_total - sd_step * sd_step) / math.sqrt(spread)


@numba.njit(**JIT)
def _asymmetry(step: Any, total: Any, centre: float, out: Any) -> None:
    distance = np.zeros(3)
    short = np.zeros(3)
    long = np.zeros(3)
    count = np.zeros(3)
    for i in range(step.size):
        side = 0 if step[i] > 0 else (1 if step[i] < 0 else 2)
        count[side] += 1
        distance[side] += abs(step[i])
        short[side] += step[i] * step[i] / 2.0
        long[side] += (total[i] - centre) * (total[i] - centre) / 2.0
    if count[0] + count[1] == 0:
        return
    long[0] += 0.5 * long[2]
    long[1] += 0.5 * long[2]
    out[6] = 100.0 * distance[0] / (distance[0] + distance[1])
    out[7] = 100.0 * count[1] / (count[0] + count[1])
    out[8] = short[0] / (short[0] + short[1])
    if long[0] + long[1] > 0:
        out[9] = long[0] / (long[0] + long[1])
    out[10] = (short[0] + long[0]) / (short[0] + short[1] + long[0] + long[1])


@numba.njit(**JIT)
def fragmentation(rr: Any, follows: Any, first: Any, last: Any, out: Any) -> None:
    """Write PIP, IALS and PSS (Costa et al. 2017) from runs of rising and of falling intervals.

    An inflection is where the sign of the step differs from the step just before; runs end there, at a step of zero,
    and where intervals do not follow each other.
    """
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 3:
            continue
        inflections, runs, short_runs, steps, length, before = 0, 0, 0, 0, 0, 0
        for i in range(first[w] + 1, last[w] + 1):
            sign = 0
            joined = i < last[w] and follows[i]
            if joined:
                step = rr[i] - rr[i - 1]
                sign = 1 if step > 0 else (-1 if step < 0 else 0)
                steps += sign != 0
                inflections += before * sign < 0
            if length > 0 and sign != before:
                runs += 1
                short_runs += length < 3
                length = 0
            length = length + 1 if sign != 0 else 0
            before = sign if joined else 0
        if runs > 0:
            out[w, 0] = inflections / n
            out[w, 1] = runs / steps
            out[w, 2] = short_runs / runs


@numba.njit(**JIT)
def scaling(rr: Any, first: Any, last: Any, scales: Any, out: Any) -> None:
    """Write the DFA exponent over `scales` (beats): non-overlapping boxes from both ends, straight-line trends."""
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 2 * scales[scales.size - 1]:
            continue
        x = rr[first[w] : last[w]]
        profile = np.cumsum(x - x.mean())
        sx, sy, sxx, sxy = 0.0, 0.0, 0.0, 0.0
        usable = True
        for scale in scales:
            fluctuation = _fluctuation(profile, scale)
            if fluctuation <= 0:
                usable = False
                break
            lx, ly = math.log(scale), math.log(fluctuation)
            sx += lx
            sy += ly
            sxx += lx * lx
            sxy += lx * ly
        if usable:
            k = scales.size
            out[w] = (k * sxy - sx * sy) / (k * sxx - sx * sx)


@numba.njit(**JIT)
def _fluctuation(profile: Any, scale: int) -> float:
    """Return the root mean square around straight lines; boxes from the start and from the end go side by side."""
    boxes = profile.size // scale
    shift = profile.size - boxes * scale
    middle = (scale - 1) / 2.0
    spread = scale * (scale * scale - 1) / 12.0
    total = 0.0
    for box in range(boxes):
        at = box * scale
        there = at + shift
        base_a, base_b = profile[at], profile[there]
        sum_a, sum_b, rise_a, rise_b, square_a, square_b = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for t in range(scale):
            lever = t - middle
            a, b = profile[at + t] - base_a, profile[there + t] - base_b
            sum_a += a
            sum_b += b
            rise_a += lever * a
            rise_b += lever * b
            square_a += a * a
            square_b += b * b
        total += square_a - sum_a * sum_a / scale - rise_a * rise_a / spread
        total += square_b - sum_b * sum_b / scale - rise_b * rise_b / spread
    return math.sqrt(max(total, 0.0) / (2.0 * boxes * scale))


@numba.njit(**JIT)
def resample(time: Any, rr: Any, first: Any, last: Any, start: Any, rate_hz: float, out: Any) -> None:
    """Write the intervals of every window evenly sampled: natural cubic spline, level beyond the first and last."""
    step_s = 1.0 / rate_hz
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 3:
            continue
        t = time[first[w] : last[w]]
        x = rr[first[w] : last[w]]
        bend = _natural_spline(t, x)
        j = 0
        while j < out.shape[1] and start[w] + j * step_s <= t[0]:
            out[w, j] = x[0]
            j += 1
        for k in range(n - 1):
            h = t[k + 1] - t[k]
            cubic = (bend[k + 1] - bend[k]) / (6.0 * h)
            square = bend[k] / 2.0
            slope = (x[k + 1] - x[k]) / h - h * (2.0 * bend[k] + bend[k + 1]) / 6.0
            while j < out.shape[1] and start[w] + j * step_s <= t[k + 1]:
                d = start[w] + j * step_s - t[k]
                out[w, j] = x[k] + d * (slope + d * (square + d * cubic))
                j += 1
        while j < out.shape[1]:
            out[w, j] = x[n - 1]
            j += 1


@numba.njit(**JIT)
def _natural_spline(t: Any, x: Any) -> Any:
    """Return the second derivatives at the knots (tridiagonal elimination)."""
    n = t.size
    bend = np.zeros(n)
    upper = np.zeros(n)
    for i in range(1, n - 1):
        left, right = t[i] - t[i - 1], t[i + 1] - t[i]
        weight = left / (left + right)
        pivot = weight * upper[i - 1] + 2.0
        upper[i] = (weight - 1.0) / pivot
        jump = (x[i + 1] - x[i]) / right - (x[i] - x[i - 1]) / left
        bend[i] = (6.0 * jump / (left + right) - weight * bend[i - 1]) / pivot
    for i in range(n - 2, 0, -1):
        bend[i] += upper[i] * bend[i + 1]
    return bend
