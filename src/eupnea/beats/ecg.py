"""R peaks of the ECG."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.beats.filters import (
    band_pass,
    bridge_gaps,
    local_similarity,
    parabola_offset,
    pieces,
    without_mains,
)
from eupnea.beats.found import FoundBeats, no_beats
from eupnea.beats.presets import ECG, EcgPreset

Floats = NDArray[np.float64]
MIN_SECONDS = 2.0
MIN_TEMPLATE_BEATS = 5


def detect_r_peaks(
    ecg: NDArray[np.floating], sampling_hz: float, *, max_rate_bpm: float = 220.0, preset: EcgPreset = ECG
) -> FoundBeats:
    """Find R peaks with sub-sample times, whatever the polarity of the lead.

    The complexes are found by sleepecg's adaptation of Pan & Tompkins (1985); the tip of each is the extremum of the
    band-passed signal with the sign that dominates in the recording, refined by the parabola through three samples.

    Parameters
    ----------
    ecg
        Shape (n,), mV or au; NaN where samples are missing.
    sampling_hz
        Samples per second.
    max_rate_bpm
        Two beats may not lie closer than this rate allows.
    preset
        What is assumed about the signal.

    Returns
    -------
    FoundBeats
        Empty when the signal is shorter than two seconds or flat. Beats in missing stretches are left out.
    """
    from sleepecg import detect_heartbeats

    filled, missing = bridge_gaps(ecg)
    if filled.size < MIN_SECONDS * sampling_hz or np.ptp(filled) == 0:
        return no_beats()
    qrs = without_mains(band_pass(filled, sampling_hz, preset.band_hz, preset.order), sampling_hz, preset.mains_hz)
    pad = min(round(preset.pad_s * sampling_hz), filled.size - 1)
    coarse = np.asarray(detect_heartbeats(np.pad(filled, pad, mode="reflect"), sampling_hz), dtype=np.int64) - pad
    coarse = coarse[(coarse >= 0) & (coarse < filled.size)]
    if coarse.size == 0:
        return no_beats()
    tips = _tips(qrs, coarse, round(preset.refine_s * sampling_hz))
    tips = _apart(tips, np.abs(qrs), 60.0 / max_rate_bpm * sampling_hz, preset.wave_s * sampling_hz, preset.wave_height)
    tips = _search_back(qrs, tips, sampling_hz, preset)
    tips = tips[~missing[tips]]
    return _describe(qrs, tips, sampling_hz, preset)


def dominant_sign(qrs: Floats, beats: NDArray[np.int64], reach: int) -> float:
    """Return +1 when the larger deflection of most complexes points up, else -1."""
    around = np.clip(beats[:, None] + np.arange(-reach, reach + 1), 0, qrs.size - 1)
    cut = qrs[around]
    return 1.0 if np.median(cut.max(axis=1)) >= np.median(-cut.min(axis=1)) else -1.0


def _tips(qrs: Floats, coarse: NDArray[np.int64], reach: int) -> NDArray[np.int64]:
    around = np.clip(coarse[:, None] + np.arange(-reach, reach + 1), 0, qrs.size - 1)
    signed = dominant_sign(qrs, coarse, reach) * qrs[around]
    return np.unique(around[np.arange(coarse.size), signed.argmax(axis=1)])


def _apart(
    beats: NDArray[np.int64], height: Floats, least: float, near: float, wave_height: float
) -> NDArray[np.int64]:
    """Of two beats closer than `least` samples keep the higher one; of two closer than `near` drop one far lower."""
    kept: list[int] = []
    for beat in beats.tolist():
        while kept and _replaces(beat, kept[-1], height, least, near, wave_height):
            kept.pop()
        if not (kept and _replaces(kept[-1], beat, height, least, near, wave_height)):
            kept.append(beat)
    return np.asarray(kept, dtype=np.int64)


def _replaces(beat: int, other: int, height: Floats, least: float, near: float, wave_height: float) -> bool:
    apart = abs(beat - other)
    if apart < least:
        return bool(height[beat] > height[other] or (height[beat] == height[other] and beat < other))
    return bool(apart < near and height[other] < wave_height * height[beat])


def _search_back(qrs: Floats, tips: NDArray[np.int64], sampling_hz: float, preset: EcgPreset) -> NDArray[np.int64]:
    """Look for complexes like the median one where an interval is far longer than those around it.

    An adaptive threshold is deaf for seconds after a jerk of the electrode; the shape of the complex is not.
    """
    if tips.size < MIN_TEMPLATE_BEATS:
        return tips
    usual = float(np.median(np.diff(tips)))
    edges = np.concatenate([[-usual / 2], tips, [qrs.size + usual / 2]])
    gaps = np.flatnonzero(np.diff(edges) > preset.search_back * usual)
    if gaps.size == 0:
        return tips
    reach = max(1, round(preset.template_s * sampling_hz))
    cut = pieces(qrs, tips.astype(float), np.arange(-reach, reach + 1.0))
    cut = cut[np.isfinite(cut).all(axis=1)]
    if len(cut) < MIN_TEMPLATE_BEATS:
        return tips
    likeness, size = _likeness(qrs, np.median(cut, axis=0))
    usual_size = float(np.median(size[tips]))
    likely = (likeness > preset.search_likeness) & (size > usual_size * preset.search_size[0])
    likely &= size < usual_size * preset.search_size[1]
    found = [_within(edges[gap], edges[gap + 1], usual, likeness, likely) for gap in gaps]
    signed = qrs * dominant_sign(qrs, tips, reach)
    extra = np.concatenate(found).astype(np.int64)
    return np.unique(np.concatenate([tips, _climb(signed, extra, max(1, reach // 4))]))


def _likeness(qrs: Floats, template: Floats) -> tuple[Floats, Floats]:
    """Correlate the template with every piece of the signal; return the correlation and the pieces' size."""
    from scipy.signal import correlate

    shape = template - template.mean()
    product = correlate(qrs, shape, mode="same", method="fft")
    count = template.size
    box = np.ones(count)
    total = correlate(qrs, box, mode="same", method="fft")
    squares = correlate(qrs**2, box, mode="same", method="fft")
    size = np.sqrt(np.maximum(squares - total**2 / count, 1e-12 * squares.max() + np.finfo(float).tiny))
    return product / (size * np.linalg.norm(shape)), size


def _within(first: float, last: float, usual: float, likeness: Floats, likely: NDArray[np.bool_]) -> list[int]:
    """Take the most alike places between two beats, none closer than half the usual interval to another."""
    start, stop = max(0, int(first + usual / 2)), min(likeness.size, int(last - usual / 2) + 1)
    where = start + np.flatnonzero(likely[start:stop])
    taken: list[int] = []
    for place in where[np.argsort(-likeness[where], kind="stable")].tolist():
        if all(abs(place - other) >= usual / 2 for other in taken):
            taken.append(place)
    return taken


def _climb(signed: Floats, places: NDArray[np.int64], reach: int) -> NDArray[np.int64]:
    around = np.clip(places[:, None] + np.arange(-reach, reach + 1), 0, signed.size - 1)
    return around[np.arange(places.size), signed[around].argmax(axis=1)]


def _describe(qrs: Floats, tips: NDArray[np.int64], sampling_hz: float, preset: EcgPreset) -> FoundBeats:
    if tips.size == 0:
        return no_beats()
    inner = np.clip(tips, 1, qrs.size - 2)
    offset = np.where(inner == tips, parabola_offset(qrs[inner - 1], qrs[inner], qrs[inner + 1]), 0.0)
    position = tips.astype(float) + offset
    reach = max(1, round(preset.template_s * sampling_hz))
    similarity = local_similarity(pieces(qrs, np.asarray(position, dtype=float), np.arange(-reach, reach + 1.0)))
    time_s = position / sampling_hz
    found = FoundBeats(time_s, time_s, np.abs(qrs[tips]), similarity)
    return found.only(~_is_speck(found, preset))


def _is_speck(found: FoundBeats, preset: EcgPreset) -> NDArray[np.bool_]:
    """Tell what is both far lower than the beats around it and unlike them: noise where no beat is."""
    usual = pd.Series(found.amplitude_au).rolling(preset.speck_beats, center=True, min_periods=1).median()
    is_low = found.amplitude_au < preset.speck_height * usual.to_numpy(dtype=float)
    return is_low & ~(found.similarity >= preset.speck_similarity)
