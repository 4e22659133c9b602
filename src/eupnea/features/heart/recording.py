"""What needs length: very low frequencies, long-range scaling, variability between minutes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eupnea.features.heart.define import TASK_FORCE, cardiac
from eupnea.features.heart.frequency import VLF_S, band_power, interval_spectrum
from eupnea.features.heart.intervals import WindowIntervals, window_intervals
from eupnea.features.heart.nonlinear import LONG_SCALES
from eupnea.features.views import RecordingView

FAMILY = "hrv_long"
SEGMENT_S = 600.0
"""Segment of Welch's method: two periods of the lower edge of VLF."""
PART_S = 60.0
"""Parts whose mean and spread are compared; Task Force uses 300 s in recordings of 24 h."""
MIN_PARTS = 5

RECORDING_FEATURES = (
    cardiac(FAMILY, "vlf_ms2", "ms^2", "power at 0.0033-0.04 Hz", TASK_FORCE, seconds=VLF_S, level="recording"),
    cardiac(FAMILY, "log_vlf", "1", "natural logarithm of VLF in ms^2", TASK_FORCE, seconds=VLF_S, level="recording"),
    cardiac(
        FAMILY,
        "dfa_alpha2",
        "1",
        "slope of log fluctuation on log box size, boxes of 16-64 beats",
        "Peng et al. (1995), Chaos 5:82",
        seconds=300.0,
        level="recording",
    ),
    cardiac(FAMILY, "sdann_60_ms", "ms", "SD of the means of minutes", TASK_FORCE, seconds=300.0, level="recording"),
    cardiac(
        FAMILY, "sdnn_index_60_ms", "ms", "mean of the SDs of minutes", TASK_FORCE, seconds=300.0, level="recording"
    ),
    cardiac(
        FAMILY, "sdnn_ms", "ms", "standard deviation of all intervals", TASK_FORCE, seconds=300.0, level="recording"
    ),
)


def compute_recording(view: RecordingView) -> dict[str, float]:
    """Return the features of a whole recording; missing where it is too short or has no beats."""
    values = {feature.column: float("nan") for feature in RECORDING_FEATURES}
    if len(view.beats) == 0:
        return values
    time_s = view.beats["time_s"].to_numpy(dtype=float)
    length_s = float(time_s.max() - time_s.min())
    whole = window_intervals(view.beats, pd.DataFrame({"start_s": [time_s.min()], "window_s": [length_s]}))
    if whole.count[0] == 0:
        return values
    measured = _measure(whole, view.beats, float(time_s.min()), length_s)
    for feature in RECORDING_FEATURES:
        value = measured.get(feature.name, float("nan"))
        if length_s >= feature.min_duration_s and np.isfinite(value):
            values[feature.column] = float(value)
    return values


def _measure(whole: WindowIntervals, beats: pd.DataFrame, start_s: float, length_s: float) -> dict[str, float]:
    from eupnea.features.heart.kernels import scaling

    inside = slice(whole.first[0], whole.last[0])
    alpha = np.full(1, np.nan)
    scaling(whole.rr_ms, whole.first, whole.last, LONG_SCALES, alpha)
    found = {"dfa_alpha2": float(alpha[0]), "sdnn_ms": float(whole.rr_ms[inside].std(ddof=1))}
    if length_s >= VLF_S:
        frequency_hz, power = interval_spectrum(whole, np.array([0]), length_s, segment_s=SEGMENT_S)
        found["vlf_ms2"] = float(band_power(frequency_hz, power, "vlf")[0])
        found["log_vlf"] = float(np.log(found["vlf_ms2"])) if found["vlf_ms2"] > 0 else float("nan")
    starts = start_s + PART_S * np.arange(int(length_s // PART_S))
    parts = window_intervals(beats, pd.DataFrame({"start_s": starts, "window_s": PART_S}))
    rows = [parts.rr_ms[a:b] for a, b in zip(parts.first, parts.last, strict=True) if b > a]
    if len(rows) >= MIN_PARTS:
        found["sdann_60_ms"] = float(np.std([row.mean() for row in rows], ddof=1))
        found["sdnn_index_60_ms"] = float(np.mean([row.std(ddof=1) for row in rows]))
    return found
