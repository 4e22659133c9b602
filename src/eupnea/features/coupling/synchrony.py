"""Phase synchronisation of heartbeats and breathing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eupnea.features.coupling.define import coupling
from eupnea.features.coupling.kernels import locking_strengths
from eupnea.features.coupling.together import RATE_HZ, WindowPair, breath_phase

Floats = NDArray[np.float64]

FAMILY = "synchrony"
BREATHS_PER_CYCLE = (1, 2)
"""m of an n:m locking (Schäfer et al. 1998)."""
MAX_BEATS_PER_BREATH = 12
BAND_SHARE = (0.5, 1.5)
"""The oscillation of the intervals at breathing lies within these multiples of the breathing frequency (assumed)."""
EDGE_SHARE = 0.1
"""Share of the window left out at both ends, where a filtered phase is bent."""
MIN_S = 60.0
MIN_POINTS = 20

_SCHAFER = "Schäfer et al. (1998), Nature 392:239; index by Tass et al. (1998)"
_LOCKING = "Lachaux et al. (1999); Kotani et al. (2000) for heart and breathing"

FEATURES = (
    *(
        coupling(
            FAMILY,
            f"index_m{m}",
            "1",
            f"largest over n of |mean exp(i n φ / {m})|, φ breathing's phase at the beats, n beats in {m} breath(s)",
            _SCHAFER,
            seconds=MIN_S,
        )
        for m in BREATHS_PER_CYCLE
    ),
    coupling(
        FAMILY,
        "beats_per_breath",
        "1",
        "n of the largest index with m = 1",
        _SCHAFER,
        seconds=MIN_S,
    ),
    coupling(
        FAMILY,
        "phase_locking",
        "1",
        "|mean exp(i (phase of the intervals' oscillation at breathing - phase of breathing))|",
        _LOCKING,
        seconds=MIN_S,
    ),
)


def describe(pair: WindowPair) -> dict[str, float]:
    """Return the features of one window."""
    if pair.window_s < MIN_S:
        return {}
    return _beats(pair) | _locking(pair)


def synchronisation_indices(phase: Floats, most_beats: int, breaths: int) -> Floats:
    """Return the strength of a locking of n beats to m breaths, 0 to 1, for n = 1 to `most_beats`.

    Parameters
    ----------
    phase
        Shape (k,): running phase of breathing at the beats.
    most_beats, breaths
        The largest n, and m.
    """
    strengths = np.empty(most_beats)
    locking_strengths(phase, breaths, strengths)
    return strengths


def _beats(pair: WindowPair) -> dict[str, float]:
    phase = breath_phase(pair.breaths, pair.beat_s)
    phase = phase[np.isfinite(phase)]
    if phase.size < MIN_POINTS:
        return {}
    found = {}
    for m in BREATHS_PER_CYCLE:
        ratios = [n for n in range(m + 1, m * MAX_BEATS_PER_BREATH + 1) if np.gcd(n, m) == 1]
        strengths = synchronisation_indices(phase, m * MAX_BEATS_PER_BREATH, m)[np.array(ratios) - 1]
        found[f"index_m{m}"] = float(strengths.max())
        if m == 1:
            found["beats_per_breath"] = float(ratios[int(strengths.argmax())])
    return found


def _locking(pair: WindowPair) -> dict[str, float]:
    band = tuple(share * pair.breathing_hz for share in BAND_SHARE)
    intervals = _analytic(pair.even_rr_ms, band)
    breathing = _analytic(pair.even_breathing, band)
    edge = round(EDGE_SHARE * pair.even_rr_ms.size)
    both = (intervals * np.conj(breathing))[edge : intervals.size - edge]
    size = np.abs(both)
    if both.size < MIN_POINTS or (size == 0).any():
        return {}
    return {"phase_locking": float(np.abs(np.mean(both / size)))}


def _analytic(series: Floats, band_hz: tuple[float, ...]) -> NDArray[np.complex128]:
    """Return the analytic signal of what lies in a band."""
    spectrum = np.fft.fft(series - series.mean())
    frequency_hz = np.fft.fftfreq(series.size, 1 / RATE_HZ)
    return np.fft.ifft(np.where((frequency_hz >= band_hz[0]) & (frequency_hz <= band_hz[1]), 2 * spectrum, 0))
