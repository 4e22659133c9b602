"""P, QRS and T of every beat of an ECG whose quality allows it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.beats.delineation import FINE_S, MEASURES, delineate_all
from eupnea.beats.filters import band_pass, bridge_gaps, pieces, similarity_to_median, without_mains
from eupnea.beats.presets import ECG_WAVES, WavesPreset

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WAVE_COLUMNS = ("p_onset_s", "p_peak_s", "p_end_s", "qrs_onset_s", "qrs_end_s", "t_peak_s", "t_end_s")
STRETCH_BEATS = 1000
"""Beats that are cut out of the signal together; the result does not depend on it but for the template."""


def waves_of_beats(
    ecg: NDArray[np.floating],
    sampling_hz: float,
    time_s: Floats,
    rr_s: Floats,
    is_normal: Bools,
    preset: WavesPreset = ECG_WAVES,
) -> pd.DataFrame:
    """Delineate every beat on the mean of itself and the beats around it that look alike.

    Parameters
    ----------
    ecg
        Shape (n,), mV or au; NaN where samples are missing.
    sampling_hz
        Samples per second.
    time_s
        Shape (k,): R peaks, s from the first sample.
    rr_s
        Shape (k,): interval before the beat, corrected, s.
    is_normal
        Shape (k,): whether that interval is a sinus interval; other beats (ectopic ones) have a shape of their own.
    preset
        Band, and which beats are alike.

    Returns
    -------
    DataFrame
        Shape (k, 8): `WAVE_COLUMNS`, s from the first sample, NaN where a wave cannot be told; ``waves_reason``: why.

    Notes
    -----
    Limits of P and T by tangents (Lepeschkin & Surawicz 1952), of QRS where the slope falls below a share of its
    steepest: `eupnea.beats.delineation`.
    """
    times = np.full((time_s.size, len(WAVE_COLUMNS)), np.nan)
    reason = np.full(time_s.size, "", dtype=object)
    if sampling_hz < preset.lowest_hz:
        reason[:] = "the ECG is sampled too slowly"
    elif time_s.size:
        filled, missing = bridge_gaps(ecg)
        values = without_mains(
            band_pass(filled, sampling_hz, preset.band_hz, preset.order), sampling_hz, preset.mains_hz
        )
        values[missing] = np.nan
        for start in range(0, time_s.size, STRETCH_BEATS):
            some = slice(max(0, start - preset.reach), start + STRETCH_BEATS + preset.reach)
            inner = slice(start - some.start, start - some.start + STRETCH_BEATS)
            cut = pieces(values, time_s[some] * sampling_hz, FINE_S * sampling_hz)
            own = slice(start, start + STRETCH_BEATS)
            times[own], reason[own] = _stretch(cut, rr_s[some], is_normal[some], inner, preset)
    frame = pd.DataFrame(times + time_s[:, None], columns=list(WAVE_COLUMNS))
    return frame.assign(waves_reason=reason)


def _stretch(
    cut: Floats, rr_s: Floats, is_normal: Bools, inner: slice, preset: WavesPreset
) -> tuple[Floats, NDArray[np.object_]]:
    """Delineate the inner beats of a stretch."""
    whole = np.isfinite(cut).all(axis=1)
    similarity = np.full(len(cut), -1.0)
    usable = whole & is_normal & np.isfinite(rr_s)
    if usable.any():
        similarity[usable] = np.nan_to_num(similarity_to_median(cut[usable]), nan=-1.0)
    alike = similarity >= preset.min_similarity
    beats = _around(np.where(alike[:, None], cut, 0.0), preset.reach)
    intervals = _around(np.where(alike, rr_s, 0.0)[:, None], preset.reach)[:, 0]
    count = _around(alike.astype(float)[:, None], preset.reach)[:, 0]
    rules = (
        (~whole, "samples are missing"),
        (~is_normal | ~np.isfinite(rr_s), "the interval is no sinus interval"),
        (~alike, "it is unlike the others"),
        (count < preset.min_beats, "too few beats like it are near"),
    )
    reason = np.select([rule for rule, _ in rules], [text for _, text in rules], default="").astype(object)
    times = np.full((len(cut), len(WAVE_COLUMNS)), np.nan)
    clear = np.flatnonzero(reason[inner] == "") + inner.start
    found = delineate_all(beats[clear] / count[clear, None], FINE_S, intervals[clear] / count[clear])
    times[clear] = found[:, [MEASURES.index(name) for name in WAVE_COLUMNS]]
    no_p, no_t = np.isnan(times[clear, :3]).any(axis=1), np.isnan(times[clear, 5:]).any(axis=1)
    reason[clear] = np.select([no_p & no_t, no_p, no_t], ["no clear P and T", "no clear P", "no clear T"], default="")
    return times[inner], reason[inner]


def _around(values: Floats, reach: int) -> Floats:
    """Add up every row and the `reach` rows before and after it."""
    padded = np.pad(values, ((reach, reach), (0, 0)))
    return np.asarray(sum(padded[shift : shift + len(values)] for shift in range(2 * reach + 1)))
