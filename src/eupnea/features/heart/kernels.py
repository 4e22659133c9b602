"""Compiled loops over the intervals of many windows."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

JIT: dict[str, Any] = {"cache": True, "nogil": True}


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
def level_and_spread(rr: Any, first: Any, last: Any, bin_ms: float, out: Any) -> None:
    """Write mean, SD, median, MAD, quartiles, 20th and 80th percentile, extremes, skewness, kurtosis, HTI."""
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 2:
            continue
        x = rr[first[w] : last[w]]
        mean, sd = _mean_and_sd(x)
        ordered = np.sort(x)
        median = quantile(ordered, 0.5)
        deviations = np.sort(np.abs(x - median))
        third, fourth = 0.0, 0.0
        for value in x:
            third += (value - mean) ** 3
            fourth += (value - mean) ** 4
        variance = sd * sd * (n - 1) / n
        out[w, 0], out[w, 1], out[w, 2] = mean, sd, median
        out[w, 3] = quantile(deviations, 0.5)
        out[w, 4], out[w, 5] = quantile(ordered, 0.25), quantile(ordered, 0.75)
        out[w, 6], out[w, 7] = quantile(ordered, 0.2), quantile(ordered, 0.8)
        out[w, 8], out[w, 9] = ordered[0], ordered[n - 1]
        if variance > 0:
            out[w, 10] = third / n / variance**1.5
            out[w, 11] = fourth / n / variance**2 - 3.0
        out[w, 12] = n / _fullest_bin(ordered, bin_ms)


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

    Columns: 0 RMSSD, 1 SDSD, 2 pNN50, 3 pNN20, 4 SD1, 5 SD2, 6 Guzik's index, 7 slope index, 8 area index, 9 Porta's
    index, 10 C1d, 11 C2d, 12 Cd, 13 lag-1 correlation.
    """
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 3:
            continue
        a = np.empty(n - 1)
        b = np.empty(n - 1)
        k = 0
        for i in range(first[w] + 1, last[w]):
            if follows[i]:
                a[k], b[k] = rr[i - 1], rr[i]
                k += 1
        if k >= 3:
            _pairs(a[:k], b[:k], n, out[w])


@numba.njit(**JIT)
def _pairs(a: Any, b: Any, n: int, out: Any) -> None:
    k = a.size
    squares, above50, above20 = 0.0, 0, 0
    for i in range(k):
        step = b[i] - a[i]
        squares += step * step
        above50 += abs(step) > 50
        above20 += abs(step) > 20
    _, sd_step = _mean_and_sd(b - a)
    _, sd_sum = _mean_and_sd(b + a)
    out[0], out[1] = math.sqrt(squares / k), sd_step
    out[2], out[3] = 100.0 * above50 / n, 100.0 * above20 / n
    out[4], out[5] = sd_step / math.sqrt(2.0), sd_sum / math.sqrt(2.0)
    _asymmetry(a, b, out)
    mean_a, sd_a = _mean_and_sd(a)
    mean_b, sd_b = _mean_and_sd(b)
    if sd_a > 0 and sd_b > 0:
        out[13] = np.sum((a - mean_a) * (b - mean_b)) / (k - 1) / (sd_a * sd_b)


@numba.njit(**JIT)
def _asymmetry(a: Any, b: Any, out: Any) -> None:
    k = a.size
    centre = a.mean() + b.mean()
    quarter = math.pi / 4
    distance = np.zeros(2)
    angle = np.zeros(2)
    area = np.zeros(2)
    short = np.zeros(2)
    long = np.zeros(2)
    long_same, count = 0.0, np.zeros(2)
    for i in range(k):
        step = b[i] - a[i]
        along = (a[i] + b[i] - centre) ** 2 / 2.0
        if step == 0:
            long_same += along
            continue
        side = 0 if step > 0 else 1
        turn = abs(quarter - math.atan(b[i] / a[i]))
        count[side] += 1
        distance[side] += abs(step)
        angle[side] += turn
        area[side] += 0.5 * turn * (a[i] * a[i] + b[i] * b[i])
        short[side] += step * step / 2.0
        long[side] += along
    if count[0] + count[1] == 0:
        return
    out[6] = 100.0 * distance[0] / (distance[0] + distance[1])
    out[7] = 100.0 * angle[0] / (angle[0] + angle[1])
    out[8] = 100.0 * area[0] / (area[0] + area[1])
    out[9] = 100.0 * count[1] / (count[0] + count[1])
    long[0] += 0.5 * long_same
    long[1] += 0.5 * long_same
    out[10] = short[0] / (short[0] + short[1])
    if long[0] + long[1] > 0:
        out[11] = long[0] / (long[0] + long[1])
    out[12] = (short[0] + long[0]) / (short[0] + short[1] + long[0] + long[1])


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
def entropies(rr: Any, first: Any, last: Any, radius: float, out: Any) -> None:
    """Write sample and approximate entropy, m = 2, tolerance `radius` standard deviations.

    Every pair of templates is compared once, for both entropies.
    """
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 5:
            continue
        x = rr[first[w] : last[w]]
        _, sd = _mean_and_sd(x)
        if sd == 0:
            continue
        tolerance = radius * sd
        matches2 = np.ones(n - 1)
        matches3 = np.ones(n - 2)
        two, three = 0, 0
        for lag in range(1, n - 1):
            for i in range(n - lag - 1):
                if abs(x[i] - x[i + lag]) <= tolerance and abs(x[i + 1] - x[i + 1 + lag]) <= tolerance:
                    matches2[i] += 1
                    matches2[i + lag] += 1
                    if i + 2 + lag < n:
                        two += 1
                        if abs(x[i + 2] - x[i + 2 + lag]) <= tolerance:
                            three += 1
                            matches3[i] += 1
                            matches3[i + lag] += 1
        if two > 0 and three > 0:
            out[w, 0] = -math.log(three / two)
        phi2, phi3 = 0.0, 0.0
        for i in range(n - 1):
            phi2 += math.log(matches2[i] / (n - 1))
        for i in range(n - 2):
            phi3 += math.log(matches3[i] / (n - 2))
        out[w, 1] = abs(phi2 / (n - 1) - phi3 / (n - 2))


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
    boxes = profile.size // scale
    mean_t = (scale - 1) / 2.0
    spread_t = scale * (scale * scale - 1) / 12.0
    total = 0.0
    for side in range(2):
        start = 0 if side == 0 else profile.size - boxes * scale
        for box in range(boxes):
            at = start + box * scale
            mean, slope = 0.0, 0.0
            for t in range(scale):
                mean += profile[at + t]
                slope += (t - mean_t) * profile[at + t]
            mean /= scale
            slope /= spread_t
            for t in range(scale):
                residual = profile[at + t] - mean - slope * (t - mean_t)
                total += residual * residual
    return math.sqrt(total / (2.0 * boxes * scale))


@numba.njit(**JIT)
def resample(time: Any, rr: Any, first: Any, last: Any, start: Any, rate_hz: float, out: Any) -> None:
    """Write the intervals of every window evenly sampled: natural cubic spline, level beyond the first and last."""
    for w in range(first.size):
        n = last[w] - first[w]
        if n < 3:
            continue
        t = time[first[w] : last[w]]
        x = rr[first[w] : last[w]]
        bend = _natural_spline(t, x)
        k = 0
        for j in range(out.shape[1]):
            at = start[w] + j / rate_hz
            if at <= t[0]:
                out[w, j] = x[0]
                continue
            if at >= t[n - 1]:
                out[w, j] = x[n - 1]
                continue
            while t[k + 1] < at:
                k += 1
            h = t[k + 1] - t[k]
            u = (t[k + 1] - at) / h
            v = 1.0 - u
            out[w, j] = u * x[k] + v * x[k + 1] + ((u**3 - u) * bend[k] + (v**3 - v) * bend[k + 1]) * h * h / 6.0


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
