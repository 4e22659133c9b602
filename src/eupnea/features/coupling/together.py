"""Breathing and heart on one time base, window by window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.heart.intervals import WindowIntervals, window_intervals
from eupnea.features.registry import BEAT_KINDS
from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]

RATE_HZ = 4.0
"""Common sampling of breathing and intervals (Task Force 1996)."""
LOW_PASS_HZ = 1.0
"""Breathing is limited to this before it is sampled at 4 Hz: nothing of the coupling lies above."""
ORDER = 4
MIN_VALID_SHARE = 0.75
"""Least share of valid respiration samples, and of the window covered by valid breaths (assumed)."""
MIN_BREATHS = 4
"""Fewest valid breaths wholly inside a window (assumed)."""


@dataclass(frozen=True, slots=True)
class WindowPair:
    """What the families see of one window.

    Attributes
    ----------
    start_s, window_s
        The window.
    beat_s, rr_ms
        Shape (k,): end and length of its intervals.
    time_s, even_rr_ms, even_breathing
        Shape (n,): sampled at 4 Hz, intervals by natural cubic spline.
    breaths
        Shape (b, 3): onset of inspiration, of expiration, and end, s, of its valid breaths.
    """

    start_s: float
    window_s: float
    beat_s: Floats
    rr_ms: Floats
    time_s: Floats
    even_rr_ms: Floats
    even_breathing: Floats
    breaths: Floats

    @property
    def breathing_hz(self) -> float:
        """Mean breathing frequency: the inverse of the mean breath duration."""
        return float(1.0 / np.mean(self.breaths[:, 2] - self.breaths[:, 0]))


def window_pairs(view: RecordingView, windows: pd.DataFrame) -> list[WindowPair | None]:
    """Bring breathing and heart of every window together; None where one is missing, bad, or not aligned.

    Parameters
    ----------
    view
        The recording.
    windows
        Columns ``start_s``, ``window_s``.
    """
    nothing: list[WindowPair | None] = [None] * len(windows)
    has_heart = view.cardiac_kind in BEAT_KINDS.split(",") and len(view.beats) > 0
    if not (view.is_aligned and has_heart and view.time_s.size > 1 and len(view.breaths) > 0):
        return nothing
    intervals = window_intervals(view.beats, windows)
    breathing = _slow_breathing(view)
    breaths = view.breaths[view.breaths["is_valid"].to_numpy(dtype=bool)]
    borders = breaths[["inhale_onset_s", "exhale_onset_s", "end_s"]].to_numpy(dtype=float)
    borders = borders[np.isfinite(borders).all(axis=1)]
    borders = borders[np.argsort(borders[:, 0], kind="stable")]
    return [_pair(view, intervals, row, breathing, borders) for row in range(len(windows))]


def _slow_breathing(view: RecordingView) -> Floats:
    from scipy import signal

    from eupnea.beats.filters import bridge_gaps

    values, _ = bridge_gaps(view.breathing)
    if view.sampling_hz <= 2 * LOW_PASS_HZ or values.size < MIN_SAMPLES:
        return values
    sections = signal.butter(ORDER, LOW_PASS_HZ, fs=view.sampling_hz, output="sos")
    return np.asarray(signal.sosfiltfilt(sections, values, padlen=min(values.size - 1, MIN_SAMPLES)))


MIN_SAMPLES = 50


def _pair(
    view: RecordingView, intervals: WindowIntervals, row: int, breathing: Floats, borders: Floats
) -> WindowPair | None:
    from eupnea.features.heart.kernels import resample

    start_s, window_s = float(intervals.start_s[row]), float(intervals.window_s[row])
    inside = (borders[:, 0] >= start_s - HAIR_S) & (borders[:, 2] <= start_s + window_s + HAIR_S)
    breaths = borders[inside]
    samples = slice(*np.searchsorted(view.time_s, (start_s, start_s + window_s)))
    expected = window_s * view.sampling_hz
    if (
        intervals.count[row] == 0
        or len(breaths) < MIN_BREATHS
        or np.count_nonzero(view.is_valid[samples]) < MIN_VALID_SHARE * expected
        or (breaths[:, 2] - breaths[:, 0]).sum() < MIN_BREATH_COVER * window_s
    ):
        return None
    time_s = start_s + np.arange(round(window_s * RATE_HZ)) / RATE_HZ
    even = np.empty((1, time_s.size))
    one = slice(row, row + 1)
    resample(
        intervals.time_s,
        intervals.rr_ms,
        intervals.first[one],
        intervals.last[one],
        intervals.start_s[one],
        RATE_HZ,
        even,
    )
    own = slice(intervals.first[row], intervals.last[row])
    even_breathing = np.interp(time_s, view.time_s, breathing)
    return WindowPair(
        start_s, window_s, intervals.time_s[own], intervals.rr_ms[own], time_s, even[0], even_breathing, breaths
    )


HAIR_S = 1e-6
MIN_BREATH_COVER = 0.5
"""Least share of the window covered by whole valid breaths (assumed)."""


def breath_phase(breaths: Floats, time_s: Floats) -> Floats:
    """Return the running phase of breathing at some times.

    Inspiration runs from 0 to π and expiration from π to 2π, each evenly in time; every breath adds 2π. NaN outside
    valid breaths.

    Parameters
    ----------
    breaths
        Shape (b, 3): onset of inspiration, of expiration, and end, s, in order of time.
    time_s
        Shape (n,).
    """
    row = np.clip(np.searchsorted(breaths[:, 0], time_s, side="right") - 1, 0, len(breaths) - 1)
    onset, turn, end = breaths[row].T
    inhaling = time_s < turn
    with np.errstate(divide="ignore", invalid="ignore"):
        phase = np.where(inhaling, (time_s - onset) / (turn - onset), 1 + (time_s - turn) / (end - turn))
    inside = (time_s >= onset) & (time_s < end)
    return np.where(inside, np.pi * (phase + 2 * row), np.nan)
