"""Compiled loops over the scores of many assignments: one pass through memory instead of one per operation."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from eupnea.compiled import JIT


@numba.njit(**JIT)
def normalise(scores: Any, present: float, absent: float, out: Any) -> None:
    """Write (score − mean of the others) / SD of the others along the middle axis; see `cohort_normalised`.

    Sums are taken person by person in the precision of the scores, everything else in double precision.
    """
    B, C, N = scores.shape
    total, squares = np.empty(N, scores.dtype), np.empty(N, scores.dtype)
    others, floor = np.empty(N), np.empty(N)
    for b in range(B):
        total[:], squares[:], others[:] = 0, 0, -1.0
        for c in range(C):
            row = scores[b, c]
            for n in range(N):  # without branches: the compiler takes several at once
                known = row[n] if row[n] > present else row.dtype.type(0)
                total[n] += known
                squares[n] += known * known
                others[n] += 1.0 if row[n] > present else 0.0
        for n in range(N):
            floor[n] = 1e-12 * max(squares[n] / max(others[n] + 1.0, 1.0), 1e-300)
            others[n] = max(others[n], 1.0)
        for c in range(C):
            row, normalised = scores[b, c], out[b, c]
            for n in range(N):
                mean = (total[n] - row[n]) / others[n]
                variance = (squares[n] - row[n] * row[n]) / others[n] - mean * mean
                spread = math.sqrt(variance if variance > floor[n] else floor[n])
                normalised[n] = (row[n] - mean) / spread if row[n] > present else absent


@numba.njit(**JIT)
def decided(
    scores: Any,
    owner: Any,
    present: float,
    absent: float,
    genuine: Any,
    impostor: Any,
    rank: Any,
    n_enrolled: Any,
    nearest: Any,
) -> None:
    """Write what the scores (C, M) of every unit (M,) decide; see `evaluation.decisions`."""
    C, M = scores.shape
    for m in range(M):
        genuine[m], impostor[m], rank[m], n_enrolled[m], nearest[m] = scores[owner[m], m], -np.inf, 1, 0, 0
    for c in range(C):
        row = scores[c]
        for m in range(M):
            n_enrolled[m] += row[m] > present
            other = absent if owner[m] == c else row[m]
            rank[m] += other >= genuine[m]
            if other > impostor[m]:
                impostor[m], nearest[m] = other, c


SAMPLED, SURE = 1024, 2.0
"""Comparisons from which the place of the crossing is guessed, and how many standard errors it is sought around it."""


@numba.njit(**JIT)
def crossings(scores: Any, genuine: Any, present: float, is_one: bool, out: Any) -> None:
    """Write the equal error rate of every row of comparisons; see `equal_error_rates`.

    `is_one`: whether tied scores are one threshold. The rates cross once, so that the place is found by halving around
    pivots, as in quickselect: what lies on the wrong side is only counted.
    """
    for b in range(len(scores)):
        values, own = scores[b], genuine[b]
        if _above(values, present) < values.size:
            here = values > present
            values, own = values[here], own[here]
        n_own = own.sum()
        n_others = own.size - n_own
        if n_own and n_others:
            out[b] = _crossing(values, own, n_own, n_others, is_one)


@numba.njit(**JIT)
def _below(values: Any, pivot: float) -> int:
    """Count the values below a pivot."""
    count = 0
    for value in values:
        count += value < pivot
    return count


@numba.njit(**JIT)
def _above(values: Any, pivot: float) -> int:
    """Count the values above a pivot."""
    count = 0
    for value in values:
        count += value > pivot
    return count


@numba.njit(**JIT)
def _part(values: Any, own: Any, least: float, most: float) -> Any:
    """Return the values from `least` on, below `most`, and which of them are genuine."""
    kept, kept_own, n = np.empty_like(values), np.empty_like(own), 0
    for i in range(values.size):
        kept[n], kept_own[n] = values[i], own[i]
        n += (values[i] >= least) & (values[i] < most)
    return kept[:n], kept_own[:n]


@numba.njit(**JIT)
def _guess(values: Any, ordered: Any, n_others: int) -> int:
    """Guess between which genuine scores the rates cross, from some of the comparisons."""
    step = max(1, values.size // SAMPLED)
    some = values[::step].copy()
    low, high = 0, ordered.size
    while low < high:
        middle = (low + high) // 2
        n_low = _below(some, ordered[middle]) * step
        if middle / ordered.size >= 1.0 - (n_low - middle) / n_others:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(**JIT)
def _crossing(values: Any, own: Any, n_own: int, n_others: int, is_one: bool) -> float:
    below_own, below_others, counted = 0, 0, 0
    least, most, ordered = -np.inf, np.inf, np.sort(values[own])
    low, high, tried = 0, n_own, 0
    guess = _guess(values, ordered, n_others)
    far = int(SURE * n_own * 0.5 / math.sqrt(SAMPLED)) + 1
    while low < high:  # between which two genuine scores? there are few of them, and the others are only counted
        middle = (low + high) // 2
        if tried < 2:
            middle = min(max(guess - far if tried == 0 else guess + far, low), high - 1)
        elif tried == 2:
            values, own = _part(values, own, least, most)
            counted = below_own + below_others
        tried += 1
        pivot = ordered[middle]
        n_low = counted + _below(values, pivot)
        own_low = np.searchsorted(ordered, pivot)
        if own_low / n_own - (1.0 - (n_low - own_low) / n_others) >= 0:
            most, high = pivot, middle
        else:
            least, low = pivot, middle + 1
            below_own, below_others = own_low, n_low - own_low
    values, own = _part(values, own, least, most)
    while values.size > 32:
        pivot = np.median(values[:: max(1, values.size // 9)])
        is_low = values < pivot
        if not is_low.any():  # the pivot is the least
            is_low = values <= pivot
            if is_low.all():
                break
        own_low = int((is_low & own).sum())
        others_low = int(is_low.sum()) - own_low
        gap = (below_own + own_low) / n_own - (1.0 - (below_others + others_low) / n_others)
        if gap >= 0:
            values, own = values[is_low], own[is_low]
        else:
            below_own, below_others = below_own + own_low, below_others + others_low
            values, own = values[~is_low], own[~is_low]
    order = np.argsort(values, kind="mergesort")
    fnmr, fmr = below_own / n_own, 1.0 - below_others / n_others
    for i in range(order.size):
        if own[order[i]]:
            below_own += 1
        else:
            below_others += 1
        if is_one and i + 1 < order.size and values[order[i]] == values[order[i + 1]]:
            continue
        before, gap_before = fmr, fnmr - fmr
        fnmr, fmr = below_own / n_own, 1.0 - below_others / n_others
        gap = fnmr - fmr
        if gap >= 0:
            rise = gap - gap_before
            share = -gap_before / rise if rise > 0 else 0.0
            return float(before + share * (fmr - before))
    return float(fmr)
