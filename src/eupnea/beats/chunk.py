"""The stage *beats*: from cardiac signals to the table of beats."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.beats.artefacts import judge_intervals
from eupnea.beats.found import FoundBeats, no_beats
from eupnea.beats.series import interval_series
from eupnea.config.beats import BeatsConfig
from eupnea.io.contract import BEATS
from eupnea.io.tables import concat_tables

Floats = NDArray[np.float64]

EXTRA_COLUMNS = ("peak_s", "similarity")
MIN_BEATS = 3


def beats_of_chunk(cardiac: pd.DataFrame, config: BeatsConfig) -> pd.DataFrame:
    """Find the heartbeats of every cardiac signal of a chunk.

    Parameters
    ----------
    cardiac
        Table of cardiac signals: kinds ``ecg``, ``ppg`` and ``rr`` give beats; ``heart_rate`` has none.
    config
        Options of the stage.

    Returns
    -------
    DataFrame
        Table of beats in the order of the signals, with two more columns: ``peak_s`` (R peak or systolic peak, s) and
        ``similarity`` (correlation with the median beat around it); both missing for ``rr``. A signal in
        which no heartbeat can be told gives no rows.
    """
    tables = [beats_of_signal(signal, config) for signal in cardiac.to_dict("records")]
    found = concat_tables([_with_extras(BEATS.empty()), *tables])
    return BEATS.conform(found)


def beats_of_signal(signal: Mapping[Hashable, Any], config: BeatsConfig) -> pd.DataFrame:
    """Find the heartbeats of one cardiac signal, given as a row of the table of cardiac signals."""
    values = np.asarray(signal["values"], dtype=float)
    start_s = float(signal["start_s"])
    kind = signal["kind"]
    if kind == "rr":
        time_s, rr_ms = interval_series(values, signal["times_s"], start_s)
        missing = np.full(time_s.size, np.nan)
        found, is_known = FoundBeats(time_s, missing, missing, missing), np.ones(time_s.size, dtype=bool)
    elif kind in ("ecg", "ppg"):
        sampling_hz = float(signal["sampling_hz"])
        found, follows = _detect(kind, values, sampling_hz, config)
        rr_ms = np.diff(found.time_s, prepend=np.nan) * 1000.0
        is_known = follows & (_missing_seconds(values, found.time_s, sampling_hz) <= config.longest_gap_s)
    else:
        return _with_extras(BEATS.empty())
    offset_s = 0.0 if kind == "rr" else start_s
    table = _table(signal, found, rr_ms, is_known, offset_s, config)
    if kind != "ecg" or not config.delineate:
        return table.assign(waves_reason="no ECG" if kind != "ecg" else "not asked for")
    return _with_waves(table, values, sampling_hz, start_s)


def _with_waves(table: pd.DataFrame, ecg: Floats, sampling_hz: float, start_s: float) -> pd.DataFrame:
    from eupnea.beats.waves import WAVE_COLUMNS, waves_of_beats

    is_normal = (table["artefact"] == "normal").to_numpy(dtype=bool)
    own_s, rr_s = table["time_s"].to_numpy() - start_s, table["rr_corrected_ms"].to_numpy() / 1000.0
    waves = waves_of_beats(ecg, sampling_hz, own_s, rr_s, is_normal)
    return table.assign(**{name: waves[name] + start_s for name in WAVE_COLUMNS}, waves_reason=waves["waves_reason"])


def _detect(kind: str, values: Floats, sampling_hz: float, config: BeatsConfig) -> tuple[FoundBeats, NDArray[np.bool_]]:
    """Find beats where they resemble each other; tell which directly follow the beat before."""
    from eupnea.beats.ecg import detect_r_peaks
    from eupnea.beats.ppg import detect_pulses

    nothing = no_beats(), np.empty(0, dtype=bool)
    if not LOWEST_SAMPLING_HZ[kind] <= sampling_hz < np.inf:
        return nothing
    if kind == "ecg":
        found = detect_r_peaks(values, sampling_hz, max_rate_bpm=config.max_rate_bpm)
    else:
        found = detect_pulses(values, sampling_hz, min_rate_bpm=config.min_rate_bpm, max_rate_bpm=config.max_rate_bpm)
    found = found.only(np.diff(found.time_s, prepend=-np.inf) > 0)
    surroundings = pd.Series(found.similarity).rolling(SIMILARITY_BEATS, center=True, min_periods=1).median()
    keep = surroundings.to_numpy(dtype=float) >= config.min_similarity
    if keep.sum() < MIN_BEATS:
        return nothing
    return found.only(keep), np.concatenate([[True], keep[:-1]])[keep]


SIMILARITY_BEATS = 15
"""Beats whose median similarity tells a stretch with beats from one without: one odd beat does not (assumed)."""

LOWEST_SAMPLING_HZ = {"ecg": 60.0, "ppg": 20.0}
"""Slowest sampling that carries a QRS complex, and a pulse's upstroke, Hz (assumed)."""


def _missing_seconds(values: Floats, time_s: Floats, sampling_hz: float) -> Floats:
    """Return the seconds of missing samples between every beat and the one before."""
    if time_s.size == 0:
        return np.empty(0)
    before = np.concatenate([[0], np.cumsum(~np.isfinite(values))])
    index = np.clip(np.rint(time_s * sampling_hz).astype(np.int64), 0, values.size)
    return np.diff(before[index], prepend=0) / sampling_hz


def _table(
    signal: Mapping[Hashable, Any],
    found: FoundBeats,
    rr_ms: Floats,
    is_known: NDArray[np.bool_],
    offset_s: float,
    config: BeatsConfig,
) -> pd.DataFrame:
    limits_ms = (60e3 / config.max_rate_bpm, 60e3 / config.min_rate_bpm)
    judged = judge_intervals(rr_ms, is_known, longest_run=config.longest_corrected_run, limits_ms=limits_ms)
    corrected = judged.corrected_ms
    if not config.correct_artefacts:
        corrected = np.where(judged.artefact == "normal", rr_ms, np.nan)
    frame = pd.DataFrame(
        {
            "recording": signal["recording"],
            "signal": signal["signal"],
            "beat": np.arange(len(found)),
            "time_s": found.time_s + offset_s,
            "rr_ms": rr_ms,
            "rr_corrected_ms": corrected,
            "amplitude_au": found.amplitude_au,
            "artefact": judged.artefact,
            "is_valid": np.isfinite(corrected),
            "peak_s": found.peak_s + offset_s,
            "similarity": found.similarity,
        }
    )
    return BEATS.conform(frame)


def _with_extras(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: pd.Series(dtype="float64") for name in EXTRA_COLUMNS})
