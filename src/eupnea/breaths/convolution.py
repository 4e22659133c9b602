"""Compiled loops of smoothing: short symmetric convolutions."""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.compiled import JIT

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

SUMS = JIT | {"fastmath": {"reassoc", "contract"}}
"""Sums may be taken in the order that the processor adds fastest."""

REACH = 2.8
"""Taps reach this many periods of the cutoff to either side, where the response has fallen to 1e-3."""
TILE = 512
"""Outputs that are summed at once: they stay in the first cache."""
HALF_BAND = (0.306642, -0.074570, 0.022465, -0.004537)
"""Taps 1, 3, 5 and 7 of a half-band filter (Parks-McClellan; below 0.135 of the rate it changes 0.1 %, above 0.365 it
leaves 0.05 %); the middle one is 0.5, the even ones are 0."""


@numba.njit(**JIT)
def mirrored(values: Floats, pad: int) -> Floats:
    """Return the signal with `pad` samples turned about its first and last value; held where it is too short."""
    n = values.size
    whole = np.empty(n + 2 * pad)
    whole[pad : pad + n] = values
    for i in range(1, pad + 1):
        reach = min(i, n - 1)
        whole[pad - i] = 2 * values[0] - values[reach]
        whole[pad + n - 1 + i] = 2 * values[n - 1] - values[n - 1 - reach]
    return whole


@numba.njit(**SUMS)
def halved(values: Floats) -> Floats:
    """Return every second sample, low-passed."""
    a, b, c, d = HALF_BAND
    scale = 0.25 / (a + b + c + d)
    a, b, c, d = a * scale, b * scale, c * scale, d * scale
    n = (values.size + 1) // 2
    odd = np.empty(n + 8)
    for i in range(n + 8):
        odd[i] = values[min(max(2 * i - 7, 0), values.size - 1)]
    left = np.empty(n)
    for i in range(n):
        left[i] = (
            0.5 * values[2 * i]
            + a * (odd[i + 3] + odd[i + 4])
            + b * (odd[i + 2] + odd[i + 5])
            + c * (odd[i + 1] + odd[i + 6])
            + d * (odd[i] + odd[i + 7])
        )
    return left


@numba.njit(**JIT)
def response(time_s: float, cutoff_hz: float) -> float:
    """Return the impulse response of 1 / (1 + (f / cutoff)⁸) at a time, per second."""
    turn = 2 * math.pi * cutoff_hz
    phase = turn * abs(time_s)
    found = 0.0
    for angle in (math.pi / 8, 3 * math.pi / 8):
        fall, swing = math.sin(angle), math.cos(angle)
        found += math.exp(-fall * phase) * (fall * math.cos(swing * phase) + swing * math.sin(swing * phase))
    return turn / 4 * found


@numba.njit(**JIT)
def butterworth_taps(cutoff_hz: float, sampling_hz: float, slope_s: float) -> Floats:
    """Return the middle and right half of the taps of a fourth-order Butterworth low-pass run forth and back.

    Parameters
    ----------
    cutoff_hz, sampling_hz
        Of the filter, and of the signal it is for.
    slope_s
        0 for the level; else the taps of the slope per second, taken over this time to either side: they change sign
        on the left.
    """
    reach = math.ceil((REACH / cutoff_hz + slope_s) * sampling_hz)
    taps = np.empty(reach + 1)
    total = 0.0
    for i in range(reach + 1):
        at = i / sampling_hz
        if slope_s > 0:
            taps[i] = response(at - slope_s, cutoff_hz) - response(at + slope_s, cutoff_hz)
            total += 2 * at * taps[i]
        else:
            taps[i] = response(at, cutoff_hz)
            total += taps[i] * (2.0 if i > 0 else 1.0)
    return taps / total


@numba.njit(**SUMS)
def convolved(values: Floats, taps: Floats, first: int, step: int, n: int, is_odd: bool) -> Floats:
    """Return n sums of the neighbours of every `step`-th sample from `first` on, weighted by half of the taps.

    The left half is the right one mirrored, its sign changed for taps that are odd.
    """
    reach = taps.size - 1
    left = -((-2 * reach - 1) // 8) * 8 - reach - 1  # zeros are put before the taps: eight are summed at once
    every = np.zeros(left + reach + 1)
    for j in range(reach + 1):
        every[left + j] = taps[j]
        every[left - j] = -taps[j] if is_odd and j > 0 else taps[j]
    found = np.empty(n)
    if step > 1:
        for k in range(n):
            part = values[first + k * step - left : first + k * step + reach + 1]
            total = 0.0
            for j in range(every.size):
                total += every[j] * part[j]
            found[k] = total
        return found
    for start in range(0, n, TILE):
        size = min(TILE, n - start)
        _add_neighbours(found[start : start + size], values, every, first + start - left)
    return found


@numba.njit(**SUMS)
def convolved_at(values: Floats, taps: Floats, positions: Indices) -> Floats:
    """Return sums of the neighbours of some samples, weighted by half of even taps."""
    found = np.empty(positions.size)
    for k in range(positions.size):
        right, left = values[positions[k] :], values[: positions[k] + 1][::-1]
        total = taps[0] * right[0]
        for j in range(1, taps.size):
            total += taps[j] * (right[j] + left[j])
        found[k] = total
    return found


@numba.njit(**SUMS)
def _add_neighbours(tile: Floats, values: Floats, every: Floats, at: int) -> None:
    """Fill a tile with sums over neighbours, the first of which lies at `at`: eight taps a pass."""
    tile[:] = 0.0
    for j in range(0, every.size, 8):
        a, b, c, d = every[j], every[j + 1], every[j + 2], every[j + 3]
        e, f, g, h = every[j + 4], every[j + 5], every[j + 6], every[j + 7]
        part = values[at + j : at + j + tile.size + 7]
        for i in range(tile.size):
            tile[i] += (
                a * part[i] + b * part[i + 1] + c * part[i + 2] + d * part[i + 3]
                + e * part[i + 4] + f * part[i + 5] + g * part[i + 6] + h * part[i + 7]
            )  # fmt: skip


@numba.njit(**SUMS)
def spread(values: Floats) -> float:
    """Return the standard deviation."""
    total = 0.0
    for value in values:
        total += value
    mean, squares = total / values.size, 0.0
    for value in values:
        squares += (value - mean) ** 2
    return math.sqrt(squares / values.size)


@numba.njit(**JIT)
def count_near(values: Floats, others: Floats, allowed: float) -> int:
    """Count the positions where two signals differ by no more than what is allowed."""
    n = 0
    for i in range(values.size):
        n += abs(values[i] - others[i]) <= allowed
    return n
