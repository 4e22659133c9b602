"""Waves of averaged ECG beats: P, QRS and T."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from eupnea.compiled import JIT

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
QRS_MEASURES = ("qrs_onset_s", "qrs_end_s", "qrs_ms", "r_width_ms", "q_per_r", "s_per_r", "r_height_au", "st_per_r")
P_MEASURES = ("p_per_r", "p_peak_s", "p_onset_s", "pr_ms", "p_end_s", "p_ms")
T_MEASURES = ("t_per_r", "t_peak_s", "t_peak_ms", "t_asymmetry", "t_end_s", "t_peak_to_end_ms", "qt_ms", "qtc_ms")
MEASURES = (*QRS_MEASURES, *P_MEASURES, *T_MEASURES)
"""Durations in ms, heights relative to R, and the times of the waves' limits and peaks, s from R."""
P_FIRST, T_FIRST = len(QRS_MEASURES), len(QRS_MEASURES) + len(P_MEASURES)
TANGENT_MARGIN = 20
"""Samples of the grid that a tangent may reach beyond the piece looked at."""


def delineate(beat: Floats, time_s: Floats, rr_s: float, preset: DelineationPreset = PRESET) -> dict[str, float]:
    """Measure the waves of an averaged beat; `MEASURES` that cannot be told are left out. See `delineate_all`."""
    values = delineate_all(np.asarray(beat, dtype=float)[None], time_s, np.array([rr_s]), preset)[0]
    return {name: float(value) for name, value in zip(MEASURES, values, strict=True) if np.isfinite(value)}


def delineate_all(beats: Floats, time_s: Floats, rr_s: Floats, preset: DelineationPreset = PRESET) -> Floats:
    """Measure the waves of averaged beats.

    Parameters
    ----------
    beats
        Shape (k, m), averaged beats of either polarity, R at time 0.
    time_s
        Shape (m,), evenly spaced.
    rr_s
        Shape (k,), median interval of each, s: T is looked for before the next beat's P.
    preset
        Where the waves are looked for.

    Returns
    -------
    ndarray
        Shape (k, 22): `MEASURES`; NaN where one cannot be told.
    """
    measured = np.full((len(beats), len(MEASURES)), np.nan)
    if not len(beats):
        return measured
    step_s = time_s[1] - time_s[0]
    seconds = (*preset.qrs_reach_s, preset.quiet_s, preset.st_s, *preset.p_window_s, preset.p_reach_s)
    reach = tuple(max(1, round(s / step_s)) for s in (*seconds, preset.t_from_s, preset.t_reach_s))
    until = np.minimum(time_s.size - 2, np.searchsorted(time_s, preset.t_until * rr_s))
    slopes = np.gradient(beats, time_s, axis=1)
    _measure(beats, slopes, time_s, rr_s, until, reach, (preset.quiet_slope, preset.min_height), measured)
    return measured


@numba.njit(**JIT)
def _measure(
    beats: Any, slopes: Any, time_s: Any, rr_s: Any, until: Any, reach: Any, shares: Any, measured: Any
) -> None:
    """Write one row of measures per beat; `reach` and `shares` as the preset has them, in samples and as they are."""
    zero, step_s = np.argmin(np.abs(time_s)), time_s[1] - time_s[0]
    for row in range(len(beats)):
        beat, out = beats[row], measured[row]
        onset, end = _qrs_limits(slopes[row], zero, reach[0], reach[1], reach[2], shares[0])
        level = np.median(beat[max(0, onset - reach[2]) : onset + 1])
        height = beat[zero] - level
        if height == 0:
            continue
        relative = (beat - level) / height
        out[0], out[1] = time_s[onset], time_s[end]
        out[2], out[3] = (end - onset) * step_s * 1000.0, _half_width(relative, zero) * step_s * 1000.0
        out[4], out[5] = relative[onset : zero + 1].min(), relative[zero : end + 1].min()
        out[6] = abs(height)
        if end + reach[3] < beat.size:
            out[7] = relative[end + reach[3]]
        _p_wave(relative, time_s, onset, (reach[4], reach[5], reach[6]), shares[1], out[P_FIRST:])
        _t_wave(relative, time_s, onset, (end + reach[7], until[row], reach[8]), rr_s[row], shares[1], out[T_FIRST:])


@numba.njit(**JIT)
def _qrs_limits(slope: Any, zero: int, before: int, after: int, quiet: int, share: float) -> tuple[int, int]:
    """Walk outwards from R until the slope stays small."""
    first, last = max(0, zero - before), min(slope.size - 1, zero + after)
    least = share * np.abs(slope[first : last + 1]).max()
    onset, end = first, last
    steep = -1
    for place in range(zero - 1, first - 1, -1):
        if abs(slope[place]) > least:
            if steep >= 0 and steep - place > quiet:
                break
            steep = place
    if steep >= 0:
        onset = steep
    steep = -1
    for place in range(zero, last + 1):
        if abs(slope[place]) > least:
            if steep >= 0 and place - steep > quiet:
                break
            steep = place
    return onset, steep if steep >= 0 else end


@numba.njit(**JIT)
def _half_width(relative: Any, zero: int) -> float:
    """Return the width of R at half its height, in samples."""
    left, right = zero, zero
    while left > 0 and relative[left - 1] > 0.5:
        left -= 1
    while right < relative.size - 1 and relative[right + 1] > 0.5:
        right += 1
    if left == 0 or right == relative.size - 1:
        return math.nan
    start = left - (relative[left] - 0.5) / (relative[left] - relative[left - 1])
    stop = right + (relative[right] - 0.5) / (relative[right] - relative[right + 1])
    return float(stop - start)


@numba.njit(**JIT)
def _peak(relative: Any, first: int, last: int, least: float) -> int:
    """Return where the largest deflection between two places peaks; -1 where it is small or at their edge."""
    peak = first + np.abs(relative[first:last]).argmax()
    is_edge = peak in (first, last - 1)
    return -1 if is_edge or abs(relative[peak]) < least else peak


@numba.njit(**JIT)
def _p_wave(relative: Any, time_s: Any, onset: int, reach: Any, least: float, out: Any) -> None:
    """Write `P_MEASURES`; `reach` in samples: window from and until before QRS, flanks."""
    step_s = time_s[1] - time_s[0]
    first, last = onset - reach[0], onset - reach[1]
    if first < 1 or last - first < 3:
        return
    peak = _peak(relative, first, last, least)
    if peak < 0:
        return
    sign = np.sign(relative[peak])
    start = _tangent(relative, sign, peak, max(0, peak - reach[2]), -1)
    stop = _tangent(relative, sign, peak, min(onset, peak + reach[2]), 1)
    out[0], out[1] = relative[peak], time_s[peak]
    if not math.isnan(start):
        out[2], out[3] = _at(time_s, start), (onset - start) * step_s * 1000.0
        if not math.isnan(stop):
            out[4], out[5] = _at(time_s, min(stop, onset)), (min(stop, onset) - start) * step_s * 1000.0


@numba.njit(**JIT)
def _t_wave(relative: Any, time_s: Any, onset: int, places: Any, rr_s: float, least: float, out: Any) -> None:
    """Write `T_MEASURES`; `places` in samples: looked at from, looked at until, reach of the flanks."""
    step_s = time_s[1] - time_s[0]
    first, last, reach = places
    if last - first < 5:
        return
    peak = _peak(relative, first, last, least)
    if peak < 0:
        return
    sign = np.sign(relative[peak])
    start, limit = max(first, peak - reach), min(relative.size - 1, peak + reach)
    rise, fall = _steepest(relative, sign, start, peak), _steepest(relative, -sign, peak, limit)
    out[0], out[1], out[2] = relative[peak], time_s[peak], time_s[peak] * 1e3
    if fall > rise:
        out[3] = (peak - rise) / (fall - rise)
    stop = _tangent(relative, sign, peak, limit, 1)
    if not math.isnan(stop):
        out[4], out[5] = _at(time_s, stop), (stop - peak) * step_s * 1000.0
        out[6] = (stop - onset) * step_s * 1000.0
        out[7] = out[6] / rr_s ** (1 / 3)


@numba.njit(**JIT)
def _at(time_s: Any, place: float) -> float:
    """Return the time of a place between samples."""
    return float(time_s[0] + place * (time_s[1] - time_s[0]))


@numba.njit(**JIT)
def _steepest(values: Any, sign: float, first: int, last: int) -> int:
    """Return where the values (times a sign) rise most, by central differences, one-sided at both ends."""
    steepest, most = first, sign * values[first + 1] - sign * values[first]
    for place in range(first + 1, last):
        rise = (sign * values[place + 1] - sign * values[place - 1]) / 2.0
        if rise > most:
            steepest, most = place, rise
    return last if sign * values[last] - sign * values[last - 1] > most else steepest


@numba.njit(**JIT)
def _tangent(relative: Any, sign: float, peak: int, limit: int, direction: int) -> float:
    """Return where the tangent at the steepest point beside a peak meets the baseline, in samples."""
    size = (limit - peak) * direction + 1
    if size < 4:
        return math.nan
    steepest, least = 0, math.inf
    for step in range(size - 1):
        place = peak + direction * step
        fall = sign * relative[place + direction] - sign * relative[place]
        if fall < least:
            steepest, least = step, fall
    if least >= 0:
        return math.nan
    place = peak + direction * steepest
    middle = (sign * relative[place] + sign * relative[place + direction]) / 2
    along = steepest + 0.5 - middle / least
    return float(peak + direction * along) if along <= size + TANGENT_MARGIN else math.nan
