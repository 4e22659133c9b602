"""Shape of the averaged ECG beat: its outline on a fixed grid, and the durations and heights of its waves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.beats.delineation import FINE_S, delineate
from eupnea.features.heart.average import AverageBeat, Waveform, average_beat, filtered_waveform
from eupnea.features.heart.define import cardiac, empty_columns, named_columns
from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]

FAMILY = "ecg_shape"
BAND_HZ = (0.5, 40.0)
"""Monitoring bandwidth of the ECG (Kligfield et al. 2007): baseline wander and mains are outside."""
OUTLINE_BAND_HZ = (0.05, 40.0)
"""Lower edge of the diagnostic bandwidth (Kligfield et al. 2007), so that the slow ST segment and T wave keep their
shape: averaging takes the baseline's wander out. The upper edge is what a grid of 10 ms can hold."""
ORDER = 2
MAINS_HZ = (50.0, 60.0)
"""Mains of the world: the low-pass alone leaves a rest of it."""
GRID_S = np.arange(-25, 46) / 100.0
"""P wave to the end of T around R, every 10 ms."""
STRETCH_FROM_S = 0.08
"""The QRS complex keeps its time; what comes later moves with the interval."""
STRETCH_POWER = 1 / 3
"""QT grows with the cube root of the interval (Fridericia 1920)."""
MIN_S = 10.0

_SHAPE = "own definition after Irvine et al. (2008); QT stretched after Fridericia (1920)"
_WAVES = "own delineation of the averaged beat; tangents after Lepeschkin & Surawicz (1952)"


def grid_name(prefix: str, time_s: float) -> str:
    """Name a point of the grid: ``wave_m250ms``, ``wave_p080ms``."""
    milliseconds = round(time_s * 1000)
    return f"{prefix}_{'m' if milliseconds < 0 else 'p'}{abs(milliseconds):03d}ms"


def _outline(time_s: float) -> str:
    return (
        f"averaged beat, mean 0 and norm 1, larger deflection of QRS up, {time_s * 1000:.0f} ms from R "
        "(after 80 ms: times the cube root of the interval in s)"
    )


WAVE_FEATURES = tuple(
    cardiac(FAMILY, grid_name("wave", t), "1", _outline(t), _SHAPE, seconds=MIN_S, kinds="ecg") for t in GRID_S.tolist()
)
_TIMES = {
    "p_ms": "duration of the P wave",
    "pr_ms": "onset of P to onset of QRS",
    "qrs_ms": "onset to end of QRS",
    "qt_ms": "onset of QRS to end of T",
    "qtc_ms": "QT / (interval in s)^(1/3), Fridericia",
    "t_peak_ms": "R to the peak of T",
    "t_peak_to_end_ms": "peak to end of T",
    "r_width_ms": "width of R at half its height",
}
_RATIOS = {
    "p_per_r": "height of P / height of R, both above the PR segment",
    "q_per_r": "lowest point between onset of QRS and R / height of R",
    "s_per_r": "lowest point between R and end of QRS / height of R",
    "t_per_r": "height of T / height of R",
    "st_per_r": "level 60 ms after the end of QRS / height of R",
    "t_asymmetry": "rise of T / (rise + fall): peak of T between the steepest points on both sides",
    "beat_spread": "beat-to-beat standard deviation, root mean square over the beat, / norm of the averaged beat",
}
DURATION_FEATURES = (
    *(cardiac(FAMILY, name, "ms", text, _WAVES, seconds=MIN_S, kinds="ecg") for name, text in _TIMES.items()),
    *(cardiac(FAMILY, name, "1", text, _WAVES, seconds=MIN_S, kinds="ecg") for name, text in _RATIOS.items()),
    cardiac(
        FAMILY,
        "r_height_au",
        "au",
        "height of R above the PR segment",
        _WAVES,
        seconds=MIN_S,
        kinds="ecg",
        amplitude_free=False,
    ),
)
FEATURES = (*WAVE_FEATURES, *DURATION_FEATURES)


def compute(view: RecordingView, windows: pd.DataFrame) -> pd.DataFrame:
    """Return one row of features per window; all missing for other signals than an ECG."""
    if view.cardiac_kind != "ecg":
        return empty_columns(FEATURES, len(windows))
    monitored = filtered_waveform(view, BAND_HZ, ORDER, mains_hz=MAINS_HZ)
    diagnostic = filtered_waveform(view, OUTLINE_BAND_HZ, ORDER, mains_hz=MAINS_HZ)
    if monitored is None or diagnostic is None:
        return empty_columns(FEATURES, len(windows))
    values = np.full((len(windows), len(FEATURES)), np.nan)
    spans = windows[["start_s", "window_s"]].to_numpy(dtype=float).tolist()
    for row, (start_s, window_s) in enumerate(spans):
        values[row] = _window(monitored, diagnostic, (start_s, start_s + window_s))
    names = (feature.name for feature in FEATURES)
    return named_columns(FEATURES, dict(zip(names, values.T, strict=True)), windows)


def _window(monitored: Waveform, diagnostic: Waveform, window: tuple[float, float]) -> Floats:
    row = np.full(len(FEATURES), np.nan)
    steady, outline = _stretched(monitored, window), _stretched(diagnostic, window)
    if steady is None or outline is None:
        return row
    row[: GRID_S.size] = outline_of(outline)[0]
    fine = average_beat(monitored, window, FINE_S)
    waves = delineate(fine.mean, FINE_S, fine.rr_s) if fine is not None else {}
    waves["beat_spread"] = outline_of(steady)[1]
    for place, feature in enumerate(DURATION_FEATURES, start=GRID_S.size):
        row[place] = waves.get(feature.name, np.nan)
    return row


def _stretched(waveform: Waveform, window: tuple[float, float]) -> AverageBeat | None:
    return average_beat(waveform, window, GRID_S, stretch_from_s=STRETCH_FROM_S, stretch_power=STRETCH_POWER)


def outline_of(beat: AverageBeat) -> tuple[Floats, float]:
    """Return the averaged beat with mean 0, norm 1 and the larger deflection of QRS up, and its relative spread."""
    centred = beat.mean - beat.mean.mean()
    norm = float(np.linalg.norm(centred))
    if norm == 0:
        return np.full(centred.size, np.nan), float("nan")
    qrs = centred[np.abs(GRID_S) <= QRS_REACH_S]
    sign = 1.0 if qrs.max() >= -qrs.min() else -1.0
    return sign * centred / norm, float(np.linalg.norm(beat.spread) / norm)


QRS_REACH_S = 0.02
"""The deflection at R itself, not that of a wave beside it."""
