"""Compiled loops of breath detection: one pass each over samples, extremes or breaths."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

JIT = {"cache": True, "nogil": True}


@numba.njit(**JIT)
def turns(values: Floats) -> Indices:
    """Return the positions where the signal turns; a plateau counts once, at its last sample."""
    found = np.empty(values.size, np.intp)
    n, last = 0, 0
    for i in range(values.size - 1):
        step = values[i + 1] - values[i]
        if step != 0:
            way = 1 if step > 0 else -1
            if last not in (0, way):
                found[n] = i
                n += 1
            last = way
    return found[:n].copy()


@numba.njit(**JIT)
def kept_extremes(levels: Floats, swings: Floats) -> Indices:
    """Return which extremes stay when smaller swings than the local threshold are left out."""
    kept = np.empty(levels.size + 1, np.intp)
    n, best, rising = 0, 0, 0
    for i in range(levels.size):
        level = levels[i]
        if rising == 0:
            if abs(level - levels[best]) >= swings[i]:
                rising = 1 if level > levels[best] else -1
                kept[n] = best
                n, best = n + 1, i
            elif level < levels[best]:
                best = i
        elif (level - levels[best]) * rising >= 0:
            best = i
        elif (levels[best] - level) * rising >= swings[i]:
            kept[n] = best
            n, best, rising = n + 1, i, -rising
    if rising != 0:
        kept[n] = best
        n += 1
    return kept[:n].copy()


@numba.njit(**JIT)
def kept_through_zero(flow: Floats, extremes: Indices) -> Indices:
    """Keep the largest of the extremes that follow each other on one side of zero."""
    kept = np.empty(extremes.size, np.intp)
    n = 0
    for i in extremes:
        if n > 0 and (flow[kept[n - 1]] > 0) == (flow[i] > 0):
            if abs(flow[i]) > abs(flow[kept[n - 1]]):
                kept[n - 1] = i
        else:
            kept[n] = i
            n += 1
    return kept[:n].copy()


@numba.njit(**JIT)
def largest_at(values: Floats, first: Indices, stop: Indices, sign: float) -> Indices:
    """Return where sign · values is largest in each stretch, `stop` left out; the first of equals."""
    found = np.empty(first.size, np.intp)
    for k in range(first.size):
        best = first[k]
        for i in range(first[k] + 1, stop[k]):
            if sign * values[i] > sign * values[best]:
                best = i
        found[k] = best
    return found


@numba.njit(**JIT)
def last_below(values: Floats, levels: Floats, ends: Indices, at: Indices) -> Indices:
    """Return the last position up to each of `at` that is at or below its level; -1 when there is none.

    Each level holds up to and including its own end, the last one to the end of the signal; `at` rises.
    """
    found = np.empty(at.size, np.intp)
    owner, before, known = 0, -1, -1
    for k in range(at.size):
        while owner < ends.size - 1 and ends[owner] < at[k]:
            owner += 1
        mine, i = owner, at[k]
        while i > before:
            while mine > 0 and ends[mine - 1] >= i:
                mine -= 1
            if values[i] <= levels[mine]:
                break
            i -= 1
        if i > before:
            known = i
        found[k] = known
        before = max(before, at[k])
    return found


@numba.njit(**JIT)
def last_below_curve(values: Floats, curve: Floats, at: Indices) -> Indices:
    """Return the last position up to each of `at` (rising) at or below a curve; -1 when there is none."""
    found = np.empty(at.size, np.intp)
    before, known = -1, -1
    for k in range(at.size):
        for i in range(at[k], before, -1):
            if values[i] <= curve[i]:
                known = i
                break
        found[k] = known
        before = max(before, at[k])
    return found


@numba.njit(**JIT)
def first_past(values: Floats, levels: Floats, peaks: Indices, at: Indices, sign: float, after: bool) -> Indices:
    """Return the first position from each of `at` (rising) on where sign · value <= sign · level; n when there is none.

    Levels hold from their own peak on (`after`), or up to and including it.
    """
    n = values.size
    found = np.empty(at.size, np.intp)
    known, since = n, n
    for k in range(at.size - 1, -1, -1):
        owner = 0
        if after:
            owner = max(np.searchsorted(peaks, at[k], side="right") - 1, 0)
        else:
            owner = min(np.searchsorted(peaks, at[k], side="left"), peaks.size - 1)
        i = at[k]
        while i < since:
            if after:
                while owner < peaks.size - 1 and peaks[owner + 1] <= i:
                    owner += 1
            else:
                while owner < peaks.size - 1 and peaks[owner] < i:
                    owner += 1
            if sign * values[i] <= sign * levels[owner]:
                break
            i += 1
        if i < since:
            known = i
        found[k] = known
        since = min(since, at[k])
    return found


@numba.njit(**JIT)
def minus_levels(values: Floats, levels: Floats, ends: Indices) -> Floats:
    """Subtract from every sample its level, which holds up to and including its own end."""
    left = np.empty(values.size)
    owner = 0
    for i in range(values.size):
        while owner < ends.size - 1 and ends[owner] < i:
            owner += 1
        left[i] = values[i] - levels[owner]
    return left


@numba.njit(**JIT)
def broken_line(n: int, where: Floats, level: Floats) -> Floats:
    """Return straight lines between points at the positions 0 … n - 1; level beyond the ends."""
    line = np.empty(n)
    k = 0
    for i in range(n):
        while k < where.size and where[k] <= i:
            k += 1
        if k == 0:
            line[i] = level[0]
        elif k == where.size:
            line[i] = level[-1]
        else:
            line[i] = level[k - 1] + (level[k] - level[k - 1]) / (where[k] - where[k - 1]) * (i - where[k - 1])
    return line


@numba.njit(**JIT)
def medians(values: Floats, half: int) -> Floats:
    """Return the centred running median over 2 · half + 1 values; missing ones do not count."""
    found = np.empty(values.size)
    part = np.empty(2 * half + 1)
    for k in range(values.size):
        n = 0
        for i in range(max(k - half, 0), min(k + half + 1, values.size)):
            value = values[i]
            if np.isfinite(value):
                j = n
                while j > 0 and part[j - 1] > value:
                    part[j] = part[j - 1]
                    j -= 1
                part[j] = value
                n += 1
        found[k] = (part[(n - 1) // 2] + part[n // 2]) / 2 if n > 0 else np.nan
    return found


@numba.njit(**JIT)
def narrowest_levels(
    flow: Floats, troughs: Indices, peaks: Indices, share: float, width: float, edge: float
) -> tuple[Floats, Floats]:
    """Return the narrowest levels between expiration and inspiration that are narrow enough to be pauses."""
    where, levels = np.empty(peaks.size), np.empty(peaks.size)
    n = 0
    for k in range(peaks.size):
        trough, peak = troughs[k], peaks[k]
        span = max(int(share * (troughs[k + 1] - trough)), 2)
        reach = flow[peak] - flow[trough]
        part = flow[trough:peak]
        ordered = np.sort(part[(part > flow[trough] + edge * reach) & (part < flow[peak] - edge * reach)])
        if ordered.size <= span:
            continue
        best = 0
        for i in range(1, ordered.size - span):
            if ordered[i + span] - ordered[i] < ordered[best + span] - ordered[best]:
                best = i
        if ordered[best + span] - ordered[best] <= width * reach:
            where[n] = (trough + peak) / 2
            levels[n] = (ordered[best] + ordered[best + span]) / 2
            n += 1
    return where[:n].copy(), levels[:n].copy()


@numba.njit(**JIT)
def damped(spectrum: NDArray[np.complex128], step: float) -> NDArray[np.complex128]:
    """Multiply a spectrum by 1 / (1 + f⁸), f in cutoffs rising by `step`: fourth order, forth and back."""
    left = np.empty_like(spectrum)
    for i in range(spectrum.size):
        f = i * step
        f = f * f
        f = f * f
        left[i] = spectrum[i] * (1.0 / (1.0 + f * f))
    return left


@numba.njit(**JIT)
def slope(values: Floats, per_s: float) -> Floats:
    """Return central differences per second, one-sided at the ends."""
    n = values.size
    found = np.empty(n)
    found[0], found[-1] = (values[1] - values[0]) * per_s, (values[-1] - values[-2]) * per_s
    for i in range(1, n - 1):
        found[i] = (values[i + 1] - values[i - 1]) / 2.0 * per_s
    return found


@numba.njit(**JIT)
def count_near(values: Floats, others: Floats, step: int, allowed: float) -> int:
    """Count the positions 0, step, … where two signals differ by no more than what is allowed."""
    n = 0
    for i in range(0, values.size, step):
        n += abs(values[i] - others[i]) <= allowed
    return n
