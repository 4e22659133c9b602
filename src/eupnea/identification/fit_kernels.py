"""Compiled fits of random assignments: who owns what, inner products of people, and their inverses."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from eupnea.compiled import JIT, REORDERED

HALVED = 16
"""Rows of a matrix above which it is inverted by halves: products of matrices are faster than loops."""

_ONE = np.float32(1.0)


@numba.njit(**JIT)
def sort_by_owner(labels: Any, counts: Any, order: Any, ends: Any, windows: Any) -> None:
    """Sort recordings by their owners; see `draws.Owned`.

    `labels` (B, U): owners. `counts` (U,): windows of each recording. `order` (B, U), `ends` (B, C + 1) and `windows`
    (B, C) are written.
    """
    B, U = labels.shape
    ends[:], windows[:] = 0, 0
    place = np.empty(ends.shape[1], np.intp)
    for b in range(B):
        for u in range(U):
            ends[b, labels[b, u] + 1] += 1
            windows[b, labels[b, u]] += counts[u]
        for c in range(1, ends.shape[1]):
            ends[b, c] += ends[b, c - 1]
        place[:] = ends[b]
        for u in range(U):
            order[b, place[labels[b, u]]] = u
            place[labels[b, u]] += 1


@numba.njit(**REORDERED)
def fit(between: Any, order: Any, ends: Any, scale: Any, c: Any, inverse: Any, lengths: Any) -> None:
    """Write (c I − G)⁻¹ into `inverse` (B, C, C), and the diagonal of its product with G into `lengths` (B, C).

    G are the inner products of people's scaled sums, from those of recordings, `between` (U + 1, U + 1), whose last row
    and column are 0. `scale` (B, C).
    """
    B, C = scale.shape
    gram = np.empty((C, C), between.dtype)
    half = np.empty(len(between), between.dtype)
    for b in range(B):
        _gram(between, _members(order[b], ends[b], len(between) - 1), ends[b], scale[b], half, gram)
        one = inverse[b]
        for i in range(C):
            _subtract(gram[i], _ONE, one[i], True)
            one[i, i] += c
        if not invert(one):
            for i in range(C):
                _subtract(gram[i], _ONE, one[i], True)
                one[i, i] += c
            one[:] = np.linalg.inv(one)
        for i in range(C):
            lengths[b, i] = _inner(one[i], gram[i])


@numba.njit(**REORDERED)
def along(inverse: Any, sums: Any, order: Any, ends: Any, scale: Any, out: Any, powers: Any) -> None:
    """Write the products of `inverse` (B, C, C) with people's scaled sums along p directions into `out` (B, C, p).

    `sums` (U, p): those of recordings. `powers` (B, p, p): people's scaled sums times these products.
    """
    C, size = scale.shape[1], sums.shape[1]
    people = np.empty((C, size), sums.dtype)
    for b in range(len(out)):
        people[:] = 0
        for c in range(C):
            for place in range(ends[b, c], ends[b, c + 1]):
                _subtract(sums[order[b, place]], -scale[b, c], people[c], False)
        np.dot(inverse[b], people, out[b])
        np.dot(people.T, out[b], powers[b])


@numba.njit(**REORDERED)
def _gram(between: Any, members: Any, ends: Any, scale: Any, half: Any, out: Any) -> None:
    """Write the inner products of people's scaled sums into `out` (C, C).

    `members` (K, C): each person's recordings, padded with U; `half` (U + 1,) is overwritten.
    """
    C = scale.size
    for c in range(C):
        half[:] = 0
        for k in range(ends[c + 1] - ends[c]):
            _subtract(between[members[k, c]], -scale[c], half, False)
        row = out[c]
        row[:] = 0
        for k in range(len(members)):
            _gather(half, members[k], row)
        for d in range(C):
            row[d] *= scale[d]


@numba.njit(**REORDERED)
def _gather(values: Any, places: Any, out: Any) -> None:
    for n in range(out.size):
        out[n] += values[places[n]]


@numba.njit(**JIT)
def _members(order: Any, ends: Any, none: int) -> Any:
    """List each person's recordings, padded with `none`; shape (K, C)."""
    counts = np.diff(ends)
    members = np.full((counts.max(), counts.size), none, np.uint32)
    for c in range(counts.size):
        for k in range(counts[c]):
            members[k, c] = order[ends[c] + k]
    return members


@numba.njit(**REORDERED)
def _inner(one: Any, other: Any) -> Any:
    total = one.dtype.type(0)
    for n in range(one.size):
        total += one[n] * other[n]
    return total


@numba.njit(**REORDERED)
def _subtract(row: Any, times: Any, out: Any, is_new: bool) -> None:
    """Subtract a multiple of a row from `out`, or from zero."""
    if is_new:
        for n in range(out.size):
            out[n] = -times * row[n]
    else:
        for n in range(out.size):
            out[n] -= times * row[n]


@numba.njit(**REORDERED)
def invert(matrix: Any) -> bool:
    """Invert a symmetric positive definite matrix in its place; False where it is not positive definite.

    By halves: the inverse of the one and that of its Schur complement, with three products in between.
    """
    n = len(matrix)
    if n <= HALVED:
        return _eliminated(matrix)
    h = n // 2
    first, across, second = matrix[:h, :h].copy(), matrix[h:, :h].copy(), matrix[h:, h:].copy()
    if not invert(first):
        return False
    turned = np.dot(across, first)
    second -= np.dot(turned, across.T)
    if not invert(second):
        return False
    between = np.dot(second, turned)
    first += np.dot(turned.T, between)
    matrix[:h, :h], matrix[h:, h:] = first, second
    for i in range(n - h):
        for j in range(h):
            matrix[h + i, j] = matrix[j, h + i] = -between[i, j]
    return True


@numba.njit(**REORDERED)
def _eliminated(matrix: Any) -> bool:
    """Invert by Gauss-Jordan elimination, without exchanging rows: positive definite matrices need none."""
    n = len(matrix)
    for k in range(n):
        pivot = matrix[k]
        if not pivot[k] > 0:
            return False
        share = _ONE / pivot[k]
        pivot[k] = _ONE
        for j in range(n):
            pivot[j] *= share
        for i in range(n):
            if i != k:
                times = matrix[i, k]
                matrix[i, k] = 0
                for j in range(n):
                    matrix[i, j] -= times * pivot[j]
    return True
