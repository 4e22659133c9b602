"""What each breath measures, between its times: compiled, one pass each.

Compiled functions call none of another file: the compiled code that is kept would not notice a change there.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

JIT = {"cache": True, "nogil": True}


@numba.njit(**JIT)
def between_samples(values: Floats, at: Floats) -> Floats:
    """Return the signal between its samples: cubic (Catmull-Rom) through the four samples around each position."""
    n = values.size
    found = np.empty(at.size)
    for k in range(at.size):
        i = min(max(math.floor(at[k]), 0), n - 1)
        share = min(max(at[k] - i, 0.0), 1.0)
        b, c = values[i], values[min(i + 1, n - 1)]
        a = values[i - 1] if i > 0 else 2 * b - c
        d = values[i + 2] if i + 2 < n else 2 * c - b
        bend = 2 * a - 5 * b + 4 * c - d + share * (3 * (b - c) + d - a)
        found[k] = b + share / 2 * (c - a + share * bend)
    return found


@numba.njit(**JIT)
def peaks_between(flow: Floats, start: Floats, stop: Floats, sign: float) -> tuple[Floats, Floats]:
    """Return the largest sign · flow of each stretch and where: the top of the parabola through three samples."""
    height, where = np.empty(start.size), np.empty(start.size)
    for k in range(start.size):
        first = math.ceil(start[k])
        best = first
        for i in range(first + 1, max(math.floor(stop[k]), first) + 1):
            if sign * flow[i] > sign * flow[best]:
                best = i
        top, shift = sign * flow[best], 0.0
        if 0 < best < flow.size - 1:
            before, after = sign * flow[best - 1], sign * flow[best + 1]
            bend = before - 2 * top + after
            if bend < 0 and before <= top and after <= top:
                shift = (before - after) / (2 * bend)
                top -= (before - after) * shift / 4
        height[k] = top
        where[k] = min(max(best + shift, start[k]), stop[k])
    return height, where


@numba.njit(**JIT)
def share_missing(mask: Bools, first: Floats, last: Floats) -> Floats:
    """Return the share of the samples from `first` to `last` (both counted) where the mask is not set."""
    found = np.zeros(first.size)
    if mask.all():
        return found
    for k in range(first.size):
        start, stop = math.floor(first[k]), min(math.ceil(last[k]) + 1, mask.size)
        n = 0
        for i in range(start, stop):
            n += not mask[i]
        found[k] = n / max(stop - start, 1)
    return found
