"""Which intervals are not from one sinus beat to the next, and what they would have been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.beats.presets import ARTEFACTS, ArtefactPreset

Floats = NDArray[np.float64]

NORMAL, ECTOPIC, MISSED, EXTRA, LONG_SHORT = "normal", "ectopic", "missed", "extra", "long_short"


@dataclass(frozen=True, slots=True)
class JudgedIntervals:
    """Intervals with their class and their corrected length.

    Attributes
    ----------
    artefact
        Shape (n,), text: normal, ectopic, missed, extra, long_short.
    corrected_ms
        Shape (n,), ms; NaN where the interval cannot be known.
    """

    artefact: NDArray[np.object_]
    corrected_ms: Floats


@dataclass(frozen=True, slots=True)
class _Plane:
    """Successive differences and deviations from the local median, in units of their local thresholds."""

    difference: Floats
    deviation: Floats
    median_ms: Floats
    deviation_threshold_ms: Floats


def judge_intervals(
    rr_ms: Floats,
    is_known: NDArray[np.bool_],
    *,
    longest_run: int = 5,
    limits_ms: tuple[float, float] = (270.0, 2000.0),
    preset: ArtefactPreset = ARTEFACTS,
) -> JudgedIntervals:
    """Classify and correct the intervals between beats.

    Ectopic beats show as a short-long or long-short pair, missed ones as a multiple of the local median, extra ones
    as two intervals that together make one. Both intervals at an ectopic beat carry its label. A missed beat's
    interval is divided, an extra beat is taken out (its own interval is missing, the next one is their sum), the
    others are interpolated between their normal neighbours over the beat number.

    Parameters
    ----------
    rr_ms
        Shape (n,), intervals as found, ms; NaN where there is none (the first beat).
    is_known
        Shape (n,): false where beats may be hidden (gaps of the signal): these are called missed and stay missing.
    longest_run
        Most intervals in a row that are interpolated.
    limits_ms
        Shortest and longest plausible interval.
    preset
        Thresholds of the method.

    References
    ----------
    Lipponen & Tarvainen (2019), J Med Eng Technol 43:173. One pass instead of repeated ones; a least threshold for
    metronomic hearts and the division by more than two are added.
    """
    artefact = np.full(rr_ms.size, NORMAL, dtype=object)
    corrected = np.where(is_known, rr_ms, np.nan)
    known = np.flatnonzero(is_known & np.isfinite(rr_ms))
    if known.size >= MIN_INTERVALS:
        starts_anew = np.diff(known, prepend=-2) != 1
        labels, lengths = _classify(rr_ms[known], starts_anew, preset)
        outside = (rr_ms[known] < limits_ms[0]) | (rr_ms[known] > limits_ms[1])
        bad = outside & (labels == NORMAL) & (lengths == rr_ms[known])
        labels[bad], lengths[bad] = LONG_SHORT, np.nan
        artefact[known], corrected[known] = labels, lengths
    artefact[~is_known & np.isfinite(rr_ms)] = MISSED
    wanted = np.isin(artefact, (ECTOPIC, LONG_SHORT)) & is_known
    return JudgedIntervals(artefact, _interpolate(corrected, wanted, longest_run))


MIN_INTERVALS = 4


def _plane(rr_ms: Floats, starts_anew: NDArray[np.bool_], preset: ArtefactPreset) -> _Plane:
    difference = np.diff(rr_ms, prepend=rr_ms[0])
    difference[starts_anew] = 0.0
    median = _rolling(rr_ms, preset.median_window, 0.5)
    deviation = rr_ms - median
    deviation[deviation < 0] *= 2
    threshold = _threshold(difference, preset)
    deviation_threshold = _threshold(deviation, preset)
    return _Plane(difference / threshold, deviation / deviation_threshold, median, deviation_threshold)


def _rolling(values: Floats, width: int, quantile: float) -> Floats:
    rolled = pd.Series(values).rolling(width, center=True, min_periods=1).quantile(quantile)
    return rolled.to_numpy(dtype=float)


def _threshold(values: Floats, preset: ArtefactPreset) -> Floats:
    size = np.abs(values)
    upper = _rolling(size, preset.quartile_window, 0.75)
    lower = _rolling(size, preset.quartile_window, 0.25)
    return np.maximum(preset.alpha * (upper - lower) / 2, preset.floor_ms)


def _classify(
    rr_ms: Floats, starts_anew: NDArray[np.bool_], preset: ArtefactPreset
) -> tuple[NDArray[np.object_], Floats]:
    plane = _plane(rr_ms, starts_anew, preset)
    labels = np.full(rr_ms.size, NORMAL, dtype=object)
    lengths = rr_ms.copy()
    padded = np.concatenate([[0.0], plane.difference, [0.0, 0.0]])
    suspects = np.flatnonzero((np.abs(plane.difference) > 1) | (np.abs(plane.deviation) > preset.median_limit))
    for i in suspects.tolist():
        if labels[i] != NORMAL or (i and labels[i - 1] == EXTRA):
            continue
        before, here, after, later = padded[i : i + 4]
        if _is_ectopic(before, here, after, preset):
            first = i - 1 if i and labels[i - 1] in (NORMAL, LONG_SHORT) else i
            labels[first : i + 1], lengths[first : i + 1] = ECTOPIC, np.nan
        else:
            _judge_length(i, rr_ms, plane, (here, after, later), labels, lengths, preset)
    return labels, lengths


def _is_ectopic(before: float, here: float, after: float, preset: ArtefactPreset) -> bool:
    if here > 1:
        return max(before, after) < -preset.slope * here - preset.offset
    return here < -1 and min(before, after) > -preset.slope * here + preset.offset


def _judge_length(
    i: int,
    rr_ms: Floats,
    plane: _Plane,
    differences: tuple[float, float, float],
    labels: NDArray[np.object_],
    lengths: Floats,
    preset: ArtefactPreset,
) -> None:
    here, after, later = differences
    is_long = (here > 1 and min(after, later) < -1) or plane.deviation[i] > preset.median_limit
    is_short = (here < -1 and max(after, later) > 1) or plane.deviation[i] < -preset.median_limit
    median, threshold = plane.median_ms[i], plane.deviation_threshold_ms[i]
    if is_long:
        parts = min(int(np.rint(rr_ms[i] / median)), preset.max_missed + 1)
        if parts >= 2 and abs(rr_ms[i] / parts - median) < threshold:
            labels[i], lengths[i] = MISSED, rr_ms[i] / parts
        else:
            labels[i], lengths[i] = LONG_SHORT, np.nan
    elif is_short:
        if i + 1 < rr_ms.size and labels[i + 1] == NORMAL and abs(rr_ms[i] + rr_ms[i + 1] - median) < threshold:
            labels[i], lengths[i] = EXTRA, np.nan
            lengths[i + 1] = rr_ms[i] + rr_ms[i + 1]
        else:
            labels[i], lengths[i] = LONG_SHORT, np.nan


def _interpolate(lengths: Floats, wanted: NDArray[np.bool_], longest_run: int) -> Floats:
    """Fill wanted intervals between known neighbours, in runs of at most `longest_run`."""
    from scipy.interpolate import PchipInterpolator

    known = np.isfinite(lengths)
    if known.sum() < 2 or not wanted.any():
        return lengths
    filled = lengths.copy()
    edges = np.diff(np.concatenate([[0], wanted.astype(np.int8), [0]]))
    curve = PchipInterpolator(np.flatnonzero(known), lengths[known])
    for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        between = start > 0 and stop < lengths.size and known[:start].any() and known[stop:].any()
        if between and stop - start <= longest_run:
            filled[start:stop] = curve(np.arange(start, stop))
    return filled
