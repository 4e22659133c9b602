"""Variability of the intervals in frequency."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.heart.define import TASK_FORCE, cardiac, named_columns
from eupnea.features.heart.intervals import WindowIntervals

Floats = NDArray[np.float64]

FAMILY = "hrv_frequency"
RATE_HZ = 2.0
"""Even sampling of the intervals: beats at 66 per minute carry nothing above 0.55 Hz (Task Force 1996: 2-4 Hz)."""
SEGMENT_S = 120.0
"""Longest segment of Welch's method: resolves the lower edge of LF."""
BANDS_HZ = {"vlf": (0.0033, 0.04), "lf": (0.04, 0.15), "hf": (0.15, 0.4)}
"""Task Force (1996)."""
HF_S, LF_S, VLF_S = 60.0, 120.0, 600.0
"""Least lengths: 1 min for HF, 2 min for LF (Task Force 1996); three periods of the lower edge of VLF and more."""

BLOCK = 64
"""Windows worked on at once: what fits into the processor's cache."""

FEATURES = (
    cardiac(FAMILY, "hf_ms2", "ms^2", "power at 0.15-0.4 Hz", TASK_FORCE, seconds=HF_S),
    cardiac(FAMILY, "log_hf", "1", "natural logarithm of HF in ms^2", TASK_FORCE, seconds=HF_S),
    cardiac(FAMILY, "hf_peak_hz", "Hz", "frequency of the largest power in HF", TASK_FORCE, seconds=HF_S),
    cardiac(FAMILY, "hf_centre_hz", "Hz", "power-weighted mean frequency in HF", TASK_FORCE, seconds=HF_S),
    cardiac(FAMILY, "lf_ms2", "ms^2", "power at 0.04-0.15 Hz", TASK_FORCE, seconds=LF_S),
    cardiac(FAMILY, "log_lf", "1", "natural logarithm of LF in ms^2", TASK_FORCE, seconds=LF_S),
    cardiac(FAMILY, "lf_peak_hz", "Hz", "frequency of the largest power in LF", TASK_FORCE, seconds=LF_S),
    cardiac(FAMILY, "log_lf_per_hf", "1", "natural logarithm of LF / HF", TASK_FORCE, seconds=LF_S),
    cardiac(FAMILY, "hf_normalised", "1", "HF / (LF + HF)", TASK_FORCE, seconds=LF_S),
)


def compute(intervals: WindowIntervals, windows: pd.DataFrame) -> pd.DataFrame:
    """Return one row of features per window; windows of equal length are worked on together."""
    n = len(windows)
    values = {feature.name: np.full(n, np.nan) for feature in FEATURES}
    lengths = intervals.window_s
    for window_s in np.unique(lengths[np.isfinite(lengths)]):
        rows = np.flatnonzero((lengths == window_s) & (intervals.count > 0))
        if window_s < HF_S:
            continue
        for start in range(0, rows.size, BLOCK):
            block = rows[start : start + BLOCK]
            frequency_hz, power = interval_spectrum(intervals, block, float(window_s))
            for name, column in _describe(frequency_hz, power).items():
                values[name][block] = column
    return named_columns(FEATURES, values, windows)


def interval_spectrum(
    intervals: WindowIntervals, rows: NDArray[np.int64], window_s: float, *, segment_s: float = SEGMENT_S
) -> tuple[Floats, Floats]:
    """Return the power spectral density of the evenly resampled intervals of some windows of equal length.

    Returns
    -------
    frequency_hz, power
        Shape (f,), and (len(rows), f) in ms²/Hz.
    """
    from eupnea.features.heart.kernels import resample

    even = np.empty((rows.size, round(window_s * RATE_HZ)))
    resample(
        intervals.time_s,
        intervals.rr_ms,
        intervals.first[rows],
        intervals.last[rows],
        intervals.start_s[rows],
        RATE_HZ,
        even,
    )
    return welch(even, RATE_HZ, min(window_s, segment_s))


def welch(signals: Floats, rate_hz: float, segment_s: float) -> tuple[Floats, Floats]:
    """Estimate power spectral densities: half-overlapping segments, straight line removed, Hann window.

    Parameters
    ----------
    signals
        Shape (w, n).
    rate_hz
        Samples per second.
    segment_s
        Length of a segment, s.
    """
    width = round(segment_s * rate_hz)
    starts = np.arange(0, signals.shape[1] - width + 1, width // 2)
    time = np.arange(width) - (width - 1) / 2
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width) / width)
    pieces = np.empty((signals.shape[0], starts.size, width))
    for place, start in enumerate(starts):
        pieces[:, place] = signals[:, start : start + width]
    pieces -= pieces.mean(axis=2, keepdims=True)
    pieces -= (pieces @ (time / (time @ time)))[..., None] * time
    pieces *= taper
    spectrum = np.fft.rfft(pieces, axis=2)
    total = (spectrum.real**2 + spectrum.imag**2).sum(axis=1)
    density = total * 2 / (starts.size * rate_hz * np.sum(taper**2))
    density[:, 0] /= 2
    if width % 2 == 0:
        density[:, -1] /= 2
    return np.asarray(np.fft.rfftfreq(width, 1 / rate_hz), dtype=float), density


def band_power(frequency_hz: Floats, power: Floats, band: str) -> Floats:
    """Return the power in a band, shape (w,): the sum of its bins times their width."""
    low, high = BANDS_HZ[band]
    inside = (frequency_hz >= low) & (frequency_hz < high)
    return np.asarray(power[:, inside].sum(axis=1) * (frequency_hz[1] - frequency_hz[0]))


def _describe(frequency_hz: Floats, power: Floats) -> dict[str, Floats]:
    hf, lf = band_power(frequency_hz, power, "hf"), band_power(frequency_hz, power, "lf")
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "hf_ms2": hf,
            "log_hf": np.log(hf),
            "hf_peak_hz": _peak(frequency_hz, power, "hf"),
            "hf_centre_hz": _centre(frequency_hz, power, "hf"),
            "lf_ms2": lf,
            "log_lf": np.log(lf),
            "lf_peak_hz": _peak(frequency_hz, power, "lf"),
            "log_lf_per_hf": np.log(lf / hf),
            "hf_normalised": hf / (lf + hf),
        }


def _inside(frequency_hz: Floats, power: Floats, band: str) -> tuple[Floats, Floats]:
    low, high = BANDS_HZ[band]
    inside = (frequency_hz >= low) & (frequency_hz < high)
    return frequency_hz[inside], power[:, inside]


def _peak(frequency_hz: Floats, power: Floats, band: str) -> Floats:
    where, height = _inside(frequency_hz, power, band)
    return np.where(height.max(axis=1) > 0, where[height.argmax(axis=1)], np.nan)


def _centre(frequency_hz: Floats, power: Floats, band: str) -> Floats:
    where, height = _inside(frequency_hz, power, band)
    return np.asarray(height @ where / height.sum(axis=1))
