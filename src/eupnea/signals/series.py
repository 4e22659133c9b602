"""Series that are not sampled evenly: intervals between heartbeats, and heart rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from eupnea.recordings.signal import RawSignal

Floats = NDArray[np.float64]

SERIES_HOLD_S = 5.0
"""A value of an uneven series stands for at most this long, s (assumed)."""


def series_times(raw: RawSignal, kind: str) -> tuple[Floats, Floats]:
    """Return when the values of a series stand (own clock), and for how long each of them does, s.

    Intervals are in ms. One that is missing takes as long as the median one: those around it do not follow each other.
    """
    n = raw.values.size
    if kind == "rr":
        is_known = np.isfinite(raw.values) & (raw.values > 0)
        held = np.where(is_known, raw.values, np.median(raw.values[is_known]) if is_known.any() else 0.0) / 1000
        own = raw.times_s if raw.times_s is not None else raw.start_s + np.cumsum(held)
        return np.asarray(own, dtype=float), held
    if raw.times_s is None:
        return raw.start_s + np.arange(n) / raw.sampling_hz, np.full(n, 1 / raw.sampling_hz)
    own = np.asarray(raw.times_s, dtype=float)
    return own, np.clip(np.diff(own, append=own[-1] + 1.0 if n else 0.0), 0, SERIES_HOLD_S)
