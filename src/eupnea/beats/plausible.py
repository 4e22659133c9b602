"""Whether the beats that were found in an epoch can be a heart's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.config.beats import BeatsConfig
from eupnea.io.contract import BEAT_QUALITY

Floats = NDArray[np.float64]

BEAT_KINDS = ("ecg", "ppg", "rr")
REASON = "beats_implausible"
KEYS = ["recording", "signal", "start_s"]


def beat_quality(quality: pd.DataFrame, beats: pd.DataFrame, config: BeatsConfig) -> pd.DataFrame:
    """Judge the beats of every epoch of the signals that have beats.

    Parameters
    ----------
    quality
        Rows in the contract QUALITY: the epochs.
    beats
        Rows in the contract BEATS, with the column ``similarity`` where it is known.
    config
        What is plausible.

    Returns
    -------
    DataFrame
        Rows in the contract BEAT_QUALITY, one per epoch of an ECG, a pulse or a series of intervals. An epoch without
        any beat is not plausible.
    """
    epochs = quality[quality["kind"].isin(BEAT_KINDS)]
    by_signal = dict(iter(beats.groupby(["recording", "signal"], sort=False)))
    parts = [
        _of_signal(part, by_signal.get(key, beats.iloc[:0]), config)
        for key, part in epochs.groupby(["recording", "signal"], sort=False)
    ]
    return BEAT_QUALITY.conform(pd.concat(parts, ignore_index=True)) if parts else BEAT_QUALITY.empty()


def with_beats(quality: pd.DataFrame, plausible: pd.DataFrame) -> pd.DataFrame:
    """Return the epochs with those not usable whose beats are implausible, and why.

    Parameters
    ----------
    quality
        Rows in the contract QUALITY.
    plausible
        Rows in the contract BEAT_QUALITY. What the signal itself shows stays the reason where both are bad.
    """
    bad = plausible.loc[~plausible["is_plausible"].to_numpy(dtype=bool)]
    why = dict(zip(zip(*(bad[key] for key in KEYS), strict=True), bad["reason"], strict=True))
    own = [why.get(key, "") for key in zip(*(quality[key] for key in KEYS), strict=True)]
    usable = quality["is_usable"].to_numpy(dtype=bool) & (np.array(own, dtype=object) == "")
    told = [
        reason or (f"{REASON}: {text}" if text else "") for reason, text in zip(quality["reason"], own, strict=True)
    ]
    return quality.assign(is_usable=usable, reason=np.array(told, dtype=object))


def _of_signal(epochs: pd.DataFrame, beats: pd.DataFrame, config: BeatsConfig) -> pd.DataFrame:
    start = epochs["start_s"].to_numpy(dtype=float)
    length = epochs["duration_s"].to_numpy(dtype=float)
    time_s = beats["time_s"].to_numpy(dtype=float)
    first, last = np.searchsorted(time_s, start), np.searchsorted(time_s, start + length)
    corrected = (beats["artefact"] != "normal").to_numpy(dtype=float)
    rr_ms = beats["rr_corrected_ms"].to_numpy(dtype=float)
    similarity = (beats["similarity"] if "similarity" in beats else beats["rr_ms"] * np.nan).to_numpy(dtype=float)
    inside = [slice(one, other) for one, other in zip(first, last, strict=True)]
    table = epochs[[*KEYS, "duration_s"]].assign(
        n_beats=last - first,
        rate_bpm=[60e3 / _median(rr_ms[rows]) for rows in inside],
        corrected_share=[corrected[rows].mean() if rows.stop > rows.start else np.nan for rows in inside],
        unknown_share=1 - _covered(beats, start, length) / length,
        similarity=[_median(similarity[rows]) for rows in inside],
    )
    reason = _reasons(table, config)
    return table.assign(is_plausible=reason == "", reason=reason)


def _reasons(table: pd.DataFrame, config: BeatsConfig) -> NDArray[np.object_]:
    """Name the first of the rules that an epoch breaks."""
    rate = table["rate_bpm"]
    broken = {
        "missing": table["unknown_share"] > config.max_unknown_share,
        "rate": (rate < config.min_rate_bpm) | (rate > config.max_rate_bpm),
        "corrected": table["corrected_share"] > config.max_corrected_share,
        "unlike": table["similarity"] < config.min_similarity,
    }
    reason = np.full(len(table), "", dtype=object)
    for name, mask in broken.items():
        reason[mask.to_numpy(dtype=bool) & (reason == "")] = name
    return reason


def _covered(beats: pd.DataFrame, start_s: Floats, length_s: Floats) -> Floats:
    """Return how many seconds of each epoch lie between beats that are known to follow each other."""
    known = beats[beats["is_valid"].to_numpy(dtype=bool)]
    end = known["time_s"].to_numpy(dtype=float)
    found = known["rr_ms"].to_numpy(dtype=float)
    begin = end - np.where(np.isfinite(found), found, known["rr_corrected_ms"].to_numpy(dtype=float)) / 1000.0
    if end.size == 0:
        return np.zeros(start_s.size)
    begin = np.maximum(begin, np.concatenate([[-np.inf], end[:-1]]))
    total = np.concatenate([[0.0], np.cumsum(end - begin)])

    def seconds_until(moment: Floats) -> Floats:
        place = np.searchsorted(end, moment)
        open_end = np.minimum(place, end.size - 1)
        part = np.where(place < end.size, np.clip(moment - begin[open_end], 0.0, None), 0.0)
        return np.asarray(total[place] + part)

    return seconds_until(start_s + length_s) - seconds_until(start_s)


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
