"""Compiled loops over random assignments: a block of windows stays in the cache from its inner products to its ranks.

Scores are in single precision, as their inner products are. People who are not enrolled are left out everywhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from eupnea.identification.kernels import JIT
from eupnea.identification.support_kernels import add_logarithms, add_support, support

REORDERED: dict[str, Any] = {**JIT, "fastmath": {"reassoc", "contract", "nsz"}}
"""Sums may be taken several at once."""

BLOCK = 512
"""Windows worked on at once."""

LEVELS = 64
"""Windows whose odds are multiplied before a logarithm is taken: each factor is at most 2, single precision holds 2¹²⁷."""


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


class Levels(NamedTuple):
    """Windows in another order: the first of every recording, the second of every recording that has two, and so on.

    Recordings with more windows come first, so that windows of one recording stand at the same place of every level,
    and averages over them are sums of levels. At most `BLOCK` recordings make a group of levels.

    Attributes
    ----------
    sizes
        Shape (L,): windows of each level.
    groups
        Shape (K + 1,): where the levels of each group begin, and the end of the last.
    recordings, counts
        Shape (R,): the recordings in their new order, and the windows of each.
    """

    sizes: Any
    groups: Any
    recordings: Any
    counts: Any


class Probes(NamedTuple):
    """The windows that are scored.

    Attributes
    ----------
    table
        Shape (U, N): inner products of the enrolled recordings with the windows, level by level.
    own
        Shape (N,): the windows' inner products with themselves; empty where scores are not divided by their lengths.
    levels
        How the windows stand.
    """

    table: Any
    own: Any
    levels: Levels


@numba.njit(**REORDERED)
def _sums(fitted: Assigned, b: int, table: Any, begin: int, out: Any) -> None:
    """Write people's scaled sums of the products with windows from `begin` on into `out` (C, n)."""
    C, N = out.shape
    order, ends, scale = fitted.order[b], fitted.ends[b], fitted.scale[b]
    for c in range(C):
        row, first, last = out[c], ends[c], ends[c + 1]
        if first == last:
            row[:] = 0
        elif first + 1 == last:
            _scaled(table[order[first]][begin : begin + N], scale[c], row)
        else:
            _scaled_pair(
                table[order[first]][begin : begin + N], table[order[first + 1]][begin : begin + N], scale[c], row
            )
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
def _add(one: Any, out: Any) -> None:
    for n in range(out.size):
        out[n] += one[n]


@numba.njit(**REORDERED)
def _add_product(one: Any, other: Any, out: Any) -> None:
    for n in range(out.size):
        out[n] += one[n] * other[n]


@numba.njit(**REORDERED)
def _line(row: Any, slope: Any, offset: Any, out: Any) -> None:
    for n in range(row.size):
        out[n] = slope * row[n] - offset


@numba.njit(**REORDERED)
def _count_at_least(row: Any, own: Any, ranks: Any) -> None:
    for n in range(own.size):
        ranks[n] += np.int32(row[n] >= own[n])


@numba.njit(**REORDERED)
def _rank(values: Any, begin: int, owners: Any, ends: Any, own: Any, ranks: Any) -> None:
    """Write how many enrolled people score at least as high as the owners (N,), from column `begin` of `values` on.

    0 where that one is not enrolled.
    """
    N = owners.size
    for n in range(N):
        own[n] = values[owners[n], begin + n]
    ranks[:N] = 0
    for c in range(len(values)):
        if ends[c] < ends[c + 1]:
            _count_at_least(values[c][begin : begin + N], own[:N], ranks[:N])
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
    own, ranks = np.empty(BLOCK, table.dtype), np.empty(BLOCK, np.int32)
    for start in range(0, N, BLOCK):
        size = min(BLOCK, N - start)
        sums, products = np.empty((C, size), table.dtype), np.empty((C, size), table.dtype)
        for b in range(B):
            _sums(fitted, b, table, start, sums)
            np.dot(fitted.inverse[b], sums, products)
            for model in range(len(slopes)):
                for c in range(C):
                    _line(products[c], slopes[model, b, c], offsets[model, b, c], sums[c])
                _rank(sums, 0, owners[b][start : start + size], fitted.ends[b], own, ranks)
                for n in range(size):
                    if ranks[n]:
                        out[model, b] += 1.0 / ranks[n]


@numba.njit(**REORDERED)
def _scores(
    fitted: Assigned, b: int, probes: Probes, slope: Any, offset: Any, begin: int, sums: Any, products: Any
) -> None:
    """Write people's scores (C, n) of the windows from `begin` on into `products`; `sums` (C, n) is overwritten."""
    C, N = products.shape
    _sums(fitted, b, probes.table, begin, sums)
    np.dot(fitted.inverse[b], sums, products)
    if probes.own.size:
        share = probes.own[begin : begin + N].copy()
        for c in range(C):
            _add_product(sums[c], products[c], share)
        for n in range(N):
            share[n] = np.float32(1.0) / np.sqrt(max(share[n], np.float32(1e-30)))
        for c in range(C):
            _times(products[c], share, slope[b, c])
    else:
        for c in range(C):
            _place(products[c], slope[b, c], offset[b, c])


@numba.njit(**REORDERED)
def _times(row: Any, share: Any, slope: Any) -> None:
    for n in range(row.size):
        row[n] *= slope * share[n]


@numba.njit(**REORDERED)
def _place(row: Any, slope: Any, offset: Any) -> None:
    for n in range(row.size):
        row[n] = slope * row[n] - offset


@numba.njit(**REORDERED)
def _moments(values: Any, ends: Any, mean: Any, spread: Any, floor: Any) -> int:
    """Write the mean, the variance (divisor people − 1) and its floor over enrolled people; return their number."""
    people = 0
    mean[:], spread[:] = 0, 0
    for c in range(len(values)):
        if ends[c] < ends[c + 1]:
            people += 1
            _add(values[c], mean)
    share, others = np.float32(1.0 / max(people, 1)), np.float32(1.0 / max(people - 1, 1))
    for n in range(mean.size):
        mean[n] *= share
    for c in range(len(values)):
        if ends[c] < ends[c + 1]:
            _add_square(values[c], mean, spread)
    for n in range(mean.size):
        power = spread[n] * share + mean[n] * mean[n]
        spread[n] *= others
        floor[n] = np.float32(1e-12) * max(power, np.float32(1e-24))
    return people


@numba.njit(**REORDERED)
def _add_square(row: Any, mean: Any, out: Any) -> None:
    for n in range(row.size):
        apart = row[n] - mean[n]
        out[n] += apart * apart


@numba.njit(**REORDERED)
def _normalise(row: Any, mean: Any, spread: Any, floor: Any, people: int, out: Any) -> None:
    """Write (score − mean of the others) / SD of the others, as `cohort_normalised`, in single precision."""
    others = max(people - 1, 1)
    far, lost = np.float32((others + 1) / others), np.float32((others + 1) / others / others)
    for n in range(row.size):
        apart = row[n] - mean[n]
        out[n] = far * apart / np.sqrt(max(spread[n] - lost * apart * apart, floor[n]))


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
    fitted: Assigned, slope: Any, offset: Any, probes: Probes, separations: Any, absent: float, out: Any
) -> None:
    """Write the averages of whole recordings under each separation into `out` (options, B, C, R).

    Windows' support is added up as the logarithm of a product; who is not enrolled gets `absent`.
    """
    B, C = fitted.scale.shape
    sizes, dtype = probes.levels.sizes, probes.table.dtype
    sums, products = np.empty(C * BLOCK, dtype), np.empty(C * BLOCK, dtype)
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
                values = products[: C * N].reshape((C, N))
                _scores(fitted, b, probes, slope, offset, at, sums[: C * N].reshape((C, N)), values)
                people = _moments(values, ends, mean[:N], spread[:N], floor[:N])
                for c in range(C):
                    if ends[c] == ends[c + 1]:
                        continue
                    _normalise(values[c], mean, spread, floor, people, normalised[:N])
                    for option in range(separations.size):
                        d, place = separations[option], 0
                        for one in range(level, end):
                            n = sizes[one]
                            if d > 0:
                                add_support(normalised[place : place + n], d, total[option, c], product[option, c])
                                if (one - first + 1) % LEVELS == 0:
                                    add_logarithms(product[option, c], total[option, c])
                            else:
                                _add(values[c][place : place + n], total[option, c][:n])
                            place += n
                level, at = end, at + N
            for option in range(separations.size):
                for c in range(C):
                    if separations[option] > 0:
                        add_logarithms(product[option, c], total[option, c])
                    for r in range(G):
                        average = np.float64(total[option, c, r]) / probes.levels.counts[done + r]
                        to = probes.levels.recordings[done + r]
                        out[option, b, c, to] = average if ends[c] < ends[c + 1] else absent
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
    """Count who is recognised, at every level, and write the averages of recordings.

    `owners` (B, R): of the probes. `units`: windows put together, 0 for all of a recording. `hits`, `counts`
    (units, B, C) are added to. `out` (B, C, R); `absent` for who is not enrolled. Normalising scores of one probe changes
    none of its ranks: only what windows support is made of normalised scores.
    """
    B, C = fitted.scale.shape
    sizes, dtype = probes.levels.sizes, probes.table.dtype
    sums, products = np.empty(C * BLOCK, dtype), np.empty(C * BLOCK, dtype)
    mean, spread, floor = np.empty(BLOCK, dtype), np.empty(BLOCK, dtype), np.empty(BLOCK, dtype)
    normalised, own = np.empty(BLOCK, dtype), np.empty(BLOCK, dtype)
    owner, ranks = np.empty(BLOCK, np.intp), np.empty(BLOCK, np.int32)
    done, begin = 0, 0
    for group in range(probes.levels.groups.size - 1):
        first, last = probes.levels.groups[group], probes.levels.groups[group + 1]
        G = sizes[first]
        held = np.empty((units.size, C, G), dtype)
        for b in range(B):
            ends = fitted.ends[b]
            held[:] = 0
            level, at = first, begin
            while level < last:
                end = _block_end(sizes, level, last)
                N = sizes[level:end].sum()
                values = products[: C * N].reshape((C, N))
                _scores(fitted, b, probes, slope, offset, at, sums[: C * N].reshape((C, N)), values)
                place = 0
                for one in range(level, end):
                    for r in range(sizes[one]):
                        owner[place + r] = owners[b, probes.levels.recordings[done + r]]
                    place += sizes[one]
                for unit in range(units.size):
                    if units[unit] == 1:
                        _rank(values, 0, owner[:N], ends, own, ranks)
                        _note(ranks[:N], owner, hits[unit, b], counts[unit, b])
                if separation > 0:
                    people = _moments(values, ends, mean[:N], spread[:N], floor[:N])
                    for c in range(C):
                        if ends[c] < ends[c + 1]:
                            _normalise(values[c], mean, spread, floor, people, normalised[:N])
                            support(normalised[:N], separation, values[c])
                place = 0
                for one in range(level, end):
                    n = sizes[one]
                    for unit in range(units.size):
                        k = units[unit]
                        if k == 1:
                            continue
                        for c in range(C):
                            _add(values[c][place : place + n], held[unit, c][:n])
                        if k > 0 and (one - first + 1) % k == 0:
                            _rank(held[unit], 0, owner[place : place + n], ends, own, ranks)
                            _note(ranks[:n], owner[place : place + n], hits[unit, b], counts[unit, b])
                            held[unit] = 0
                    place += n
                level, at = end, at + N
            for r in range(G):
                owner[r] = owners[b, probes.levels.recordings[done + r]]
            for unit in range(units.size):
                if units[unit] == 0:
                    _rank(held[unit], 0, owner[:G], ends, own, ranks)
                    _note(ranks[:G], owner, hits[unit, b], counts[unit, b])
                    for c in range(C):
                        for r in range(G):
                            average = np.float64(held[unit, c, r]) / probes.levels.counts[done + r]
                            to = probes.levels.recordings[done + r]
                            out[b, c, to] = average if ends[c] < ends[c + 1] else absent
        done, begin = done + G, at


@numba.njit(**JIT)
def _note(ranks: Any, owners: Any, hits: Any, counts: Any) -> None:
    """Add decisions to their owners' counts (C,), and those that were right to the hits (C,)."""
    for n in range(ranks.size):
        if ranks[n]:
            counts[owners[n]] += 1.0
        if ranks[n] == 1:
            hits[owners[n]] += 1.0
