"""The average beat of a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eupnea.beats.filters import band_pass, bridge_gaps, pieces, without_mains
from eupnea.beats.kernels import alike, mean_and_spread
from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]

MIN_BEATS = 5
"""Fewest beats in an average (assumed)."""
MIN_SIMILARITY = 0.7
"""Least correlation with the window's median beat of a beat that enters its average (assumed)."""
LARGEST = 5.0
"""A beat larger than this many median ones is an electrode that came off: it would be all of the average (assumed)."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """A filtered cardiac signal with the beats that may be averaged.

    Attributes
    ----------
    values
        Shape (n,); NaN where samples are missing.
    sampling_hz, start_s
        Its rate and the time of its first sample.
    beat_s
        Shape (k,): times of the beats whose interval is normal.
    rr_s
        Shape (k,): interval to the next beat, s; NaN where the next interval is not normal.
    """

    values: Floats
    sampling_hz: float
    start_s: float
    beat_s: Floats
    rr_s: Floats

    def cut(self, beat_s: Floats, grid_s: Floats) -> Floats:
        """Cut the signal at `grid_s` around beats; shape (k, m), NaN where it is missing."""
        return pieces(self.values, (beat_s - self.start_s) * self.sampling_hz, grid_s * self.sampling_hz)


@dataclass(frozen=True, slots=True)
class AverageBeat:
    """Mean and beat-to-beat standard deviation at every point of the grid, shape (m,), and the beats behind them."""

    mean: Floats
    spread: Floats
    beat_s: Floats
    rr_s: float


def filtered_waveform(
    view: RecordingView, band_hz: tuple[float, float], order: int, *, mains_hz: tuple[float, ...] = ()
) -> Waveform | None:
    """Filter the cardiac waveform of a recording; None when there is none or it cannot carry the band."""
    if view.cardiac.size == 0 or len(view.beats) == 0 or not view.cardiac_hz > 2 * band_hz[0]:
        return None
    filled, missing = bridge_gaps(view.cardiac)
    passed = band_pass(filled, view.cardiac_hz, band_hz, order, padding="even")
    values = without_mains(passed, view.cardiac_hz, mains_hz)
    values[missing] = np.nan
    beats = view.beats.sort_values("time_s", kind="stable")
    is_normal = beats["artefact"].to_numpy(dtype=object) == "normal"
    rr_s = np.append(beats["rr_corrected_ms"].to_numpy(dtype=float)[1:] / 1000.0, np.nan)
    rr_s = np.where(np.append(is_normal[1:], False), rr_s, np.nan)
    time_s = beats["time_s"].to_numpy(dtype=float)
    return Waveform(values, view.cardiac_hz, view.cardiac_start_s, time_s[is_normal], rr_s[is_normal])


def average_beat(
    waveform: Waveform,
    window_s: tuple[float, float],
    grid_s: Floats,
    *,
    stretch_from_s: float = np.inf,
    stretch_power: float = 0.0,
) -> AverageBeat | None:
    """Average the beats of one window; None when fewer than five are alike.

    Parameters
    ----------
    waveform
        The signal and its beats.
    window_s
        Where the window starts and ends, s. Only beats whose whole piece lies inside are used.
    grid_s
        Shape (m,): times around the beat.
    stretch_from_s, stretch_power
        The grid after `stretch_from_s` is stretched by the window's median interval (in s) to this power.
    """
    start_s, end_s = window_s
    inside = (waveform.beat_s >= start_s) & (waveform.beat_s < end_s)
    intervals = waveform.rr_s[inside]
    if np.isfinite(intervals).sum() < MIN_BEATS - 1:
        return None
    rr_s = float(np.nanmedian(intervals))
    late = grid_s > stretch_from_s
    stretched = (
        np.where(late, stretch_from_s + (grid_s - stretch_from_s) * rr_s**stretch_power, grid_s)
        if late.any()
        else grid_s
    )
    beat_s = waveform.beat_s[inside]
    beat_s = beat_s[(beat_s + stretched[0] >= start_s) & (beat_s + stretched[-1] <= end_s)]
    cut = waveform.cut(beat_s, stretched)
    rows = alike(cut, MIN_SIMILARITY, LARGEST)
    if rows.size < MIN_BEATS:
        return None
    mean, spread = np.empty(cut.shape[1]), np.empty(cut.shape[1])
    mean_and_spread(cut, rows, mean, spread)
    return AverageBeat(mean, spread, beat_s[rows], rr_s)
