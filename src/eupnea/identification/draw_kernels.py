"""Compiled loops over random assignments: a block of windows stays in the cache from its inner products to its ranks.

Scores are in single precision, as their inner products are. People who are not enrolled are left out everywhere.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from eupnea.compiled import JIT, REORDERED
from eupnea.identification.score_kernels import (
    BLOCK,
    Assigned,
    Probes,
    add,
    lines,
    moments,
    normalise_row,
    products,
    rank,
    scores,
)
from eupnea.identification.support_kernels import add_logarithms, add_support, support

LEVELS = 64
"""Windows whose odds are multiplied before a logarithm is taken: each factor is at most 2, and 2¹²⁷ can be held."""


@numba.njit(**REORDERED)
def reciprocal_ranks(fitted: Assigned, slopes: Any, offsets: Any, table: Any, owners: Any, out: Any) -> None:
    """Write the summed reciprocal ranks of the owners (B, N), over the columns of `table` (U, N), into `out` (M, B).

    `slopes`, `offsets` (M, B, C): of M models.
    """
    B, C = fitted.scale.shape
    N = table.shape[1]
    out[:] = 0.0
    own, ranks = np.empty(BLOCK, table.dtype), np.empty(BLOCK, np.int32)
    for start in range(0, N, BLOCK):
        size = min(BLOCK, N - start)
        sums, found = np.empty((C, size), table.dtype), np.empty((C, size), table.dtype)
        for b in range(B):
            products(fitted, b, table, start, sums, found)
            for model in range(len(slopes)):
                lines(found, slopes[model, b], offsets[model, b], sums)
                rank(sums, owners[b][start : start + size], size, fitted.ends[b], own, ranks)
                for n in range(size):
                    if ranks[n]:
                        out[model, b] += 1.0 / ranks[n]


@numba.njit(**REORDERED)
def _normalised_averages(total: Any, ends: Any, absent: float, begin: int, out: Any) -> None:
    """Normalise sums over the windows of recordings, as their averages would be, in double precision.

    From `total` (C, G) into the columns of `out` (C, R) from `begin` on.
    """
    C, G = total.shape
    mean, square = np.zeros(G), np.zeros(G)
    people = 0
    for c in range(C):
        if ends[c] < ends[c + 1]:
            people += 1
            for r in range(G):
                mean[r] += total[c, r]
    others = max(people - 1, 1)
    for r in range(G):
        mean[r] /= max(people, 1)
    for c in range(C):
        if ends[c] < ends[c + 1]:
            for r in range(G):
                square[r] += (total[c, r] - mean[r]) ** 2
    far, lost = (others + 1) / others, (others + 1) / others / others
    least = np.empty(G)
    for r in range(G):
        least[r] = 1e-12 * max(square[r] / max(people, 1) + mean[r] * mean[r], 1e-300)
        square[r] /= others
    for c in range(C):
        row = out[c][begin : begin + G]
        if ends[c] < ends[c + 1]:
            for r in range(G):
                apart = total[c, r] - mean[r]
                row[r] = far * apart / math.sqrt(max(square[r] - lost * apart * apart, least[r]))
        else:
            row[:] = absent


@numba.njit(**JIT)
def _block_end(sizes: Any, level: int, last: int) -> int:
    """Return the level that no longer fits into a block beginning with `level`; at least one does."""
    total = sizes[level]
    level += 1
    while level < last and total + sizes[level] <= BLOCK:
        total += sizes[level]
        level += 1
    return level


@numba.njit(**REORDERED)
def averages(
    fitted: Assigned,
    slope: Any,
    offset: Any,
    probes: Probes,
    separations: Any,
    absent: float,
    column: int,
    out: Any,
) -> None:
    """Write normalised averages over whole recordings under each separation into `out` (options, B, C, R).

    The first recording is written to `column`; they stand as in the levels. Windows' support is added up as the
    logarithm of a product; who is not enrolled gets `absent`.
    """
    B, C = fitted.scale.shape
    sizes, dtype = probes.levels.sizes, probes.table.dtype
    sums, found = np.empty(C * BLOCK, dtype), np.empty(C * BLOCK, dtype)
    mean, spread, floor = np.empty(BLOCK, dtype), np.empty(BLOCK, dtype), np.empty(BLOCK, dtype)
    normalised = np.empty(BLOCK, dtype)
    done, begin = 0, 0
    for group in range(probes.levels.groups.size - 1):
        first, last = probes.levels.groups[group], probes.levels.groups[group + 1]
        G = sizes[first]
        total, product = np.empty((separations.size, C, G), dtype), np.empty((separations.size, C, G), dtype)
        for b in range(B):
            ends = fitted.ends[b]
            total[:], product[:] = 0, 0
            level, at = first, begin
            while level < last:
                end = _block_end(sizes, level, last)
                N = sizes[level:end].sum()
                values = found[: C * N].reshape((C, N))
                scores(fitted, b, probes, slope, offset, at, sums[: C * N].reshape((C, N)), values)
                people = moments(values, ends, mean, spread, floor)
                for c in range(C):
                    if ends[c] == ends[c + 1]:
                        continue
                    row = values[c]
                    normalise_row(row, mean, spread, floor, people, normalised)
                    for option in range(separations.size):
                        d, place = separations[option], 0
                        summed, multiplied = total[option, c], product[option, c]
                        for one in range(level, end):
                            until = place + sizes[one]
                            if d > 0:
                                add_support(normalised[place:until], d, summed, multiplied)
                                if (one - first + 1) % LEVELS == 0:
                                    add_logarithms(multiplied, summed)
                            else:
                                add(row[place:until], summed)
                            place = until
                level, at = end, at + N
            for option in range(separations.size):
                if separations[option] > 0:
                    add_logarithms(product[option].reshape(-1), total[option].reshape(-1))
                _normalised_averages(total[option], ends, absent, column + done, out[option, b])
        done, begin = done + G, at


@numba.njit(**REORDERED)
def tally(
    fitted: Assigned,
    slope: Any,
    offset: Any,
    probes: Probes,
    separation: float,
    owners: Any,
    units: Any,
    hits: Any,
    counts: Any,
    absent: float,
    out: Any,
) -> None:
    """Count who is recognised, at every level, and write normalised averages of recordings as they stand in the levels.

    `owners` (B, R): of the probes, in the same order. `units`: windows put together, 0 for all of a recording. `hits`,
    `counts` (units, B, C) are added to. `out` (B, C, R); `absent` for who is not enrolled. Normalising one probe
    changes none of its ranks: only what windows support is made of normalised scores.
    """
    B, C = fitted.scale.shape
    sizes, dtype = probes.levels.sizes, probes.table.dtype
    sums, found = np.empty(C * BLOCK, dtype), np.empty(C * BLOCK, dtype)
    mean, spread, floor = np.empty(BLOCK, dtype), np.empty(BLOCK, dtype), np.empty(BLOCK, dtype)
    normalised, own = np.empty(BLOCK, dtype), np.empty(BLOCK, dtype)
    owner, ranks = np.empty(BLOCK, np.intp), np.empty(BLOCK, np.int32)
    done, begin = 0, 0
    for group in range(probes.levels.groups.size - 1):
        first, last = probes.levels.groups[group], probes.levels.groups[group + 1]
        G = sizes[first]
        held = np.empty((units.size, C, G), dtype)
        for b in range(B):
            ends, owns = fitted.ends[b], owners[b][done : done + G]
            held[:] = 0
            level, at = first, begin
            while level < last:
                end = _block_end(sizes, level, last)
                N = sizes[level:end].sum()
                values = found[: C * N].reshape((C, N))
                scores(fitted, b, probes, slope, offset, at, sums[: C * N].reshape((C, N)), values)
                place = 0
                for one in range(level, end):
                    owner[place : place + sizes[one]] = owns[: sizes[one]]
                    place += sizes[one]
                for unit in range(units.size):
                    if units[unit] == 1:
                        rank(values, owner, N, ends, own, ranks)
                        _note(ranks, owner, N, hits[unit, b], counts[unit, b])
                if separation > 0:
                    people = moments(values, ends, mean, spread, floor)
                    for c in range(C):
                        if ends[c] < ends[c + 1]:
                            row = values[c]
                            normalise_row(row, mean, spread, floor, people, normalised)
                            support(normalised, separation, row)
                place = 0
                for one in range(level, end):
                    for unit in range(units.size):
                        k = units[unit]
                        if k != 1:
                            for c in range(C):
                                add(values[c][place : place + sizes[one]], held[unit, c])
                        if k > 1 and (one - first + 1) % k == 0:
                            rank(held[unit], owns, sizes[one], ends, own, ranks)
                            _note(ranks, owns, sizes[one], hits[unit, b], counts[unit, b])
                            held[unit] = 0
                    place += sizes[one]
                level, at = end, at + N
            for unit in range(units.size):
                if units[unit] == 0:
                    rank(held[unit], owns, G, ends, own, ranks)
                    _note(ranks, owns, G, hits[unit, b], counts[unit, b])
                    _normalised_averages(held[unit], ends, absent, done, out[b])
        done, begin = done + G, at


@numba.njit(**JIT)
def _note(ranks: Any, owners: Any, N: int, hits: Any, counts: Any) -> None:
    """Add N decisions to their owners' counts (C,), and those that were right to the hits (C,)."""
    for n in range(N):
        if ranks[n]:
            counts[owners[n]] += 1.0
        if ranks[n] == 1:
            hits[owners[n]] += 1.0
