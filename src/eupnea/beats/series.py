"""Intervals and rates that come without a waveform."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def interval_series(values: ArrayLike, times_s: ArrayLike, start_s: float) -> tuple[Floats, Floats]:
    """Return the times and lengths of a series of intervals.

    Parameters
    ----------
    values
        Shape (n,), ms. Missing, zero or negative ones are no intervals.
    times_s
        Shape (n,), when each interval ended, s; or empty: then they follow each other.
    start_s
        Start of the first interval where no times are given, s.

    Returns
    -------
    time_s, rr_ms
        Shape (k,): time of the beat that ends the interval, and its length.
    """
    rr_ms = np.asarray(values, dtype=float)
    given = np.asarray(times_s, dtype=float)
    is_interval = np.isfinite(rr_ms) & (rr_ms > 0)
    if given.size == rr_ms.size and rr_ms.size:
        is_interval &= np.isfinite(given)
        order = np.argsort(given[is_interval], kind="stable")
        return given[is_interval][order], rr_ms[is_interval][order]
    return start_s + np.cumsum(rr_ms[is_interval]) / 1000.0, rr_ms[is_interval]


def even_heart_rate(
    values: ArrayLike, times_s: ArrayLike, *, start_s: float, rate_hz: float = 1.0, longest_gap_s: float = 10.0
) -> tuple[float, NDArray[np.float32]]:
    """Resample an uneven heart-rate series evenly by straight lines, as features want to see it.

    Parameters
    ----------
    values, times_s
        Shape (n,): beats per minute, and when, s.
    start_s
        Start that is answered when there is nothing.
    rate_hz
        Samples per second wanted.
    longest_gap_s
        Stretches without a value longer than this stay missing.

    Returns
    -------
    start_s, rate_bpm
        Time of the first sample, and shape (m,) beats per minute with NaN in gaps.
    """
    rate, when = np.asarray(values, dtype=float), np.asarray(times_s, dtype=float)
    good = np.isfinite(rate) & np.isfinite(when) & (rate > 0)
    if not good.any():
        return start_s, np.empty(0, dtype=np.float32)
    order = np.argsort(when[good], kind="stable")
    rate, when = rate[good][order], when[good][order]
    grid = when[0] + np.arange(int(np.floor((when[-1] - when[0]) * rate_hz)) + 1) / rate_hz
    even = np.interp(grid, when, rate)
    if when.size > 1:
        following = np.clip(np.searchsorted(when, grid), 1, when.size - 1)
        even[(np.diff(when)[following - 1] > longest_gap_s) & ~np.isin(grid, when)] = np.nan
    return float(when[0]), even.astype(np.float32)
