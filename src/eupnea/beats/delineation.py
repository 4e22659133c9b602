"""Waves of an averaged ECG beat: P, QRS and T."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DelineationPreset:
    """Where the waves of a beat are looked for, s from R (adult ECG, Kligfield et al. 2007).

    Attributes
    ----------
    qrs_reach_s
        QRS lies within this before and after R.
    quiet_slope
        QRS ends where the slope stays below this share of its steepest.
    quiet_s
        … for so long.
    p_window_s
        P peaks within this before the onset of QRS.
    t_from_s, t_until
        T peaks from so long after the end of QRS until this share of the interval after R.
    p_reach_s, t_reach_s
        Steepest flanks lie within this of the peak of P and of T.
    min_height
        Least height of P and T against R: smaller ones are not delineated.
    st_s
        The ST level is read so long after the end of QRS.
    """

    qrs_reach_s: tuple[float, float] = (0.1, 0.12)
    quiet_slope: float = 0.08
    quiet_s: float = 0.01
    p_window_s: tuple[float, float] = (0.22, 0.02)
    t_from_s: float = 0.06
    t_until: float = 0.6
    p_reach_s: float = 0.08
    t_reach_s: float = 0.14
    min_height: float = 0.02
    st_s: float = 0.06


PRESET = DelineationPreset()
FINE_S = np.arange(-140, 241) / 400.0
"""Grid that the waves are delineated on: -0.35 to 0.6 s every 2.5 ms."""


def delineate(beat: Floats, time_s: Floats, rr_s: float, preset: DelineationPreset = PRESET) -> dict[str, float]:
    """Measure the waves of an averaged beat.

    Parameters
    ----------
    beat
        Shape (m,), averaged beat of either polarity, R at time 0.
    time_s
        Shape (m,), evenly spaced.
    rr_s
        Median interval, s: T is looked for before the next beat's P.
    preset
        Where the waves are looked for.

    Returns
    -------
    dict
        Durations in ms, heights relative to R, and the times of the waves' limits and peaks, s from R (``p_onset_s``,
        ``t_end_s``, …); a wave that cannot be told is left out.
    """
    slope = np.gradient(beat, time_s)
    zero = int(np.argmin(np.abs(time_s)))
    onset, end = _qrs_limits(slope, time_s, zero, preset)
    level = float(np.median(beat[max(0, onset - _samples(time_s, preset.quiet_s)) : onset + 1]))
    height = beat[zero] - level
    if height == 0:
        return {}
    relative = (beat - level) / height
    waves = {
        "qrs_onset_s": float(time_s[onset]),
        "qrs_end_s": float(time_s[end]),
        "qrs_ms": _ms(time_s, onset, end),
        "r_width_ms": _half_width_ms(relative, time_s, zero),
        "q_per_r": float(relative[onset : zero + 1].min()),
        "s_per_r": float(relative[zero : end + 1].min()),
        "r_height_au": float(abs(height)),
    }
    st = end + _samples(time_s, preset.st_s)
    if st < beat.size:
        waves["st_per_r"] = float(relative[st])
    return waves | _p_wave(relative, time_s, onset, preset) | _t_wave(relative, time_s, onset, end, rr_s, preset)


def _samples(time_s: Floats, seconds: float) -> int:
    return max(1, round(seconds / (time_s[1] - time_s[0])))


def _ms(time_s: Floats, start: float, stop: float) -> float:
    return float((stop - start) * (time_s[1] - time_s[0]) * 1000.0)


def _at(time_s: Floats, place: float) -> float:
    """Return the time of a place between samples."""
    return float(time_s[0] + place * (time_s[1] - time_s[0]))


def _qrs_limits(slope: Floats, time_s: Floats, zero: int, preset: DelineationPreset) -> tuple[int, int]:
    """Walk outwards from R until the slope stays small."""
    first = max(0, zero - _samples(time_s, preset.qrs_reach_s[0]))
    last = min(slope.size - 1, zero + _samples(time_s, preset.qrs_reach_s[1]))
    steep = np.abs(slope) > preset.quiet_slope * np.abs(slope[first : last + 1]).max()
    quiet = _samples(time_s, preset.quiet_s)
    onset, end = first, last
    before = np.flatnonzero(steep[first:zero]) + first
    after = np.flatnonzero(steep[zero : last + 1]) + zero
    if before.size:
        breaks = np.flatnonzero(np.diff(before) > quiet)
        onset = int(before[breaks[-1] + 1] if breaks.size else before[0])
    if after.size:
        breaks = np.flatnonzero(np.diff(after) > quiet)
        end = int(after[breaks[0]] if breaks.size else after[-1])
    return onset, end


def _half_width_ms(relative: Floats, time_s: Floats, zero: int) -> float:
    left, right = zero, zero
    while left > 0 and relative[left - 1] > 0.5:
        left -= 1
    while right < relative.size - 1 and relative[right + 1] > 0.5:
        right += 1
    if left == 0 or right == relative.size - 1:
        return float("nan")
    start = left - (relative[left] - 0.5) / (relative[left] - relative[left - 1])
    stop = right + (relative[right] - 0.5) / (relative[right] - relative[right + 1])
    return _ms(time_s, start, stop)


def _p_wave(relative: Floats, time_s: Floats, onset: int, preset: DelineationPreset) -> dict[str, float]:
    first = onset - _samples(time_s, preset.p_window_s[0])
    last = onset - _samples(time_s, preset.p_window_s[1])
    if first < 1 or last - first < 3:
        return {}
    peak = first + int(np.abs(relative[first:last]).argmax())
    if peak in (first, last - 1) or abs(relative[peak]) < preset.min_height:
        return {}
    sign = np.sign(relative[peak])
    reach = _samples(time_s, preset.p_reach_s)
    start = _tangent(sign * relative, peak, max(0, peak - reach), -1)
    stop = _tangent(sign * relative, peak, min(onset, peak + reach), 1)
    waves = {"p_per_r": float(relative[peak]), "p_peak_s": float(time_s[peak])}
    if np.isfinite(start):
        waves["p_onset_s"] = _at(time_s, start)
        waves["pr_ms"] = _ms(time_s, start, onset)
        if np.isfinite(stop):
            waves["p_end_s"] = _at(time_s, min(stop, onset))
            waves["p_ms"] = _ms(time_s, start, min(stop, onset))
    return waves


def _t_wave(
    relative: Floats, time_s: Floats, onset: int, end: int, rr_s: float, preset: DelineationPreset
) -> dict[str, float]:
    first = end + _samples(time_s, preset.t_from_s)
    last = min(relative.size - 2, int(np.searchsorted(time_s, preset.t_until * rr_s)))
    if last - first < 5:
        return {}
    peak = first + int(np.abs(relative[first:last]).argmax())
    if peak in (first, last - 1) or abs(relative[peak]) < preset.min_height:
        return {}
    upright = np.sign(relative[peak]) * relative
    waves = {"t_per_r": float(relative[peak]), "t_peak_s": float(time_s[peak]), "t_peak_ms": float(time_s[peak] * 1e3)}
    reach = _samples(time_s, preset.t_reach_s)
    start, limit = max(first, peak - reach), min(relative.size - 1, peak + reach)
    rise = start + int(np.gradient(upright[start : peak + 1]).argmax())
    fall = peak + int(np.gradient(upright[peak : limit + 1]).argmin())
    if fall > rise:
        waves["t_asymmetry"] = (peak - rise) / (fall - rise)
    stop = _tangent(upright, peak, limit, 1)
    if np.isfinite(stop):
        waves["t_end_s"] = _at(time_s, stop)
        waves["t_peak_to_end_ms"] = _ms(time_s, peak, stop)
        waves["qt_ms"] = _ms(time_s, onset, stop)
        waves["qtc_ms"] = waves["qt_ms"] / rr_s ** (1 / 3)
    return waves


def _tangent(upright: Floats, peak: int, limit: int, direction: int) -> float:
    """Return where the tangent at the steepest point beside a peak meets the baseline, in samples."""
    path = np.arange(peak, limit + direction, direction)
    if path.size < 4:
        return float("nan")
    walk = upright[path]
    steps = np.diff(walk)
    steepest = int(steps.argmin())
    if steps[steepest] >= 0:
        return float("nan")
    middle = (walk[steepest] + walk[steepest + 1]) / 2
    along = steepest + 0.5 - middle / steps[steepest]
    return float(peak + direction * along) if along <= path.size + TANGENT_MARGIN else float("nan")


TANGENT_MARGIN = 20
"""Samples of the grid that a tangent may reach beyond the piece looked at."""
