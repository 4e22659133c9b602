"""Coherence and lag between breathing and intervals."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from eupnea.features.coupling.define import coupling
from eupnea.features.coupling.kernels import lagged_correlations
from eupnea.features.coupling.together import RATE_HZ, WindowPair
from eupnea.features.registry import FLOW_KINDS

Floats = NDArray[np.float64]

FAMILY = "coherence"
SEGMENT_S = 20.0
"""Welch segment: three cycles of the slowest breathing looked at; five segments in 60 s."""
BAND_HZ = (0.1, 0.5)
"""Breathing at 6 to 30 per minute."""
LONGEST_LAG_S = 5.0
"""Lags looked at: about a breath (assumed)."""
MIN_S = 60.0

_WELCH = "magnitude-squared coherence by Welch's method: Hann, 20 s, half overlap; Faes & Nollo (2011)"
_LAG = "own definition: correlation of straight-line detrended series at 4 Hz"

FEATURES = (
    coupling(FAMILY, "at_breathing", "1", "coherence at the peak of breathing's spectrum", _WELCH, seconds=MIN_S),
    coupling(
        FAMILY, "band_mean", "1", "mean coherence at 0.1-0.5 Hz weighted by breathing's power", _WELCH, seconds=MIN_S
    ),
    coupling(FAMILY, "band_max", "1", "largest coherence at 0.1-0.5 Hz", _WELCH, seconds=MIN_S),
    coupling(
        FAMILY,
        "power_share",
        "1",
        "share of the intervals' power at 0.04-0.5 Hz within 0.05 Hz of breathing",
        _WELCH,
        seconds=MIN_S,
    ),
    coupling(
        FAMILY,
        "phase_cosine",
        "1",
        "cosine of the cross-spectrum's phase there",
        _WELCH,
        seconds=MIN_S,
        kinds=FLOW_KINDS,
    ),
    coupling(
        FAMILY, "phase_sine", "1", "sine of the cross-spectrum's phase there", _WELCH, seconds=MIN_S, kinds=FLOW_KINDS
    ),
    coupling(FAMILY, "cross_correlation", "1", "largest absolute correlation at lags up to 5 s", _LAG, seconds=MIN_S),
    coupling(
        FAMILY,
        "lag_s",
        "s",
        "lag of the intervals behind breathing at their most negative correlation within half a breath",
        _LAG,
        seconds=MIN_S,
        kinds=FLOW_KINDS,
    ),
)


def describe(pair: WindowPair) -> dict[str, float]:
    """Return the features of one window."""
    if pair.window_s < MIN_S or np.ptp(pair.even_breathing) == 0 or np.ptp(pair.even_rr_ms) == 0:
        return {}
    return _coherence(pair) | _lag(pair)


def cross_spectra(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, NDArray[np.complex128]]:
    """Return frequency (Hz), power of x, power of y and cross-spectrum, all shape (f,), unscaled."""
    width = min(round(SEGMENT_S * RATE_HZ), x.size)
    rows, taper, frequency_hz = _segments(x.size, width)
    first, second = (np.fft.rfft(_without_mean(series[rows]) * taper, axis=1) for series in (x, y))
    power = [np.sum(np.abs(part) ** 2, axis=0) for part in (first, second)]
    return frequency_hz, power[0], power[1], np.sum(np.conj(first) * second, axis=0)


@cache
def _segments(n: int, width: int) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Return the samples of each segment (s, width), the taper (width,) and the frequencies, Hz."""
    starts = np.arange(0, n - width + 1, width // 2)
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width) / width)
    return starts[:, None] + np.arange(width), taper, np.asarray(np.fft.rfftfreq(width, 1 / RATE_HZ), dtype=float)


def _without_mean(pieces: Floats) -> Floats:
    return pieces - pieces.mean(axis=1, keepdims=True)


def _coherence(pair: WindowPair) -> dict[str, float]:
    frequency_hz, breathing, intervals, cross = cross_spectra(pair.even_breathing, pair.even_rr_ms)
    with np.errstate(divide="ignore", invalid="ignore"):
        coherence = np.nan_to_num(np.abs(cross) ** 2 / (breathing * intervals))
    band = (frequency_hz >= BAND_HZ[0] - TINY) & (frequency_hz <= BAND_HZ[1] + TINY)
    at = int(np.flatnonzero(band)[breathing[band].argmax()])
    wide = (frequency_hz >= LF_EDGE_HZ - TINY) & (frequency_hz <= BAND_HZ[1] + TINY)
    near = wide & (np.abs(frequency_hz - frequency_hz[at]) <= NEAR_HZ + TINY)
    return {
        "at_breathing": float(coherence[at]),
        "band_mean": float(np.average(coherence[band], weights=breathing[band])),
        "band_max": float(coherence[band].max()),
        "power_share": float(intervals[near].sum() / intervals[wide].sum()),
        "phase_cosine": float(np.cos(np.angle(cross[at]))),
        "phase_sine": float(np.sin(np.angle(cross[at]))),
    }


LF_EDGE_HZ = 0.04
NEAR_HZ = 0.05
TINY = 1e-9


def lagged_correlation(x: Floats, y: Floats, longest: int) -> Floats:
    """Return the correlation of x(t) with y(t + lag) for lags -longest ... longest, over the common part of each."""
    result = np.empty(2 * longest + 1)
    lagged_correlations(x, y, longest, result)
    return result


def _lag(pair: WindowPair) -> dict[str, float]:
    breathing, intervals = (_detrended(series) for series in (pair.even_breathing, pair.even_rr_ms))
    correlation = lagged_correlation(breathing, intervals, round(LONGEST_LAG_S * RATE_HZ))
    if not np.isfinite(correlation).all():
        return {}
    lags_s = (np.arange(correlation.size) - correlation.size // 2) / RATE_HZ
    near = np.abs(lags_s) <= 0.5 / pair.breathing_hz
    return {
        "cross_correlation": float(np.abs(correlation).max()),
        "lag_s": float(lags_s[near][correlation[near].argmin()]),
    }


def _detrended(series: Floats) -> Floats:
    time = np.arange(series.size) - (series.size - 1) / 2
    centred = series - series.mean()
    return centred - (centred @ time) / (time @ time) * time
