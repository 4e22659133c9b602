"""Which way inspiration goes, told from the asymmetry of breathing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.signals.filters import baseline, low_pass
from eupnea.signals.presets import RespirationPreset

Floats = NDArray[np.float64]

SHAPE_MAX_HZ = 1.0
"""Smoothing before the shape of breaths is judged, Hz."""
MIN_SECONDS = 20.0
"""Less signal tells no polarity, s."""


@dataclass(frozen=True, slots=True)
class Polarity:
    """An estimate of the polarity of a respiration signal.

    Attributes
    ----------
    sign
        1: inspiration goes up, -1: down.
    confidence
        0 (a coin's toss) to 1.
    """

    sign: int
    confidence: float


@dataclass(frozen=True, slots=True)
class CueWeights:
    """Weights of the cues in the log-odds that inspiration goes up; see `polarity_cues`."""

    dwell: float = 8.0
    spread: float = 1.5
    slope: float = 2.0


WEIGHTS = CueWeights()
"""Set by hand on simulated breathing, and checked on ds000210, Fantasia and the airflow recordings."""


def estimate_polarity(
    values: Floats, sampling_hz: float, *, preset: RespirationPreset, is_valid: NDArray[np.bool_]
) -> Polarity:
    """Estimate which way inspiration goes.

    Lungs rest at the end of expiration: the volume dwells low, its troughs vary less than its peaks, and inspiration
    is faster than expiration. Flow is integrated to volume first.

    Parameters
    ----------
    values
        Shape (n,): signal without missing values, baseline removed.
    sampling_hz
        Its rate, Hz.
    preset
        What the sensor shows; a usual polarity counts as one more cue.
    is_valid
        Shape (n,): samples that count.
    """
    usual = preset.usual_polarity
    if is_valid.sum() < MIN_SECONDS * sampling_hz:
        return Polarity(usual or 1, 0.0)
    dwell, spread, slope = polarity_cues(values, sampling_hz, preset=preset, is_valid=is_valid)
    odds = WEIGHTS.dwell * dwell + WEIGHTS.spread * spread + WEIGHTS.slope * slope
    if not np.isfinite(odds) or odds == 0:
        return Polarity(usual or 1, 0.0)
    return Polarity(1 if odds > 0 else -1, float(np.tanh(abs(odds) / 2)))


def polarity_cues(
    values: Floats, sampling_hz: float, *, preset: RespirationPreset, is_valid: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Return three cues, each positive when inspiration goes up.

    Returns
    -------
    dwell
        Quantile skewness of the volume, (q95 + q05 - 2 q50) / (q95 - q05).
    spread
        Logarithm of the spread of the peaks over that of the troughs (median absolute deviations).
    slope
        Logarithm of the steepest rises over the steepest falls.
    """
    volume = low_pass(_volume(values, sampling_hz, preset, is_valid), sampling_hz, SHAPE_MAX_HZ)
    low, mid, high = np.quantile(volume[is_valid], [0.05, 0.5, 0.95])
    if high <= low:
        return 0.0, 0.0, 0.0
    dwell = (high + low - 2 * mid) / (high - low)
    slope = np.gradient(volume)[is_valid]
    fall, rise = np.quantile(slope, [0.05, 0.95])
    steep = np.log(rise / -fall) if rise > 0 > fall else 0.0
    return float(dwell), _spread(volume, is_valid, (high - low) / 2), float(steep)


def _spread(volume: Floats, is_valid: NDArray[np.bool_], least: float) -> float:
    from scipy.signal import find_peaks

    peaks = find_peaks(volume, prominence=least)[0]
    troughs = find_peaks(-volume, prominence=least)[0]
    peaks, troughs = peaks[is_valid[peaks]], troughs[is_valid[troughs]]
    if min(peaks.size, troughs.size) < 5:
        return 0.0
    spreads = [np.median(np.abs(level - np.median(level))) for level in (volume[peaks], volume[troughs])]
    floor = 1e-3 * 2 * least
    return float(np.log((spreads[0] + floor) / (spreads[1] + floor)))


def _volume(values: Floats, sampling_hz: float, preset: RespirationPreset, is_valid: NDArray[np.bool_]) -> Floats:
    if preset.form == "volume":
        return values
    volume = np.cumsum(np.where(is_valid, values - np.mean(values[is_valid]), 0.0)) / sampling_hz
    return volume - baseline(volume, sampling_hz, is_valid=is_valid)
