"""Compiled loops over the scores of many assignments: one pass through memory instead of one per operation."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

JIT: dict[str, Any] = {"cache": True, "nogil": True}


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
            for n in range(N):
                s = scores[b, c, n]
                if s > present:
                    total[n] += s
                    squares[n] += s * s
                    others[n] += 1.0
        for n in range(N):
            floor[n] = 1e-12 * max(squares[n] / max(others[n] + 1.0, 1.0), 1e-300)
            others[n] = max(others[n], 1.0)
        for c in range(C):
            for n in range(N):
                s = scores[b, c, n]
                mean = (total[n] - s) / others[n]
                variance = (squares[n] - s * s) / others[n] - mean * mean
                value = (s - mean) / math.sqrt(max(variance, floor[n]))
                out[b, c, n] = value if s > present else absent


@numba.njit(**JIT)
def softplus(values: Any, slope: float, offset: float, present: float, absent: float, out: Any) -> None:
    """Write log(1 + exp(slope · value + offset)); all flat."""
    for i in range(values.size):
        x = slope * values[i] + offset
        value = max(x, 0.0) + math.log1p(math.exp(-abs(x)))
        out[i] = value if values[i] > present else absent


@numba.njit(**JIT)
def crossings(scores: Any, genuine: Any, present: float, is_one: bool, out: Any) -> None:
    """Write the equal error rate of every row of comparisons; see `equal_error_rates`.

    `is_one`: whether tied scores are one threshold. The rates cross once, so that the place is found by halving around
    pivots, as in quickselect: what lies on the wrong side is only counted.
    """
    for b in range(len(scores)):
        here = scores[b] > present
        values, own = scores[b][here], genuine[b][here]
        n_own = own.sum()
        n_others = own.size - n_own
        if n_own and n_others:
            out[b] = _crossing(values, own, n_own, n_others, is_one)


@numba.njit(**JIT)
def _crossing(values: Any, own: Any, n_own: int, n_others: int, is_one: bool) -> float:
    below_own, below_others = 0, 0
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
