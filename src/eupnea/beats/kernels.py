"""Compiled loops over pieces of a signal."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from eupnea.compiled import JIT, SUMMING


@numba.njit(**JIT)
def cut_pieces(values: Any, centres: Any, grid: Any, out: Any) -> None:
    """Write pieces (k, m) around real-valued positions (k,) by cubic interpolation; `grid` is (1, m) or (k, m)."""
    for row in range(centres.size):
        offsets = grid[row if len(grid) > 1 else 0]
        for column in range(offsets.size):
            where = centres[row] + offsets[column]
            base = math.floor(where) if math.isfinite(where) else -1
            if base < 1 or base >= values.size - 2:
                out[row, column] = math.nan
                continue
            t = where - base
            a, b, c, d = values[base - 1], values[base], values[base + 1], values[base + 2]
            out[row, column] = (
                -a * t * (t - 1) * (t - 2) / 6
                + b * (t + 1) * (t - 1) * (t - 2) / 2
                - c * (t + 1) * t * (t - 2) / 2
                + d * (t + 1) * t * (t - 1) / 6
            )


@numba.njit(**JIT)
def column_medians(table: Any, rows: Any, out: Any) -> None:
    """Write the median of each column over some rows; no value may be missing.

    Neighbouring columns of a signal rank their rows alike: each search starts from the order that the last one left.
    """
    order = rows.copy()
    values = np.empty(order.size)
    half = order.size // 2
    for column in range(table.shape[1]):
        for place in range(order.size):
            values[place] = table[order[place], column]
        middle = _selected(values, order, half)
        if order.size % 2 == 0:
            below = values[0]
            for place in range(1, half):
                below = max(below, values[place])
            middle = (below + middle) / 2
        out[column] = middle


@numba.njit(**JIT)
def _selected(values: Any, order: Any, rank: int) -> float:
    """Return the value of a rank, smaller ones before it; `order` is exchanged along (Hoare 1961, algorithm 65)."""
    low, high = 0, values.size - 1
    while high > low:
        pivot = values[min(max(rank, low), high)]
        first, last = low, high
        while first <= last:
            while values[first] < pivot:
                first += 1
            while values[last] > pivot:
                last -= 1
            if first <= last:
                values[first], values[last] = values[last], values[first]
                order[first], order[last] = order[last], order[first]
                first += 1
                last -= 1
        if rank <= last:
            high = last
        elif rank >= first:
            low = first
        else:
            break
    return float(values[rank])


@numba.njit(**SUMMING)
def _centred_size(piece: Any) -> tuple[float, float]:
    """Return the mean and the norm around it."""
    total = 0.0
    for value in piece:
        total += value
    mean = total / piece.size
    squares = 0.0
    for value in piece:
        squares += (value - mean) ** 2
    return mean, math.sqrt(squares)


@numba.njit(**SUMMING)
def _product(piece: Any, mean: float, template: Any) -> float:
    total = 0.0
    for place in range(piece.size):
        total += (piece[place] - mean) * template[place]
    return total


@numba.njit(**JIT)
def _whole(piece: Any) -> bool:
    missing = 0
    for value in piece:
        missing += not math.isfinite(value)
    return missing == 0


@numba.njit(**JIT)
def alike(cut: Any, least_similarity: float, largest: float) -> Any:
    """Return the rows (n,) of the pieces that correlate with the median piece and are not far larger than others."""
    whole = np.array([row for row in range(len(cut)) if _whole(cut[row])], dtype=np.int64)
    if whole.size == 0:
        return whole
    template = np.empty(cut.shape[1])
    column_medians(cut, whole, template)
    middle, template_norm = _centred_size(template)
    template -= middle
    keep, size = np.zeros(whole.size, dtype=np.bool_), np.empty(whole.size)
    for place, row in enumerate(whole):
        mean, norm = _centred_size(cut[row])
        size[place] = norm
        scale = norm * template_norm
        keep[place] = scale > 0 and _product(cut[row], mean, template) / scale >= least_similarity
    if keep.any():
        limit = largest * np.median(size[keep])
        keep &= size <= limit
    return whole[keep]


@numba.njit(**JIT)
def mean_and_spread(cut: Any, rows: Any, mean: Any, spread: Any) -> None:
    """Write the mean and the standard deviation of each column over some rows."""
    mean[:], spread[:] = 0.0, 0.0
    for row in rows:
        mean += cut[row]
    mean /= rows.size
    for row in rows:
        for column in range(mean.size):
            apart = cut[row, column] - mean[column]
            spread[column] += apart * apart
    for column in range(mean.size):
        spread[column] = math.sqrt(spread[column] / (rows.size - 1))


@numba.njit(**JIT)
def sections_forth_and_back(sections: Any, initial: Any, values: Any) -> None:
    """Filter in place, forth and back, by second-order sections (s, 6) that start in the states (s, 2) of a unit step.

    The arithmetic is that of `scipy.signal.sosfilt`, operation by operation; two sections run side by side.
    """
    for step in (1, -1):
        start = 0 if step == 1 else values.size - 1
        first_value = values[start]
        for section in range(0, len(sections) - 1, 2):
            b0, b1, b2, _, a1, a2 = sections[section]
            d0, d1, d2, _, c1, c2 = sections[section + 1]
            z0, z1 = initial[section, 0] * first_value, initial[section, 1] * first_value
            w0, w1 = initial[section + 1, 0] * first_value, initial[section + 1, 1] * first_value
            place = start
            for _ in range(values.size):
                x = values[place]
                y = b0 * x + z0
                z0 = b1 * x - a1 * y + z1
                z1 = b2 * x - a2 * y
                v = d0 * y + w0
                w0 = d1 * y - c1 * v + w1
                w1 = d2 * y - c2 * v
                values[place] = v
                place += step
        if len(sections) % 2:
            last = len(sections) - 1
            b0, b1, b2, _, a1, a2 = sections[last]
            z0, z1 = initial[last, 0] * first_value, initial[last, 1] * first_value
            place = start
            for _ in range(values.size):
                x = values[place]
                y = b0 * x + z0
                z0 = b1 * x - a1 * y + z1
                z1 = b2 * x - a2 * y
                values[place] = y
                place += step


@numba.njit(**JIT)
def section_forth_and_back(numerator: Any, denominator: Any, initial: Any, values: Any) -> None:
    """Filter in place, forth and back, by one section; the arithmetic is that of `scipy.signal.lfilter`."""
    b0, b1, b2 = numerator / denominator[0]
    _, a1, a2 = denominator / denominator[0]
    for step in (1, -1):
        place = 0 if step == 1 else values.size - 1
        z0, z1 = initial[0] * values[place], initial[1] * values[place]
        for _ in range(values.size):
            x = values[place]
            y = z0 + b0 * x
            z0 = z1 + x * b1 - y * a1
            z1 = x * b2 - y * a2
            values[place] = y
            place += step
