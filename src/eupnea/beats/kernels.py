"""Compiled loops over pieces of a signal."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

JIT: dict[str, Any] = {"cache": True, "nogil": True}
SUMMING: dict[str, Any] = {**JIT, "fastmath": {"reassoc", "nsz"}}
"""Sums may be taken in another order, which the processor does several at a time."""


@numba.njit(**JIT)
def cut_pieces(values: Any, centres: Any, grid: Any, out: Any) -> None:
    """Write pieces (k, m) around real-valued positions (k,) by cubic interpolation; `grid` is (1, m) or (k, m)."""
    for row in range(centres.size):
        offsets = grid[row if len(grid) > 1 else 0]
        for column in range(offsets.size):
            where = centres[row] + offsets[column]
            base = int(math.floor(where)) if math.isfinite(where) else -1
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
    for value in piece:
        if not math.isfinite(value):
            return False
    return True


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
