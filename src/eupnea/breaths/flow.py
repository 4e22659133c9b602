"""Where the zero of flow is: compiled, one pass each.

Compiled functions call none of another file: the compiled code that is kept would not notice a change there.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.breaths.presets import DetectionPreset
from eupnea.compiled import JIT

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


ROUNDS = 2
"""Rounds in which breaths are cut at the zero found with the last cut."""


def zero_of_flow(flow: Floats, troughs: Indices, peaks: Indices, *, preset: DetectionPreset) -> Floats:
    """Return the level of no flow: where flow rests during pauses, else the mean over whole breaths.

    Between the fastest expiration and the fastest inspiration that follow each other, the narrowest level that holds
    a share of the breath is looked for. Where it is narrow enough to be a pause in enough of the breaths, these levels
    are the zero; else what is inspired is taken to be expired again, over some breaths.

    Parameters
    ----------
    flow
        Shape (n,).
    troughs, peaks
        Largest expiratory and inspiratory flow, alternating, beginning and ending with a trough.
    preset
        Constants of the detector.
    """
    if peaks.size < 2:
        return np.full(flow.size, float(np.mean(flow)))
    where, level = narrowest_levels(
        flow, troughs, peaks, preset.plateau_share, preset.plateau_width, preset.plateau_margin
    )
    allowed = preset.plateau_width * float(np.median(flow[peaks] - flow[troughs[:-1]]))
    is_steady = level.size > 1 and np.median(np.abs(np.diff(level))) <= preset.plateau_steady * allowed
    if not is_steady or where.size < preset.plateau_breaths * peaks.size:
        where, level = breath_means(flow, troughs, peaks, preset.zero_breaths)
    return np.asarray(broken_line(flow.size, where, level))


@numba.njit(**JIT)
def breath_means(flow: Floats, troughs: Indices, peaks: Indices, breaths: int) -> tuple[Floats, Floats]:
    """Return the mean flow over some whole breaths and where it holds; breaths are cut where flow is below it."""
    total = np.empty(flow.size + 1)
    total[0] = 0.0
    for i in range(flow.size):
        total[i + 1] = total[i] + flow[i]
    mean = total[-1] / flow.size
    zero = np.full(flow.size, mean)
    where, level = np.array([flow.size / 2]), np.array([mean])
    for _ in range(ROUNDS):
        cut = np.maximum(last_below_curve(flow, zero, peaks), troughs[:-1])
        step = min(breaths, cut.size - 1)
        where, level = np.empty(cut.size - step), np.empty(cut.size - step)
        for k in range(cut.size - step):
            where[k] = (cut[k + step] + cut[k]) / 2
            level[k] = (total[cut[k + step]] - total[cut[k]]) / (cut[k + step] - cut[k])
        zero = broken_line(flow.size, where, level)
    return where, level


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
