"""Compiled loops over the breaths, beats and lags of a window."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from eupnea.compiled import JIT, SUMMING


@numba.njit(**SUMMING)
def lagged_correlations(x: Any, y: Any, longest: int, out: Any) -> None:
    """Write the correlation of x(t) with y(t + lag) for lags -longest ... longest, over the common part of each."""
    for place in range(2 * longest + 1):
        lag = place - longest
        first, second, n = max(0, -lag), max(0, lag), x.size - abs(lag)
        a, b = x[first : first + n], y[second : second + n]
        mean_a = mean_b = 0.0
        for i in range(n):
            mean_a += a[i]
            mean_b += b[i]
        mean_a /= n
        mean_b /= n
        product = square_a = square_b = 0.0
        for i in range(n):
            apart_a, apart_b = a[i] - mean_a, b[i] - mean_b
            product += apart_a * apart_b
            square_a += apart_a * apart_a
            square_b += apart_b * apart_b
        scale = math.sqrt(square_a * square_b)
        out[place] = product / scale if scale > 0 else math.nan


@numba.njit(**JIT)
def peak_to_valley(breaths: Any, begin_s: Any, rr_ms: Any, out: Any) -> None:
    """Write per breath the longest interval begun in expiration less the shortest begun in inspiration, at least 0.

    `begin_s` need not be in order; NaN where no interval begins in one of the phases.
    """
    for row in range(len(breaths)):
        onset, turn, end = breaths[row]
        shortest, longest = math.inf, -math.inf
        for beat in range(begin_s.size):
            if onset <= begin_s[beat] < turn:
                shortest = min(shortest, rr_ms[beat])
            if turn <= begin_s[beat] < end:
                longest = max(longest, rr_ms[beat])
        is_known = math.isfinite(shortest) and math.isfinite(longest)
        out[row] = max(0.0, longest - shortest) if is_known else math.nan


@numba.njit(**JIT)
def locking_strengths(phase: Any, breaths: int, out: Any) -> None:
    """Write |mean exp(i n φ / m)| for n = 1, 2, …: each power is the one before times exp(i φ / m)."""
    real, imaginary = np.zeros(out.size), np.zeros(out.size)
    for value in phase:
        cosine, sine = math.cos(value / breaths), math.sin(value / breaths)
        turned_cosine, turned_sine = 1.0, 0.0
        for beats in range(out.size):
            turned_cosine, turned_sine = (
                turned_cosine * cosine - turned_sine * sine,
                turned_cosine * sine + turned_sine * cosine,
            )
            real[beats] += turned_cosine
            imaginary[beats] += turned_sine
    for beats in range(out.size):
        out[beats] = math.hypot(real[beats], imaginary[beats]) / phase.size
