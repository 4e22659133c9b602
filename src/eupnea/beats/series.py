"""Intervals that come without a waveform."""

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
