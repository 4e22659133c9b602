"""Compiled loops from inner products of recordings to the scores of a block of windows, for random assignments."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from eupnea.compiled import REORDERED

BLOCK = 512
"""Windows worked on at once."""


class Assigned(NamedTuple):
    """What B random assignments make of the inner products of U recordings, with C people.

    Attributes
    ----------
    inverse
        Shape (B, C, C): (c I − G)⁻¹. Where there are fewer directions than people, shape (B, C, p): its product with
        people's scaled sums along the directions, so that windows are scored without the recordings in between.
    powers
        Shape (B, p, p): what people add to the inner products of windows, along the directions; else empty.
    scale
        Shape (B, C): with which the sums of a person's recordings are weighed; 0 for who is not enrolled.
    order, ends
        Shapes (B, U) and (B, C + 1): recordings by owner, and where each person's begin.
    """

    inverse: Any
    powers: Any
    scale: Any
    order: Any
    ends: Any


class WindowOrder(NamedTuple):
    """Windows in another order: the first of every recording, the second of every recording that has two, and so on.

    Recordings with more windows come first, so that windows of one recording stand at the same place of every level,
    and averages over them are sums of levels. At most `BLOCK` recordings make a group of levels.

    Attributes
    ----------
    sizes
        Shape (L,): windows of each level.
    groups
        Shape (K + 1,): where the levels of each group begin, and the end of the last.
    recordings
        Shape (R,): the recordings in their new order.
    """

    sizes: Any
    groups: Any
    recordings: Any


class Probes(NamedTuple):
    """The windows that are scored.

    Attributes
    ----------
    table
        Shape (U, N): inner products of the enrolled recordings with the windows, level by level; or shape (p, N): the
        windows themselves along fewer directions than there are people.
    own
        Shape (N,): the windows' inner products with themselves; empty where scores are not divided by their lengths.
    levels
        How the windows stand.
    """

    table: Any
    own: Any
    levels: WindowOrder


@numba.njit(**REORDERED)
def sums_of_people(table: Any, begin: int, order: Any, ends: Any, scale: Any, out: Any) -> None:
    """Write people's scaled sums of the products with windows from `begin` on into `out` (C, n)."""
    C, N = out.shape
    for c in range(C):
        row, first, last = out[c], ends[c], ends[c + 1]
        if first == last:
            row[:] = 0
        elif first + 1 == last:
            _scaled(table[order[first]][begin : begin + N], scale[c], row)
        else:
            one, other = table[order[first]][begin : begin + N], table[order[first + 1]][begin : begin + N]
            _scaled_pair(one, other, scale[c], row)
            for place in range(first + 2, last):
                _add_scaled(table[order[place]][begin : begin + N], scale[c], row)


@numba.njit(**REORDERED)
def _scaled(one: Any, scale: Any, out: Any) -> None:
    for n in range(out.size):
        out[n] = scale * one[n]


@numba.njit(**REORDERED)
def _scaled_pair(one: Any, other: Any, scale: Any, out: Any) -> None:
    for n in range(out.size):
        out[n] = scale * (one[n] + other[n])


@numba.njit(**REORDERED)
def _add_scaled(one: Any, scale: Any, out: Any) -> None:
    for n in range(out.size):
        out[n] += scale * one[n]


@numba.njit(**REORDERED)
def add(one: Any, out: Any) -> None:
    """Add a row to the beginning of another."""
    for n in range(one.size):
        out[n] += one[n]


@numba.njit(**REORDERED)
def rank(values: Any, owners: Any, N: int, ends: Any, own: Any, ranks: Any) -> None:
    """Write how many enrolled people score at least as high as the first N owners; 0 where those are not enrolled."""
    for n in range(N):
        own[n] = values[owners[n], n]
        ranks[n] = 0
    for c in range(len(values)):
        if ends[c] < ends[c + 1]:
            for n in range(N):
                ranks[n] += np.int32(values[c, n] >= own[n])
    for n in range(N):
        if ends[owners[n]] == ends[owners[n] + 1]:
            ranks[n] = 0


@numba.njit(**REORDERED)
def lines(values: Any, slope: Any, offset: Any, out: Any) -> None:
    """Write people's slopes times their values, less their offsets."""
    for c in range(len(values)):
        for n in range(values.shape[1]):
            out[c, n] = slope[c] * values[c, n] - offset[c]


@numba.njit(**REORDERED)
def _lines_here(values: Any, slope: Any, offset: Any) -> None:
    """Replace values by `lines`: the compiler does not take several at once where two arrays may be the same."""
    for c in range(len(values)):
        for n in range(values.shape[1]):
            values[c, n] = slope[c] * values[c, n] - offset[c]


@numba.njit(**REORDERED)
def products(fitted: Assigned, b: int, table: Any, begin: int, sums: Any, out: Any) -> Any:
    """Write what the inverse makes of the windows from `begin` on into `out` (C, n); return what it was applied to.

    `sums` (C, n) is overwritten.
    """
    N = out.shape[1]
    if not fitted.powers.size:
        sums_of_people(table, begin, fitted.order[b], fitted.ends[b], fitted.scale[b], sums)
        np.dot(fitted.inverse[b], sums, out)
        return sums
    windows = sums.reshape(-1)[: len(table) * N].reshape((len(table), N))
    for j in range(len(table)):
        windows[j] = table[j][begin : begin + N]
    np.dot(fitted.inverse[b], windows, out)
    return windows


@numba.njit(**REORDERED)
def scores(fitted: Assigned, b: int, probes: Probes, slope: Any, offset: Any, begin: int, sums: Any, out: Any) -> None:
    """Write people's scores (C, n) of the windows from `begin` on into `out`; `sums` (C, n) is overwritten."""
    used = products(fitted, b, probes.table, begin, sums, out)
    if probes.own.size:
        length = probes.own[begin : begin + out.shape[1]].copy()
        add_products(used, np.dot(fitted.powers[b], used) if fitted.powers.size else out, length)
        _divide(out, slope[b], length)
    else:
        _lines_here(out, slope[b], offset[b])


@numba.njit(**REORDERED)
def add_products(one: Any, other: Any, out: Any) -> None:
    """Add the inner product of each column of two matrices."""
    for c in range(len(one)):
        for n in range(out.size):
            out[n] += one[c, n] * other[c, n]


@numba.njit(**REORDERED)
def _divide(out: Any, slope: Any, length: Any) -> None:
    """Multiply products (C, n) by people's slopes, and divide them by the lengths of the windows, given squared."""
    for n in range(length.size):
        length[n] = np.float32(1.0) / np.sqrt(max(length[n], np.float32(1e-30)))
    for c in range(len(out)):
        for n in range(length.size):
            out[c, n] *= slope[c] * length[n]


@numba.njit(**REORDERED)
def moments(values: Any, ends: Any, mean: Any, spread: Any, floor: Any) -> int:
    """Write the mean, the variance (divisor people − 1) and its floor over enrolled people; return their number."""
    C, N = values.shape
    people = 0
    mean[:N], spread[:N] = 0, 0
    for c in range(C):
        if ends[c] < ends[c + 1]:
            people += 1
            for n in range(N):
                mean[n] += values[c, n]
    share, others = np.float32(1.0 / max(people, 1)), np.float32(1.0 / max(people - 1, 1))
    for n in range(N):
        mean[n] *= share
    for c in range(C):
        if ends[c] < ends[c + 1]:
            for n in range(N):
                apart = values[c, n] - mean[n]
                spread[n] += apart * apart
    for n in range(N):
        power = spread[n] * share + mean[n] * mean[n]
        spread[n] *= others
        floor[n] = np.float32(1e-12) * max(power, np.float32(1e-24))
    return people


@numba.njit(**REORDERED)
def normalise_row(row: Any, mean: Any, spread: Any, floor: Any, people: int, out: Any) -> None:
    """Write (score − mean of the others) / SD of the others, as `cohort_normalised`, in single precision."""
    others = max(people - 1, 1)
    far, lost = np.float32((others + 1) / others), np.float32((others + 1) / others / others)
    for n in range(row.size):
        apart = row[n] - mean[n]
        out[n] = far * apart / np.sqrt(max(spread[n] - lost * apart * apart, floor[n]))
