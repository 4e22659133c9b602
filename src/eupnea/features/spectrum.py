"""The spectrum and distribution of the breathing signal, independent of its amplitude."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.define import breathing, in_columns
from eupnea.features.registry import Feature
from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]

FAMILY = "spectrum"
SEGMENT_S = 30.0
"""Segments of Welch's method, overlapping by half, in windows of any length: the same resolution everywhere."""
EDGES_HZ = (0.033, 0.1, 0.133, 0.167, 0.2, 0.233, 0.267, 0.3, 0.333, 0.367, 0.4, 0.467, 0.533, 0.6, 0.7)
"""Edges of the bands whose share of the power is told, Hz."""
BREATHING_HZ = (0.05, 0.7)
"""Where the breathing rate and its harmonics are looked for."""
LEVELS = (5, 10, 25, 75, 90, 95)
"""Quantiles of the signal and of its slope, %, from the median in interquartile ranges."""
FLOOR = 1e-8
"""Smallest share of the power that a logarithm is taken of."""


def _features() -> tuple[Feature, ...]:
    new = partial(breathing, FAMILY, seconds=SEGMENT_S)
    found = [
        new("peak_hz", "Hz", "frequency of the largest power, interpolated"),
        new("peak_share", "1", "share of the power within 0.033 Hz of the peak"),
        new("centroid_hz", "Hz", "mean frequency weighted by power"),
        new("width_hz", "Hz", "standard deviation of the frequency weighted by power"),
        new("entropy", "1", "Shannon entropy of the power over its largest possible value"),
        new("second_log", "1", "log power at twice the peak over that at the peak"),
        new("half_log", "1", "log power at half the peak over that at the peak"),
    ]
    found += [
        new(f"band_{i:02d}_log", "1", f"log share of the power at {low:g}-{high:g} Hz")
        for i, (low, high) in enumerate(pairwise(EDGES_HZ))
    ]
    for name, words in (("level", "the signal"), ("slope", "the signal's slope")):
        found += [
            new(f"{name}_q{q}", "1", f"quantile {q} % of {words} from its median, in interquartile ranges")
            for q in LEVELS
        ]
        found.append(new(f"{name}_skewness", "1", f"skewness of {words}"))
        found.append(new(f"{name}_kurtosis", "1", f"excess kurtosis of {words}"))
    found += [
        new("mobility_hz", "Hz", "root of the power of the slope over that of the signal, over 2 pi", "Hjorth (1970)"),
        new("complexity", "1", "mobility of the slope over that of the signal", "Hjorth (1970)"),
        new("envelope_cv", "1", "SD over mean of the signal's envelope"),
        new("rhythm_spread", "1", "SD over mean of the instantaneous frequency weighted by the envelope"),
        breathing(FAMILY, "level_sd", "au", "standard deviation of the signal", seconds=SEGMENT_S),
        breathing(FAMILY, "level_range", "au", "interquartile range of the signal", seconds=SEGMENT_S),
        breathing(FAMILY, "slope_sd", "au/s", "standard deviation of the slope", seconds=SEGMENT_S),
    ]
    return tuple(found)


FEATURES = _features()


def compute(view: RecordingView, windows: pd.DataFrame, *, min_valid_share: float) -> pd.DataFrame:
    """Compute the spectrum and distribution of the breathing signal of every window.

    Parameters
    ----------
    view
        The recording; the signal limited to the breathing band is used, never what lies above.
    windows
        Columns ``start_s`` and ``window_s``.
    min_valid_share
        Windows with a smaller share of believed samples get no values.
    """
    window_s = windows["window_s"].to_numpy(dtype=float)
    values = {feature.name: np.full(len(windows), np.nan) for feature in FEATURES}
    for length in np.unique(window_s):
        rows = np.flatnonzero(window_s == length)
        signal, good = window_samples(view, windows["start_s"].to_numpy(dtype=float)[rows], float(length))
        enough = good.mean(axis=1) >= min_valid_share
        rows, signal, good = rows[enough], signal[enough], good[enough]
        if rows.size and length >= SEGMENT_S:
            for name, value in _describe(signal, good, view.sampling_hz).items():
                values[name][rows] = value
    return in_columns(FEATURES, values, window_s=window_s)


def window_samples(view: RecordingView, start_s: Floats, length_s: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the breathing signal of windows of one length, and which samples are believed; shape (windows, samples).

    What is missing is bridged by a straight line.
    """
    from eupnea.signals.runs import fill_gaps

    n = round(length_s * view.sampling_hz)
    first = np.ceil((start_s - view.time_s[0]) * view.sampling_hz - 1e-6).astype(np.intp)
    place = first[:, None] + np.arange(n)
    inside = (place >= 0) & (place < view.time_s.size)
    place = np.clip(place, 0, view.time_s.size - 1)
    values = view.breathing.astype(float)
    known = np.isfinite(values)
    whole = fill_gaps(values) if not known.all() and known.any() else values
    return whole[place], (view.is_valid & known)[place] & inside


def _describe(signal: Floats, good: NDArray[np.bool_], sampling_hz: float) -> dict[str, Floats]:
    masked = np.where(good, signal, np.nan)
    hz, power = welch_power(signal, sampling_hz)
    values = _spectral(hz, power) | _distribution("level", masked)
    slope = np.gradient(signal, axis=1) * sampling_hz
    values |= _distribution("slope", np.where(good, slope, np.nan))
    values |= _rhythm(signal, sampling_hz)
    bend = np.gradient(slope, axis=1) * sampling_hz
    sds = [np.nanstd(np.where(good, one, np.nan), axis=1) for one in (signal, slope, bend)]
    with np.errstate(divide="ignore", invalid="ignore"):
        values["mobility_hz"] = sds[1] / sds[0] / (2 * np.pi)
        values["complexity"] = (sds[2] / sds[1]) / (sds[1] / sds[0])
    values["level_sd"], values["slope_sd"] = sds[0], sds[1]
    return values


def welch_power(signal: Floats, sampling_hz: float, *, segment_s: float = SEGMENT_S) -> tuple[Floats, Floats]:
    """Return frequencies and mean power of overlapping Hann segments; shapes (f,) and (windows, f).

    Power is that of each bin, in the square of the signal's unit: a sine of amplitude a has a²/2 in the bins around it.
    """
    size = round(segment_s * sampling_hz)
    step = size // 2
    count = max((signal.shape[1] - size) // step + 1, 1)
    window = np.hanning(size + 1)[:-1]
    hz = np.asarray(np.fft.rfftfreq(size, 1 / sampling_hz), dtype=np.float64)
    total = np.zeros((len(signal), hz.size))
    for i in range(count):
        part = signal[:, i * step : i * step + size]
        total += np.abs(np.fft.rfft((part - part.mean(axis=1, keepdims=True)) * window, axis=1)) ** 2
    return hz, np.asarray(total * 2 / (count * size * np.sum(window**2)))


def _spectral(hz: Floats, power: Floats) -> dict[str, Floats]:
    keep = (hz >= EDGES_HZ[0] - 1e-3) & (hz <= BREATHING_HZ[1] + 1e-9)
    hz, power = hz[keep], power[:, keep]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = power / power.sum(axis=1, keepdims=True)
    logs = np.log(share + FLOOR)
    centroid = share @ hz
    values = {
        "centroid_hz": centroid,
        "width_hz": np.sqrt(np.maximum(share @ hz**2 - centroid**2, 0)),
        "entropy": -(share * logs).sum(axis=1) / np.log(hz.size),
    }
    for i, (low, high) in enumerate(pairwise(EDGES_HZ)):
        inside = (hz >= low - 1e-3) & (hz < high - 1e-3)
        values[f"band_{i:02d}_log"] = np.log(share[:, inside].sum(axis=1) + FLOOR)
    return values | _peak(hz, share, logs)


def _peak(hz: Floats, share: Floats, logs: Floats) -> dict[str, Floats]:
    rows, step = np.arange(len(share)), hz[1] - hz[0]
    top = np.where(hz >= BREATHING_HZ[0], share, -1.0)[:, 1:-1].argmax(axis=1) + 1
    left, middle, right = logs[rows, top - 1], logs[rows, top], logs[rows, top + 1]
    bend = left - 2 * middle + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    peak = hz[top] + np.clip(shift, -0.5, 0.5) * step

    def at(factor: float) -> Floats:
        wanted = peak * factor
        found = np.array([np.interp(f, hz, row) for f, row in zip(wanted, logs, strict=True)])
        return np.where((wanted >= hz[0]) & (wanted <= hz[-1]), found - middle, np.nan)

    return {
        "peak_hz": peak,
        "peak_share": share[rows, top - 1] + share[rows, top] + share[rows, top + 1],
        "second_log": at(2.0),
        "half_log": at(0.5),
    }


def _rhythm(signal: Floats, sampling_hz: float) -> dict[str, Floats]:
    from scipy.signal import hilbert

    analytic = hilbert(signal - signal.mean(axis=1, keepdims=True), axis=1)
    envelope = np.abs(analytic)
    turn = np.angle(analytic[:, 1:] * np.conj(analytic[:, :-1])) * sampling_hz / (2 * np.pi)
    weight = envelope[:, 1:] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = weight / weight.sum(axis=1, keepdims=True)
        mean = (weight * turn).sum(axis=1)
        spread = np.sqrt((weight * (turn - mean[:, None]) ** 2).sum(axis=1))
        return {"envelope_cv": envelope.std(axis=1) / envelope.mean(axis=1), "rhythm_spread": spread / mean}


def _distribution(name: str, values: Floats) -> dict[str, Floats]:
    """Describe the distribution of samples; NaN ones do not count."""
    quantiles = _quantiles(values, [q / 100 for q in (*LEVELS, 50)])
    median = quantiles[-1]
    span = quantiles[LEVELS.index(75)] - quantiles[LEVELS.index(25)]
    centred = values - np.nanmean(values, axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = centred / np.nanstd(values, axis=1, keepdims=True)
        found = {f"{name}_q{q}": (quantiles[i] - median) / span for i, q in enumerate(LEVELS)}
    found[f"{name}_skewness"] = np.nanmean(z**3, axis=1)
    found[f"{name}_kurtosis"] = np.nanmean(z**4, axis=1) - 3.0
    return found | ({"level_range": span} if name == "level" else {})


def _quantiles(values: Floats, shares: list[float]) -> Floats:
    """Return quantiles (q, windows) of the samples of each window; NaN ones do not count."""
    found = np.empty((len(shares), len(values)))
    whole = np.isfinite(values).all(axis=1)
    found[:, whole] = np.quantile(np.sort(values[whole], axis=1), shares, axis=1)
    found[:, ~whole] = np.nanquantile(values[~whole], shares, axis=1)
    return found
