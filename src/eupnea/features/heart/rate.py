"""Heart rate over time: the only features that a series of rates without beats can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.heart.define import cardiac, named_columns
from eupnea.features.heart.intervals import WindowIntervals
from eupnea.features.registry import CARDIAC_KINDS

if TYPE_CHECKING:
    from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]

FAMILY = "rate"
RATE_HZ = 2.0
"""Sampling of the rate: twice per second, at least one sample in every interval at 120 beats per minute."""
MIN_SHARE = 0.75
"""Least share of a window in which the rate must be known (assumed)."""
SHORT_S, LONG_S = 10.0, 30.0

_SOURCE = "own definition: the rate is level within an interval, sampled at 2 Hz"

FEATURES = (
    cardiac(FAMILY, "mean_bpm", "1/min", "mean over time", _SOURCE, seconds=SHORT_S, kinds=CARDIAC_KINDS),
    cardiac(FAMILY, "median_bpm", "1/min", "median over time", _SOURCE, seconds=SHORT_S, kinds=CARDIAC_KINDS),
    cardiac(FAMILY, "sd_bpm", "1/min", "standard deviation over time", _SOURCE, seconds=LONG_S, kinds=CARDIAC_KINDS),
    cardiac(FAMILY, "p5_bpm", "1/min", "5th percentile over time", _SOURCE, seconds=LONG_S, kinds=CARDIAC_KINDS),
    cardiac(FAMILY, "p95_bpm", "1/min", "95th percentile over time", _SOURCE, seconds=LONG_S, kinds=CARDIAC_KINDS),
    cardiac(FAMILY, "slope_bpm_per_min", "1/min^2", "straight line", _SOURCE, seconds=LONG_S, kinds=CARDIAC_KINDS),
)


def compute(view: RecordingView, intervals: WindowIntervals, windows: pd.DataFrame) -> pd.DataFrame:
    """Return one row of features per window."""
    values = {feature.name: np.full(len(windows), np.nan) for feature in FEATURES}
    for row, (start_s, window_s) in enumerate(zip(intervals.start_s, intervals.window_s, strict=True)):
        if view.cardiac_kind != "heart_rate" and intervals.count[row] == 0:
            continue
        time_s = start_s + (np.arange(round(window_s * RATE_HZ)) + 0.5) / RATE_HZ
        known = _rate_at(view, intervals, row, time_s)
        good = np.isfinite(known)
        if good.sum() >= max(MIN_SHARE * time_s.size, MIN_SAMPLES):
            for name, value in _describe(time_s[good], known[good]).items():
                values[name][row] = value
    return named_columns(FEATURES, values, windows)


MIN_SAMPLES = 8


def _rate_at(view: RecordingView, intervals: WindowIntervals, row: int, time_s: Floats) -> Floats:
    """Return the rate at some times of a window, NaN where none of its own intervals tells it."""
    if view.cardiac_kind == "heart_rate":
        place = np.floor((time_s - view.cardiac_start_s) * view.cardiac_hz + 1e-6).astype(np.int64)
        inside = (place >= 0) & (place < view.cardiac.size)
        series = np.append(view.cardiac.astype(float), np.nan)
        return series[np.where(inside, place, -1)]
    own = slice(intervals.first[row], intervals.last[row])
    place = np.searchsorted(intervals.time_s[own], time_s)
    ends_s, lengths_ms = np.append(intervals.time_s[own], np.inf), np.append(intervals.rr_ms[own], np.nan)
    return np.where(ends_s[place] - lengths_ms[place] / 1000.0 <= time_s, 60e3 / lengths_ms[place], np.nan)


def _describe(time_s: Floats, rate_bpm: Floats) -> dict[str, float]:
    minutes = (time_s - time_s.mean()) / 60.0
    p5, median, p95 = np.percentile(rate_bpm, (5, 50, 95))
    return {
        "mean_bpm": float(rate_bpm.mean()),
        "median_bpm": float(median),
        "sd_bpm": float(rate_bpm.std(ddof=1)),
        "p5_bpm": float(p5),
        "p95_bpm": float(p95),
        "slope_bpm_per_min": float(minutes @ rate_bpm / (minutes @ minutes)),
    }
