"""Shape of the averaged pulse: its outline on a fixed grid, and the landmarks of its wave."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.heart.average import AverageBeat, Waveform, average_beat, filtered_waveform
from eupnea.features.heart.define import cardiac, empty_columns, named_columns
from eupnea.features.heart.ecg_shape import grid_name
from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]

FAMILY = "pulse_shape"
BAND_HZ = (0.5, 15.0)
"""The pulse wave with its dicrotic notch (Elgendi 2012: up to 15 Hz for the second derivative)."""
ORDER = 2
GRID_S = np.arange(-5, 31) / 50.0
"""-0.1 to 0.6 s from the foot every 20 ms."""
SPREAD_EVERY = 3
"""The beat-to-beat spread is given at every third point of the grid."""
HARMONICS = (2, 3, 4, 5)
PHASE_POINTS = 64
MIN_S = 10.0

_SHAPE = "own definition: foot-aligned average, 0 at its lowest and 1 at its highest point"
_ELGENDI = "Elgendi (2012), Curr Cardiol Rev 8:14"
_TAKAZAWA = "Takazawa et al. (1998), Hypertension 32:365"

WAVE_FEATURES = tuple(
    cardiac(
        FAMILY,
        grid_name("wave", t),
        "1",
        f"averaged pulse {t * 1000:.0f} ms from the foot",
        _SHAPE,
        seconds=MIN_S,
        kinds="ppg",
    )
    for t in GRID_S.tolist()
)
SPREAD_FEATURES = tuple(
    cardiac(
        FAMILY,
        grid_name("log_spread", t),
        "1",
        f"natural logarithm of the beat-to-beat standard deviation {t * 1000:.0f} ms from the foot / pulse height",
        _SHAPE,
        seconds=MIN_S,
        kinds="ppg",
    )
    for t in GRID_S[::SPREAD_EVERY].tolist()
)
_LANDMARKS = {
    "crest_ms": ("ms", "foot to systolic peak", _ELGENDI),
    "width_25_ms": ("ms", "width at 25 % of the height", _ELGENDI),
    "width_50_ms": ("ms", "width at half height", _ELGENDI),
    "width_75_ms": ("ms", "width at 75 % of the height", _ELGENDI),
    "crest_share": ("1", "foot to systolic peak / interval", _ELGENDI),
    "steepest_per_s": ("1/s", "steepest rise / pulse height", _ELGENDI),
    "area_share": ("1", "mean of the pulse between two feet / height", _ELGENDI),
    "b_per_a": ("1", "second derivative: first trough / first peak", _TAKAZAWA),
    "c_per_a": ("1", "second derivative: highest point 20-120 ms after b / first peak", _TAKAZAWA),
    "d_per_a": ("1", "second derivative: lowest point 20-160 ms after c / first peak", _TAKAZAWA),
    "height_cv": ("1", "beat-to-beat standard deviation of the pulse height / mean", _ELGENDI),
}
LANDMARK_FEATURES = (
    *(
        cardiac(FAMILY, n, unit, text, source, seconds=MIN_S, kinds="ppg")
        for n, (unit, text, source) in _LANDMARKS.items()
    ),
    *(
        cardiac(
            FAMILY,
            f"log_harmonic_{h}",
            "1",
            f"natural logarithm of the amplitude of harmonic {h} / harmonic 1 of the pulse between two feet",
            "own definition",
            seconds=MIN_S,
            kinds="ppg",
        )
        for h in HARMONICS
    ),
    cardiac(
        FAMILY,
        "height_au",
        "au",
        "height of the averaged pulse",
        _ELGENDI,
        seconds=MIN_S,
        kinds="ppg",
        amplitude_free=False,
    ),
)
FEATURES = (*WAVE_FEATURES, *SPREAD_FEATURES, *LANDMARK_FEATURES)


def compute(view: RecordingView, windows: pd.DataFrame) -> pd.DataFrame:
    """Return one row of features per window; all missing for other signals than a photoplethysmogram."""
    waveform = filtered_waveform(view, BAND_HZ, ORDER) if view.cardiac_kind == "ppg" else None
    if waveform is None:
        return empty_columns(FEATURES, len(windows))
    waveform = _upright(waveform)
    values = np.full((len(windows), len(FEATURES)), np.nan)
    spans = windows[["start_s", "window_s"]].to_numpy(dtype=float).tolist()
    for row, (start_s, window_s) in enumerate(spans):
        values[row] = _window(waveform, (start_s, start_s + window_s))
    names = (feature.name for feature in FEATURES)
    return named_columns(FEATURES, dict(zip(names, values.T, strict=True)), windows)


def _upright(waveform: Waveform) -> Waveform:
    """Turn the signal so that it rises after the foot."""
    rise = waveform.cut(waveform.beat_s, RISE_S)
    change = rise[:, 1] - rise[:, 0]
    if np.nanmedian(change) >= 0:
        return waveform
    return Waveform(-waveform.values, waveform.sampling_hz, waveform.start_s, waveform.beat_s, waveform.rr_s)


RISE_S = np.array([0.0, 0.12])
"""Foot, and a point on the way to the systolic peak of an adult."""


def _window(waveform: Waveform, window: tuple[float, float]) -> Floats:
    row = np.full(len(FEATURES), np.nan)
    beat = average_beat(waveform, window, GRID_S)
    if beat is None or np.ptp(beat.mean) == 0:
        return row
    low, height = beat.mean.min(), np.ptp(beat.mean)
    with np.errstate(divide="ignore"):
        spread = np.log(beat.spread[::SPREAD_EVERY] / height)
    landmarks = _landmarks(waveform, beat) | {"height_au": float(height)}
    named = [landmarks.get(feature.name, np.nan) for feature in LANDMARK_FEATURES]
    return np.concatenate([(beat.mean - low) / height, spread, named])


FINE_S = np.arange(-10, 81) / 200.0
"""Grid that landmarks are read on: -0.05 to 0.4 s every 5 ms."""


def _landmarks(waveform: Waveform, beat: AverageBeat) -> dict[str, float]:
    pulses = waveform.cut(beat.beat_s, FINE_S)
    pulses = pulses[np.isfinite(pulses).all(axis=1)]
    if len(pulses) == 0:
        return {}
    wave = pulses.mean(axis=0)
    crest = int(wave.argmax())
    foot = int(wave[: crest + 1].argmin())
    unit = (wave - wave[foot]) / (wave[crest] - wave[foot]) if crest > foot else np.full(wave.size, np.nan)
    heights = pulses.max(axis=1) - pulses[:, : crest + 1].min(axis=1)
    step_s = FINE_S[1] - FINE_S[0]
    found = {
        "crest_ms": FINE_S[crest] * 1000.0,
        "crest_share": FINE_S[crest] / beat.rr_s,
        "steepest_per_s": float(np.gradient(unit, step_s).max()),
        "height_cv": float(heights.std(ddof=1) / heights.mean()) if len(heights) > 1 else np.nan,
    }
    for percent in (25, 50, 75):
        found[f"width_{percent}_ms"] = _width_ms(unit, crest, percent / 100.0, step_s)
    return found | _second_derivative(unit, step_s) | _cycle(waveform, beat)


def _width_ms(unit: Floats, crest: int, level: float, step_s: float) -> float:
    below_before = np.flatnonzero(unit[:crest] < level)
    below_after = np.flatnonzero(unit[crest:] < level)
    if below_before.size == 0 or below_after.size == 0:
        return float("nan")
    left, right = below_before[-1], crest + below_after[0]
    start = left + (level - unit[left]) / (unit[left + 1] - unit[left])
    stop = right - (level - unit[right]) / (unit[right - 1] - unit[right])
    return float((stop - start) * step_s * 1000.0)


def _second_derivative(unit: Floats, step_s: float) -> dict[str, float]:
    """Read the waves a to d of the acceleration plethysmogram."""
    curve = np.gradient(np.gradient(unit))
    early = int(0.2 / step_s)
    a = int(curve[:early].argmax())
    b = a + int(curve[a : a + int(0.15 / step_s)].argmin())
    near, middle, far = (int(seconds / step_s) for seconds in (0.02, 0.12, 0.16))
    if not np.isfinite(curve[a]) or curve[a] <= 0 or b + near + middle + far >= curve.size:
        return {}
    c = b + near + int(curve[b + near : b + middle].argmax())
    d = c + near + int(curve[c + near : c + far].argmin())
    return {f"{name}_per_a": float(curve[at] / curve[a]) for name, at in (("b", b), ("c", c), ("d", d))}


def _cycle(waveform: Waveform, beat: AverageBeat) -> dict[str, float]:
    """Average whole cycles from foot to foot on a common phase."""
    chosen = np.isin(waveform.beat_s, beat.beat_s) & np.isfinite(waveform.rr_s)
    phase = np.arange(PHASE_POINTS) / PHASE_POINTS
    start = (waveform.beat_s[chosen] - waveform.start_s) * waveform.sampling_hz
    from eupnea.beats.filters import pieces

    cycles = pieces(waveform.values, start, waveform.rr_s[chosen][:, None] * waveform.sampling_hz * phase)
    cycles = cycles[np.isfinite(cycles).all(axis=1)]
    if len(cycles) == 0:
        return {}
    mean = cycles.mean(axis=0)
    size = np.abs(np.fft.rfft(mean))
    found = {"area_share": float((mean.mean() - mean.min()) / np.ptp(mean)) if np.ptp(mean) > 0 else np.nan}
    if size[1] > 0:
        found |= {f"log_harmonic_{h}": float(np.log(max(size[h] / size[1], 1e-12))) for h in HARMONICS}
    return found
