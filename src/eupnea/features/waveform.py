"""The shape of the average breath: amplitude-normalised, on a fixed grid, in fixed waves.

Nothing here is fitted to people: harmonics and cosines are the same for everybody. Where the breathing band ends at
0.7 Hz, breaths faster than 25 per minute have too few harmonics left to have a shape: their features are missing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.breath_matrix import WindowBreaths, row_mean, row_median, window_breaths
from eupnea.features.define import breathing, in_columns
from eupnea.features.registry import Feature
from eupnea.features.remeasured import breathing_at, is_volume
from eupnea.features.views import RecordingView
from eupnea.signals.presets import RESPIRATION

Floats = NDArray[np.float64]

FAMILY = "waveform"
MIN_BREATHS = 4
"""Breaths that an average shape needs (assumed)."""
GRID, HALF_GRID = 64, 32
"""Points of a whole breath, and of its inspiration or expiration."""
HARMONICS = 5
"""Harmonics of the whole breath: five of 15 breaths/min end at 1.25 Hz."""
COSINES = 6
"""Cosines that the curve of inspiration and of expiration is compressed into."""
FASTEST_BPM = 25.0
"""Breathing faster than this has no shape in a signal that ends at `NARROW_HZ` (study design)."""
NARROW_HZ = 1.0
"""Bands that end below this are narrow."""

_FLOW_KINDS = "airflow,nasal_pressure"
"""Shapes mean the same for sensors that show flow; belts show volume, thermistors and CO2 lag."""

_MISSING = f"; missing above {FASTEST_BPM:g} breaths/min where the band ends below {NARROW_HZ:g} Hz"


def _features() -> tuple[Feature, ...]:
    def new(name: str, unit: str, words: str) -> Feature:
        return breathing(FAMILY, name, unit, words + _MISSING, breaths=MIN_BREATHS, kinds=_FLOW_KINDS)

    found = []
    for h in range(2, HARMONICS + 1):
        found += [
            new(f"harmonic_{h}_log", "1", f"log size of harmonic {h} over the first, mean breath"),
            new(f"harmonic_{h}_cos", "1", f"cosine of the phase of harmonic {h} against {h} times the first's"),
            new(f"harmonic_{h}_sin", "1", f"sine of the phase of harmonic {h} against {h} times the first's"),
        ]
    found += [
        new("first_phase_cos", "1", "cosine of the first harmonic's phase at the start of inspiration"),
        new("first_phase_sin", "1", "sine of the first harmonic's phase at the start of inspiration"),
    ]
    for side, words in (("inhale", "inspiration"), ("exhale", "expiration")):
        found += [
            new(f"{side}_cosine_{k}", "1", f"cosine {k} of the mean curve of {words}, time and height from 0 to 1")
            for k in range(COSINES)
        ]
    found += [
        new("skewness", "1", "skewness of the mean breath over time"),
        new("kurtosis", "1", "excess kurtosis of the mean breath over time"),
        new("roughness", "1", "root mean square curvature over that of a sine of one period, mean breath"),
        new("rise_share", "1", "share of the mean breath from its lowest to its highest point, going up"),
        new("above_half", "1", "share of the mean breath above half of its height"),
        new("rise_fall_log", "1", "log of the steepest rise over the steepest fall, mean breath"),
        new("shape_spread", "1", "root mean square distance of single breaths from the mean breath"),
        new("shape_spread_inhale", "1", "the same during inspiration, time from 0 to 1"),
        new("shape_spread_exhale", "1", "the same during expiration, time from 0 to 1"),
    ]
    return tuple(found)


FEATURES = _features()


def compute(view: RecordingView, inside: WindowBreaths, windows: pd.DataFrame) -> pd.DataFrame:
    """Compute the shape of the average breath of every window.

    Parameters
    ----------
    view
        The recording; the signal limited to the breathing band is used, never what lies above.
    inside
        The valid breaths of each window.
    windows
        Column ``window_s``.
    """
    whole, inhale, exhale = breath_curves(view, inside.breaths)
    values = _harmonics(_average(whole, inside)) | _outline(_average(whole, inside))
    for side, curves in (("inhale", inhale), ("exhale", exhale)):
        values |= _cosines(side, _average(curves, inside))
        values[f"shape_spread_{side}"] = _scatter(curves, inside)
    values["shape_spread"] = _scatter(whole, inside)
    has_shape = is_slow_enough(view, inside)
    values = {name: np.where(has_shape, value, np.nan) for name, value in values.items()}
    return in_columns(FEATURES, values, window_s=windows["window_s"].to_numpy(dtype=float), n_breaths=inside.count)


def breath_curves(view: RecordingView, breaths: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Bring every breath to a fixed grid.

    Returns
    -------
    whole
        Shape (k, 64): the whole breath without the line from its start to its end, divided by its root mean square.
    inhale, exhale
        Shape (k, 32): inspiration and expiration from 0 to 1 in time; volume (belt): from 0 to 1 in height; flow:
        divided by its mean.
    """
    onset, turn, end = (
        breaths[name].to_numpy(dtype=float)[:, None] for name in ("inhale_onset_s", "exhale_onset_s", "end_s")
    )
    whole_at = onset + (end - onset) * (np.arange(GRID) / GRID)
    half = (np.arange(HALF_GRID) + 0.5) / HALF_GRID
    inhale = breathing_at(view, onset + (turn - onset) * half)
    exhale = breathing_at(view, turn + (end - turn) * half)
    start, top, stop = (breathing_at(view, when) for when in (onset, turn, end))
    line = (start + (stop - start) * (np.arange(GRID) / GRID)) if is_volume(view.respiration_kind) else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = breathing_at(view, whole_at) - line
        whole = whole - whole.mean(axis=1, keepdims=True)
        whole = whole / np.sqrt((whole**2).mean(axis=1, keepdims=True))
        if is_volume(view.respiration_kind):
            return whole, (inhale - start) / (top - start), (exhale - stop) / (top - stop)
        return whole, inhale / inhale.mean(axis=1, keepdims=True), exhale / exhale.mean(axis=1, keepdims=True)


def _average(curves: Floats, inside: WindowBreaths) -> Floats:
    """Return the median curve of each window; shape (n_windows, grid)."""
    padded = np.vstack([curves, np.full((1, curves.shape[1]), np.nan)])[inside.place]
    n, width, grid = padded.shape
    return row_median(padded.transpose(0, 2, 1).reshape(n * grid, width)).reshape(n, grid)


def _scatter(curves: Floats, inside: WindowBreaths) -> Floats:
    """Return the root mean square distance of breaths from their window's average; the median over breaths."""
    padded = np.vstack([curves, np.full((1, curves.shape[1]), np.nan)])[inside.place]
    distance = np.sqrt(((padded - _average(curves, inside)[:, None, :]) ** 2).mean(axis=2))
    return row_median(distance)


def _harmonics(mean: Floats) -> dict[str, Floats]:
    waves = np.exp(-2j * np.pi * np.outer(np.arange(GRID) / GRID, np.arange(1, HARMONICS + 1)))
    found = np.nan_to_num(mean) @ waves
    found[~np.isfinite(mean).all(axis=1)] = np.nan
    phase = np.angle(found)
    values = {"first_phase_cos": np.cos(phase[:, 0]), "first_phase_sin": np.sin(phase[:, 0])}
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.log(np.abs(found) / np.abs(found[:, :1]))
    for h in range(2, HARMONICS + 1):
        relative = phase[:, h - 1] - h * phase[:, 0]
        values |= {
            f"harmonic_{h}_log": size[:, h - 1],
            f"harmonic_{h}_cos": np.cos(relative),
            f"harmonic_{h}_sin": np.sin(relative),
        }
    return values


def _cosines(side: str, mean: Floats) -> dict[str, Floats]:
    angle = np.pi * np.outer((np.arange(HALF_GRID) + 0.5) / HALF_GRID, np.arange(COSINES))
    found = mean @ np.cos(angle) / HALF_GRID
    return {f"{side}_cosine_{k}": found[:, k] for k in range(COSINES)}


def _outline(mean: Floats) -> dict[str, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = mean - mean.mean(axis=1, keepdims=True)
        sd = np.sqrt((centred**2).mean(axis=1, keepdims=True))
        z = centred / sd
        slope = np.roll(z, -1, axis=1) - np.roll(z, 1, axis=1)
        curvature = np.roll(z, -1, axis=1) - 2 * z + np.roll(z, 1, axis=1)
        low, high = mean.min(axis=1), mean.max(axis=1)
        known = np.isfinite(mean).all(axis=1)
        return {
            "skewness": (z**3).mean(axis=1),
            "kurtosis": (z**4).mean(axis=1) - 3.0,
            "roughness": np.sqrt((curvature**2).mean(axis=1)) / (2 - 2 * np.cos(2 * np.pi / GRID)),
            "rise_share": np.where(known, ((mean.argmax(axis=1) - mean.argmin(axis=1)) % GRID) / GRID, np.nan),
            "above_half": np.where(known, (mean > ((low + high) / 2)[:, None]).mean(axis=1), np.nan),
            "rise_fall_log": np.log(slope.max(axis=1) / -slope.min(axis=1)),
        }


def without_shape(view: RecordingView, windows: pd.DataFrame) -> pd.DataFrame:
    """Return the windows that are breathed too fast for shapes: columns ``start_s``, ``window_s``, ``reason``."""
    if not view.respiration_kind or not len(windows):
        return windows.head(0)[["start_s", "window_s"]].assign(reason=pd.Series(dtype="str"))
    too_fast = ~is_slow_enough(view, window_breaths(view.breaths, windows))
    reason = f"shape of breaths: faster than {FASTEST_BPM:g} breaths/min"
    return windows.loc[too_fast, ["start_s", "window_s"]].reset_index(drop=True).assign(reason=reason)


def is_slow_enough(view: RecordingView, inside: WindowBreaths) -> NDArray[np.bool_]:
    """Say in which windows the breathing band can hold the shape of breaths as fast as these; shape (n_windows,)."""
    if view.respiration_kind in RESPIRATION and RESPIRATION[view.respiration_kind].breathing_max_hz >= NARROW_HZ:
        return np.ones(len(inside.place), dtype=bool)
    total = row_mean(inside.matrix("total_s"))
    return ~(total < 60.0 / FASTEST_BPM)
