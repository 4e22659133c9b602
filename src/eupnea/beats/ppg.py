"""Pulses of the photoplethysmogram."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import signal

from eupnea.beats.filters import band_pass, bridge_gaps, local_similarity, parabola_offset, pieces
from eupnea.beats.found import FoundBeats, no_beats
from eupnea.beats.presets import PPG, PpgPreset

Floats = NDArray[np.float64]
MIN_SECONDS = 4.0


def detect_pulses(
    ppg: NDArray[np.floating],
    sampling_hz: float,
    *,
    min_rate_bpm: float = 30.0,
    max_rate_bpm: float = 220.0,
    preset: PpgPreset = PPG,
) -> FoundBeats:
    """Find pulses by their steepest rise, then their foot and systolic peak, whatever the polarity of the sensor.

    The derivative is made comparable by its local size, which no jerk of the finger changes; its peaks are upstrokes
    when they are steep enough and no steeper one lies within `preset.refractory` of the local period (from the
    autocorrelation). The foot is where the tangent at the steepest point meets the level of the minimum before it
    (intersecting tangents, Chiu et al. 1991), the time that is least disturbed by a change of the pulse's shape.

    Parameters
    ----------
    ppg
        Shape (n,), au; NaN where samples are missing.
    sampling_hz
        Samples per second.
    min_rate_bpm, max_rate_bpm
        Plausible heart rates.
    preset
        What is assumed about the signal.

    Returns
    -------
    FoundBeats
        Times are those of the feet. Empty when the signal is shorter than four seconds or flat.
    """
    filled, missing = bridge_gaps(ppg)
    if filled.size < MIN_SECONDS * sampling_hz or np.ptp(filled) == 0:
        return no_beats()
    wave = band_pass(filled, sampling_hz, preset.band_hz, preset.order)
    steepness = np.gradient(wave) * sampling_hz
    scaled = steepness / _usual_size(steepness, sampling_hz, preset)
    if _falls_faster(scaled):
        wave, steepness, scaled = -wave, -steepness, -scaled
    period = local_period(steepness, sampling_hz, min_rate_bpm, max_rate_bpm, preset)
    steepest, _ = signal.find_peaks(scaled, height=preset.min_steepness)
    steepest = _keep_steepest(steepest, scaled, preset.refractory * period, preset)
    steepest = steepest[~missing[steepest]]
    return _describe(wave, steepness, steepest, sampling_hz, preset)


def _falls_faster(scaled: Floats) -> bool:
    """Tell whether the steep flanks go down; a jerk of the finger counts no more than a pulse."""
    return bool(np.mean(np.clip(scaled, -LARGEST, LARGEST) ** 3) < 0)


LARGEST = 4.0


def _usual_size(values: Floats, sampling_hz: float, preset: PpgPreset) -> Floats:
    """Return the local size: root mean square of short blocks, its running median, straight lines between."""
    width = min(values.size, max(1, round(preset.block_s * sampling_hz)))
    blocks = values.size // width
    power = np.mean(values[: blocks * width].reshape(blocks, width) ** 2, axis=1)
    size = pd.Series(np.sqrt(power)).rolling(preset.blocks, center=True, min_periods=1).median().to_numpy(dtype=float)
    floor = 1e-3 * float(np.sqrt(np.mean(values**2)))
    size = np.maximum(size, max(floor, np.finfo(float).tiny))
    return np.interp(np.arange(values.size), (np.arange(blocks) + 0.5) * width, size)


def local_period(
    steepness: Floats, sampling_hz: float, min_rate_bpm: float, max_rate_bpm: float, preset: PpgPreset = PPG
) -> Floats:
    """Estimate the local beat period from the autocorrelation of half-overlapping windows.

    Returns
    -------
    ndarray
        Shape (n,), samples.
    """
    width = min(steepness.size, round(preset.rate_window_s * sampling_hz))
    starts = np.arange(0, max(1, steepness.size - width + 1), max(1, width // 2))
    cut = steepness[starts[:, None] + np.arange(width)]
    spectrum = np.fft.rfft(cut * np.hanning(width), n=2 * width, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :width]
    correlation /= np.maximum(correlation[:, :1], np.finfo(float).tiny)
    lags = np.arange(width)
    bias = np.correlate(np.hanning(width), np.hanning(width), "full")[width - 1 :]
    correlation = correlation / np.maximum(bias / bias[0], 0.1)
    periods = np.array([_first_strong_lag(row, sampling_hz, min_rate_bpm, max_rate_bpm) for row in correlation])
    periods = signal.medfilt(periods, SMOOTH) if periods.size >= SMOOTH else periods
    return np.interp(np.arange(steepness.size), starts + lags.mean(), periods)


SMOOTH = 5
"""Windows in the running median of the period: two in a row may be wrong."""


def _first_strong_lag(correlation: Floats, sampling_hz: float, min_rate_bpm: float, max_rate_bpm: float) -> float:
    """Return the first lag whose correlation comes near the best: twice the period correlates as well as once."""
    shortest = int(60 / max_rate_bpm * sampling_hz)
    longest = min(correlation.size - 1, int(np.ceil(60 / min_rate_bpm * sampling_hz)))
    peaks, _ = signal.find_peaks(correlation[: longest + 1])
    peaks = peaks[peaks >= shortest]
    if peaks.size == 0 or correlation[peaks].max() <= 0:
        return float(longest + shortest) / 4
    strong = peaks[correlation[peaks] >= NEAR_BEST * correlation[peaks].max()]
    return float(strong[0])


NEAR_BEST = 0.75


def _keep_steepest(peaks: NDArray[np.int64], height: Floats, least: Floats, preset: PpgPreset) -> NDArray[np.int64]:
    """Take the steepest upstrokes first, and none closer to one taken than `least`.

    Upstrokes nearly as steep are pulses down to a share of that distance: where intervals vary, the period that is
    found may be that of two beats.
    """
    order = np.argsort(-height[peaks], kind="stable")
    alive = np.ones(peaks.size, dtype=bool)
    for rank in order:
        if alive[rank]:
            centre = peaks[rank]
            first, last = np.searchsorted(peaks, (centre - least[centre], centre + least[centre]))
            near = peaks[first:last]
            is_pulse = height[near] >= preset.alike_steepness * height[centre]
            is_pulse &= np.abs(near - centre) >= preset.alike_refractory * least[centre]
            alive[first:last] &= is_pulse
            alive[rank] = True
    return peaks[alive]


def _describe(
    wave: Floats, steepness: Floats, steepest: NDArray[np.int64], sampling_hz: float, preset: PpgPreset
) -> FoundBeats:
    steepest = steepest[(steepest >= 1) & (steepest < wave.size - 1)]
    if steepest.size == 0:
        return no_beats()
    reach = max(2, round(preset.rise_s * sampling_hz))
    before = np.clip(steepest[:, None] - np.arange(reach + 1), 0, wave.size - 1)
    after = np.clip(steepest[:, None] + np.arange(reach + 1), 0, wave.size - 1)
    valley = before[np.arange(steepest.size), wave[before].argmin(axis=1)]
    crest = after[np.arange(steepest.size), wave[after].argmax(axis=1)]
    foot = steepest - (wave[steepest] - wave[valley]) / (steepness[steepest] / sampling_hz)
    inner = np.clip(crest, 1, wave.size - 2)
    peak = crest + parabola_offset(wave[inner - 1], wave[inner], wave[inner + 1])
    half = max(2, round(preset.template_s * sampling_hz))
    similarity = local_similarity(pieces(wave, steepest.astype(float), np.arange(-half, half + 1.0)))
    return FoundBeats(np.maximum(foot, 0.0) / sampling_hz, peak / sampling_hz, wave[crest] - wave[valley], similarity)
