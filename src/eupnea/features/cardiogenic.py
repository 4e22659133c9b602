"""What in the respiration channel is the heartbeat, or lies where the pulse does: a control, never breathing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.breath_matrix import log_of
from eupnea.features.define import in_columns
from eupnea.features.registry import RESPIRATION_KINDS, Feature
from eupnea.features.views import RecordingView
from eupnea.signals.presets import RESPIRATION

Floats = NDArray[np.float64]

FAMILY_BAND, FAMILY_BEAT = "band", "beat_locked"
EDGES_HZ = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5, 8.0, 10.0)
"""Edges of the bands, Hz; those that begin inside the breathing band of the sensor are missing."""
SEGMENT_S = 20.0
"""Segments of Welch's method."""
PHASES = 24
"""Parts of the beat that the channel is averaged in."""
HARMONICS = 3
MIN_BEATS = 20
"""Beats that an average needs (assumed)."""
LONGEST_RR_S = 2.0
"""Longer intervals have no phase, s."""

_OWN = "own definition"


def _band_name(low: float, high: float) -> str:
    return f"{low:g}_{high:g}_hz".replace(".", "p")


def _feature(family: str, name: str, unit: str, words: str, free: bool) -> Feature:
    return Feature("cardiogenic", family, name, unit, free, RESPIRATION_KINDS, words, _OWN, min_duration_s=SEGMENT_S)


def _features() -> tuple[Feature, ...]:
    found = []
    for low, high in pairwise(EDGES_HZ):
        name, words = _band_name(low, high), f"power at {low:g}-{high:g} Hz above the breathing band"
        found += [
            _feature(FAMILY_BAND, f"power_{name}_log", "log au^2", f"log {words}", False),
            _feature(FAMILY_BAND, f"share_{name}_log", "1", f"log share of all {words}", True),
        ]
    found += [
        _feature(FAMILY_BAND, "above_breathing_log", "1", "log power above the band over that of breathing", True),
        _feature(FAMILY_BEAT, "amplitude_log", "log au", "log RMS of the average over the beat", False),
        _feature(FAMILY_BEAT, "amplitude_breathing_log", "1", "log RMS of that average over RMS of breathing", True),
        _feature(FAMILY_BEAT, "explained_share", "1", "share of the variance above the band that it explains", True),
    ]
    for h in range(1, HARMONICS + 1):
        found += [
            _feature(FAMILY_BEAT, f"harmonic_{h}_log", "1", f"log size of harmonic {h} of the beat, of all", True),
            _feature(
                FAMILY_BEAT, f"harmonic_{h}_cos", "1", f"cosine of the phase of harmonic {h} after the beat", True
            ),
            _feature(FAMILY_BEAT, f"harmonic_{h}_sin", "1", f"sine of the phase of harmonic {h} after the beat", True),
        ]
    return tuple(found)


FEATURES = _features()


def compute(view: RecordingView, windows: pd.DataFrame) -> pd.DataFrame:
    """Describe in every window what lies above the breathing band and what is locked to the beats.

    Parameters
    ----------
    view
        The recording; without beats on the same clock (0.2 s) the family ``beat_locked`` is missing.
    windows
        Columns ``start_s`` and ``window_s``.
    """
    values = {feature.name: np.full(len(windows), np.nan) for feature in FEATURES}
    above = np.nan_to_num(view.above.astype(float))
    breathing = np.nan_to_num(view.breathing.astype(float))
    phase = _phase(view)
    start, window_s = (windows[name].to_numpy(dtype=float) for name in ("start_s", "window_s"))
    first = np.searchsorted(view.time_s, start - 1e-6)
    last = np.searchsorted(view.time_s, start + window_s - 1e-6)
    for row, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        if b - a < SEGMENT_S * view.sampling_hz:
            continue
        found = _bands(above[a:b], breathing[a:b], view) | _beats(above[a:b], breathing[a:b], phase[a:b])
        for name, value in found.items():
            values[name][row] = value
    return in_columns(FEATURES, values, window_s=window_s)


def _bands(above: Floats, breathing: Floats, view: RecordingView) -> dict[str, float]:
    from eupnea.features.spectrum import welch_power

    hz, power = welch_power(above[None, :], view.sampling_hz, segment_s=SEGMENT_S)
    lowest = RESPIRATION[view.respiration_kind].breathing_max_hz
    total = float(power[0, hz >= lowest].sum())
    variance = float(breathing.var())
    values = {"above_breathing_log": _log(float(above.var()) / variance if variance > 0 else 0.0)}
    for low, high in pairwise(EDGES_HZ):
        if low >= lowest:
            size = float(power[0, (hz >= low - 1e-6) & (hz < high - 1e-6)].sum())
            values[f"power_{_band_name(low, high)}_log"] = _log(size)
            values[f"share_{_band_name(low, high)}_log"] = _log(size / total if total > 0 else 0.0)
    return values


def _beats(above: Floats, breathing: Floats, phase: Floats) -> dict[str, float]:
    known = np.isfinite(phase)
    beats = np.count_nonzero(np.diff(phase[known]) < 0)
    if beats < MIN_BEATS:
        return {}
    part = np.minimum((phase[known] * PHASES).astype(np.intp), PHASES - 1)
    count = np.bincount(part, minlength=PHASES)
    if not count.all():
        return {}
    mean = np.bincount(part, above[known], PHASES) / count
    mean = mean - mean.mean()
    size = float(np.sqrt(np.mean(mean**2)))
    variance, breath = float(above[known].var()), float(breathing.std())
    middle = (np.arange(PHASES) + 0.5) / PHASES
    waves = np.exp(-2j * np.pi * np.outer(np.arange(1, HARMONICS + 1), middle)) @ mean * (np.sqrt(2) / PHASES)
    values = {
        "amplitude_log": _log(size),
        "amplitude_breathing_log": _log(size / breath if breath > 0 else 0.0),
        "explained_share": size**2 / variance if variance > 0 else float("nan"),
    }
    for h, wave in enumerate(waves.tolist(), start=1):
        length = abs(wave)
        values[f"harmonic_{h}_log"] = _log(length / size if size > 0 else 0.0)
        values[f"harmonic_{h}_cos"] = wave.real / length if length > 0 else float("nan")
        values[f"harmonic_{h}_sin"] = wave.imag / length if length > 0 else float("nan")
    return values


def _phase(view: RecordingView) -> Floats:
    """Return where in the beat each sample of respiration lies, 0 to 1; NaN where beats are not known."""
    phase = np.full(view.time_s.size, np.nan)
    beats = np.unique(view.beats["time_s"].to_numpy(dtype=float))
    if not view.is_aligned or beats.size < 2:
        return phase
    after = np.searchsorted(beats, view.time_s, side="right")
    inside = (after > 0) & (after < beats.size)
    start, stop = beats[after[inside] - 1], beats[after[inside]]
    phase[inside] = np.where(stop - start <= LONGEST_RR_S, (view.time_s[inside] - start) / (stop - start), np.nan)
    return phase


def _log(value: float) -> float:
    return float(log_of(np.array([value]))[0])
