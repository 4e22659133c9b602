"""Compiled loops over random assignments: a block of windows stays in the cache from its inner products to its ranks.

Scores are in single precision, as their inner products are. People who are not enrolled are left out everywhere.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np

from eupnea.identification.kernels import JIT

REORDERED: dict[str, Any] = {**JIT, "fastmath": {"reassoc", "contract", "nsz"}}
"""Sums may be taken several at once."""

BLOCK = 512
"""Windows worked on at once."""

_ONE, _HALF, _TWO = np.float32(1.0), np.float32(0.5), np.float32(2.0)
_LOG2E, _LEAST = np.float32(1.0 / math.log(2.0)), np.float32(-126.0)
_POWERS = tuple(np.float32(math.log(2.0) ** k / math.factorial(k)) for k in range(8))
"""Coefficients of 2^x."""
_ODD = tuple(np.float32(2.0 / k) for k in (1, 3, 5, 7, 9, 11, 13))
"""Coefficients of log((1 + t) / (1 − t))."""


class Assigned(NamedTuple):
    """What B random assignments make of the inner products of U recordings, with C people.

    Attributes
    ----------
    inverse
        Shape (B, C, C): (c I − G)⁻¹.
    scale
        Shape (B, C): with which the sums of a person's recordings are weighed; 0 for who is not enrolled.
    order, ends
        Shapes (B, U) and (B, C + 1): recordings by owner, and where each person's begin.
    """

    inverse: Any
    scale: Any
    order: Any
    ends: Any


class Probes(NamedTuple):
    """The windows that are scored.

    Attributes
    ----------
    table
        Shape (U, N): inner products of the enrolled recordings with the windows.
    own
        Shape (N,): the windows' inner products with themselves; empty where scores are not divided by their lengths.
    starts
        Shape (R + 1,): where each recording's windows begin, and the end of the last.
    """

    table: Any
    own: Any
    starts: Any


@numba.njit(**REORDERED)
def grams(between: Any, order: Any, ends: Any, scale: Any, out: Any) -> None:
    """Write the inner products of people's scaled sums, from those of recordings.

    `between` (U, U); `order` (B, U): recordings by owner; `ends` (B, C + 1): where each person's begin; `scale` (B, C);
    `out` (B, C, C).
    """
    B, C = scale.shape
    U = len(between)
    half = np.empty(U, between.dtype)
    for b in range(B):
        for c in range(C):
            half[:] = 0
            for place in range(ends[b, c], ends[b, c + 1]):
                row = between[order[b, place]]
                for u in range(U):
                    half[u] += row[u]
            for d in range(c + 1):
                total = between.dtype.type(0)
                for place in range(ends[b, d], ends[b, d + 1]):
                    total += half[order[b, place]]
                total *= scale[b, c] * scale[b, d]
                out[b, c, d] = total
                out[b, d, c] = total


@numba.njit(**JIT)
def mirror(matrices: Any) -> None:
    """Copy what is below the diagonal of matrices (B, C, C) above it."""
    B, C, _ = matrices.shape
    for b in range(B):
        for i in range(C):
            for j in range(i):
                matrices[b, j, i] = matrices[b, i, j]


@numba.njit(**REORDERED)
def _products(fitted: Assigned, b: int, table: Any, begin: int, sums: Any, out: Any) -> None:
    """Write people's scaled sums times windows into `sums`, and what the inverse makes of them into `out`; (C, n)."""
    C, N = sums.shape
    order, ends, scale = fitted.order[b], fitted.ends[b], fitted.scale[b]
    for c in range(C):
        row = sums[c]
        row[:] = 0
        for place in range(ends[c], ends[c + 1]):
            recording = table[order[place]][begin : begin + N]
            for n in range(N):
                row[n] += recording[n]
        for n in range(N):
            row[n] *= scale[c]
    np.dot(fitted.inverse[b], sums, out)


@numba.njit(**REORDERED)
def _scores(
    fitted: Assigned, b: int, probes: Probes, slope: Any, offset: Any, begin: int, sums: Any, products: Any
) -> None:
    """Write people's scores (C, n) of the windows from `begin` on into `products`; `sums` (C, n) is overwritten."""
    C, N = products.shape
    _products(fitted, b, probes.table, begin, sums, products)
    share = np.ones(N, products.dtype)
    if probes.own.size:
        share[:] = probes.own[begin : begin + N]
        for c in range(C):
            for n in range(N):
                share[n] += sums[c, n] * products[c, n]
        for n in range(N):
            share[n] = _ONE / np.sqrt(max(share[n], np.float32(1e-30)))
    for c in range(C):
        for n in range(N):
            products[c, n] = slope[b, c] * products[c, n] * share[n] - offset[b, c]


@numba.njit(**REORDERED)
def _at_least(values: Any, owners: Any, ends: Any, own: Any, ranks: Any) -> None:
    """Write how many enrolled people score at least as high as the owner; 0 where that one is not enrolled."""
    C, N = values.shape
    for n in range(N):
        own[n] = values[owners[n], n]
    ranks[:] = 0
    for c in range(C):
        if ends[c] < ends[c + 1]:
            row = values[c]
            for n in range(N):
                ranks[n] += np.int32(row[n] >= own[n])
    for n in range(N):
        if ends[owners[n]] == ends[owners[n] + 1]:
            ranks[n] = 0


@numba.njit(**REORDERED)
def reciprocal_ranks(fitted: Assigned, slopes: Any, offsets: Any, table: Any, owners: Any, out: Any) -> None:
    """Write the summed reciprocal ranks of the owners (B, N), over the columns of `table` (U, N), into `out` (M, B).

    `slopes`, `offsets` (M, B, C): of M models.
    """
    B, C = fitted.scale.shape
    N = table.shape[1]
    out[:] = 0.0
    for start in range(0, N, BLOCK):
        size = min(BLOCK, N - start)
        sums, products = np.empty((C, size), table.dtype), np.empty((C, size), table.dtype)
        own, ranks = np.empty(size, table.dtype), np.empty(size, np.int32)
        for b in range(B):
            _products(fitted, b, table, start, sums, products)
            for model in range(len(slopes)):
                for c in range(C):
                    slope, offset = slopes[model, b, c], offsets[model, b, c]
                    for n in range(size):
                        sums[c, n] = slope * products[c, n] - offset
                _at_least(sums, owners[b][start : start + size], fitted.ends[b], own, ranks)
                for n in range(size):
                    if ranks[n]:
                        out[model, b] += 1.0 / ranks[n]


@numba.njit(**REORDERED)
def _normalised(values: Any, ends: Any, out: Any) -> None:
    """Write (score − mean of the others) / SD of the others, as `cohort_normalised`, in single precision."""
    C, N = values.shape
    total, squares = np.zeros(N), np.zeros(N)
    people = 0
    for c in range(C):
        if ends[c] < ends[c + 1]:
            people += 1
            for n in range(N):
                value = np.float64(values[c, n])
                total[n] += value
                squares[n] += value * value
    others = max(people - 1, 1)
    mean, spread, floor = np.empty(N, values.dtype), np.empty(N, values.dtype), np.empty(N, values.dtype)
    for n in range(N):
        middle = total[n] / max(people, 1)
        mean[n] = middle
        spread[n] = max(squares[n] - people * middle * middle, 0.0) / others
        floor[n] = 1e-12 * max(squares[n] / max(people, 1), 1e-24)
    far, lost = np.float32((others + 1) / others), np.float32((others + 1) / others / others)
    for c in range(C):
        for n in range(N):
            apart = values[c, n] - mean[n]
            variance = max(spread[n] - lost * apart * apart, floor[n])
            out[c, n] = far * apart / np.sqrt(variance)


@numba.njit(**REORDERED)
def supported(values: Any, separation: Any, out: Any, bits: Any) -> None:
    """Write log(1 + exp(d s − d²/2)) in single precision; all flat, `bits` of 32-bit integers."""
    slope, offset = np.float32(separation), np.float32(-0.5 * separation * separation)
    power = bits.view(np.float32)
    for i in range(values.size):
        x = max(-abs(slope * values[i] + offset) * _LOG2E, _LEAST)
        whole = np.floor(x + _HALF)
        f = x - whole
        p = _POWERS[6] + f * _POWERS[7]
        p = _POWERS[4] + f * (_POWERS[5] + f * p)
        p = _POWERS[2] + f * (_POWERS[3] + f * p)
        out[i] = _POWERS[0] + f * (_POWERS[1] + f * p)
        bits[i] = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23))
    for i in range(values.size):
        e = out[i] * power[i]
        t = e / (_TWO + e)
        s = t * t
        p = _ODD[4] + s * (_ODD[5] + s * _ODD[6])
        p = _ODD[0] + s * (_ODD[1] + s * (_ODD[2] + s * (_ODD[3] + s * p)))
        out[i] = max(slope * values[i] + offset, np.float32(0)) + t * p


@numba.njit(**REORDERED)
def _averages(values: Any, ends: Any, starts: Any, first: int, last: int, out: Any) -> None:
    """Average the windows of recordings `first` to `last`; `values` (C, n) begin with the first; `out` (C, R)."""
    for c in range(len(values)):
        if ends[c] < ends[c + 1]:
            for r in range(first, last):
                total = 0.0
                for n in range(starts[r] - starts[first], starts[r + 1] - starts[first]):
                    total += values[c, n]
                out[c, r] = total / (starts[r + 1] - starts[r])


@numba.njit(**REORDERED)
def _added(values: Any, starts: Any, first: int, last: int, k: int, out: Any) -> None:
    """Add up every `k` consecutive windows of recordings `first` to `last`; `out` (C, m)."""
    for c in range(len(values)):
        m = 0
        for r in range(first, last):
            n = starts[r] - starts[first]
            for _ in range((starts[r + 1] - starts[r]) // k):
                total = values[c, n]
                for i in range(1, k):
                    total += values[c, n + i]
                out[c, m] = total
                m, n = m + 1, n + k


@numba.njit(**JIT)
def _next(starts: Any, first: int) -> int:
    """Return the recording that no longer fits into a block beginning with `first`; at least one does."""
    last = first + 1
    while last + 1 < starts.size and starts[last + 1] - starts[first] <= BLOCK:
        last += 1
    return last


@numba.njit(**REORDERED)
def averages(fitted: Assigned, slope: Any, offset: Any, probes: Probes, separations: Any, out: Any) -> None:
    """Write the averages of whole recordings under each separation into `out` (options, B, C, R)."""
    B, C = fitted.scale.shape
    starts, dtype = probes.starts, probes.table.dtype
    first = 0
    while first + 1 < starts.size:
        last = _next(starts, first)
        size = starts[last] - starts[first]
        sums, values, evidence = np.empty((C, size), dtype), np.empty((C, size), dtype), np.empty((C, size), dtype)
        bits = np.empty(C * size, np.int32)
        for b in range(B):
            ends = fitted.ends[b]
            _scores(fitted, b, probes, slope, offset, starts[first], sums, values)
            if (separations > 0).any():
                _normalised(values, ends, sums)
            for option in range(separations.size):
                if separations[option] > 0:
                    supported(sums.reshape(-1), separations[option], evidence.reshape(-1), bits)
                    _averages(evidence, ends, starts, first, last, out[option, b])
                else:
                    _averages(values, ends, starts, first, last, out[option, b])
        first = last


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
    out: Any,
) -> None:
    """Count who is recognised, at every level, and write the averages of recordings.

    `owners` (B, R): of the probes. `units`: windows put together, 0 for all of a recording. `hits`, `counts`
    (units, B, C) are added to. `out` (B, C, R). Normalising scores of one probe changes none of its ranks: only what
    windows support is made of normalised scores.
    """
    B, C = fitted.scale.shape
    starts, dtype = probes.starts, probes.table.dtype
    first = 0
    while first + 1 < starts.size:
        last = _next(starts, first)
        size = starts[last] - starts[first]
        sums, values, evidence = np.empty((C, size), dtype), np.empty((C, size), dtype), np.empty((C, size), dtype)
        bits, ranks = np.empty(C * size, np.int32), np.empty(size, np.int32)
        best, owner = np.empty(size, dtype), np.empty(size, np.intp)
        for b in range(B):
            ends = fitted.ends[b]
            _scores(fitted, b, probes, slope, offset, starts[first], sums, values)
            if separation > 0:
                _normalised(values, ends, sums)
                supported(sums.reshape(-1), separation, evidence.reshape(-1), bits)
            else:
                evidence[:] = values
            for unit in range(units.size):
                k = units[unit]
                m = 0
                for r in range(first, last):
                    for _ in range(1 if k == 0 else (starts[r + 1] - starts[r]) // k):
                        owner[m] = owners[b, r]
                        m += 1
                if k == 0:
                    _averages(evidence, ends, starts, first, last, out[b])
                    _at_least(out[b, :, first:last], owner[:m], ends, np.empty(m), ranks[:m])
                elif k == 1:
                    _at_least(values, owner[:m], ends, best[:m], ranks[:m])
                else:
                    fused = sums.reshape(-1)[: C * m].reshape((C, m))
                    _added(evidence, starts, first, last, k, fused)
                    _at_least(fused, owner[:m], ends, best[:m], ranks[:m])
                for i in range(m):
                    if ranks[i]:
                        counts[unit, b, owner[i]] += 1.0
                    if ranks[i] == 1:
                        hits[unit, b, owner[i]] += 1.0
        first = last
