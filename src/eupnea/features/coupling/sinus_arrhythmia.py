"""Respiratory sinus arrhythmia, breath by breath."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.features.coupling.define import coupling
from eupnea.features.coupling.kernels import peak_to_valley
from eupnea.features.coupling.together import MIN_BREATHS, WindowPair, breath_phase

Floats = NDArray[np.float64]

FAMILY = "rsa"
PHASE_BINS = 8
"""Bins of the phase average, four per half-breath (Gilad et al. 2005 used phase-domain averages)."""
CORNER_PER_MIN = 7.2
ROLL_OFF_DB_PER_DECADE = 21.0
"""Above the corner RSA falls by 21 dB per decade of breathing rate (Hirsch & Bishop 1981)."""
FLOOR_MS = 0.1
"""Least RSA under a logarithm, ms: far below the resolution of any beat time."""
MIN_S = 30.0

_GROSSMAN = "Grossman et al. (1990), Psychophysiology 27:201"
_PHASE = "Gilad et al. (2005), Am J Physiol 288:H2270; own binning"
_HIRSCH = "Hirsch & Bishop (1981), Am J Physiol 241:H620"

FEATURES = tuple(
    coupling(FAMILY, name, unit, definition, source, seconds=MIN_S, breaths=MIN_BREATHS)
    for name, unit, definition, source in (
        (
            "peak_valley_ms",
            "ms",
            "mean over breaths: longest interval begun in expiration - shortest begun in inspiration, 0 where negative",
            _GROSSMAN,
        ),
        ("log_peak_valley", "1", "natural logarithm of peak_valley_ms", _GROSSMAN),
        ("peak_valley_cv", "1", "standard deviation of the breaths' values / mean", _GROSSMAN),
        ("peak_valley_share", "1", "peak_valley_ms / mean interval", _GROSSMAN),
        ("phase_averaged_ms", "ms", "range of the mean interval over eight bins of the breath's phase", _PHASE),
        ("harmonic_ms", "ms", "peak to peak of the sinusoid in the breath's phase that fits the intervals", _PHASE),
        ("harmonic_share", "1", "share of the intervals' variance that this sinusoid explains", _PHASE),
        ("harmonic_cosine", "1", "cosine of the phase of the longest interval (0: start of inspiration)", _PHASE),
        ("harmonic_sine", "1", "sine of the phase of the longest interval (negative: in expiration)", _PHASE),
        (
            "log_rate_adjusted",
            "1",
            "log_peak_valley raised by the fall that the breathing rate explains: corner 7.2/min, -21 dB per decade",
            _HIRSCH,
        ),
    )
)


def describe(pair: WindowPair) -> dict[str, float]:
    """Return the features of one window."""
    if pair.window_s < MIN_S:
        return {}
    return _peak_valley(pair) | _phase_average(pair)


def rsa_per_breath(breaths: Floats, beat_s: Floats, rr_ms: Floats) -> Floats:
    """Return the peak-valley RSA of every breath.

    An interval belongs to the phase in which it begins.

    Parameters
    ----------
    breaths
        Shape (b, 3): onset of inspiration, of expiration, and end, s.
    beat_s, rr_ms
        Shape (k,): end and length of the intervals.

    Returns
    -------
    ndarray
        Shape (b,), ms; 0 where expiration's longest interval is not above inspiration's shortest, NaN where no
        interval begins in one of the phases.
    """
    result = np.empty(len(breaths))
    peak_to_valley(breaths, beat_s - rr_ms / 1000.0, rr_ms, result)
    return result


def _peak_valley(pair: WindowPair) -> dict[str, float]:
    values = rsa_per_breath(pair.breaths, pair.beat_s, pair.rr_ms)
    values = values[np.isfinite(values)]
    if values.size < MIN_BREATHS:
        return {}
    mean = float(values.mean())
    log_rsa = float(np.log(max(mean, FLOOR_MS)))
    fall = max(0.0, np.log10(60.0 * pair.breathing_hz / CORNER_PER_MIN)) * ROLL_OFF_DB_PER_DECADE
    return {
        "peak_valley_ms": mean,
        "log_peak_valley": log_rsa,
        "peak_valley_cv": float(values.std(ddof=1) / mean) if mean > 0 else np.nan,
        "peak_valley_share": mean / float(pair.rr_ms.mean()),
        "log_rate_adjusted": log_rsa + fall / 20.0 * float(np.log(10.0)),
    }


def _phase_average(pair: WindowPair) -> dict[str, float]:
    middle_s = pair.beat_s - pair.rr_ms / 2000.0
    phase = breath_phase(pair.breaths, middle_s)
    known = np.isfinite(phase)
    if known.sum() < MIN_POINTS:
        return {}
    phase, rr = phase[known], pair.rr_ms[known]
    time = middle_s[known] - middle_s[known].mean()
    design = np.column_stack([np.ones(rr.size), time, np.cos(phase), np.sin(phase)])
    weights = np.linalg.lstsq(design, rr, rcond=None)[0]
    level = rr.mean() + time * (time @ (rr - rr.mean())) / (time @ time)
    around, left = np.sum((rr - level) ** 2), np.sum((rr - design @ weights) ** 2)
    size = float(np.hypot(weights[2], weights[3]))
    found = {"harmonic_ms": 2 * size, "harmonic_share": float(1 - left / around) if around > 0 else np.nan}
    if size > 0:
        found |= {"harmonic_cosine": float(weights[2] / size), "harmonic_sine": float(weights[3] / size)}
    return found | _binned(phase, rr - level)


MIN_POINTS = 16
"""Fewest intervals for a phase average: two per bin."""


def _binned(phase: Floats, residual: Floats) -> dict[str, float]:
    place = np.floor(np.mod(phase, 2 * np.pi) / (2 * np.pi) * PHASE_BINS).astype(np.int64) % PHASE_BINS
    count = np.bincount(place, minlength=PHASE_BINS)
    if (count == 0).any():
        return {}
    mean = np.bincount(place, weights=residual, minlength=PHASE_BINS) / count
    return {"phase_averaged_ms": float(np.ptp(mean))}
