"""Recordings with known truth, as the rooms above would hand them over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from eupnea.breaths.table import breaths_of_chunk
from eupnea.config.breaths import BreathsConfig
from eupnea.config.signals import SignalsConfig
from eupnea.features.recording_views import ChunkTables
from eupnea.io.contract import BEATS, BREATHS, CARDIAC, CHANNELS, INTERVALS, QUALITY, RECORDINGS, RESPIRATION
from eupnea.recordings.signal import RawSignal
from eupnea.signals.clean import clean_chunk

HZ = 50.0


def belt(
    seconds: float, *, rate_bpm: float = 15.0, seed: int = 0, skew: float = 0.0, jitter: float = 0.1
) -> np.ndarray:
    """A belt with breaths of varying length and depth; `skew` adds a second harmonic."""
    rng = np.random.default_rng(seed)
    n = int(seconds * rate_bpm / 60 * 2) + 20
    length = 60 / rate_bpm * np.exp(jitter * rng.standard_normal(n))
    onset = np.concatenate([[0.0], np.cumsum(length)])
    time = np.arange(int(seconds * HZ)) / HZ
    phase = np.interp(time, onset, np.arange(n + 1))
    depth = np.interp(time, onset[:-1] + length / 2, 1 + jitter * rng.standard_normal(n))
    return depth * (np.cos(2 * np.pi * phase) * -1 + skew * np.sin(4 * np.pi * phase))


def recording_rows(*names: str, **fields: Any) -> pd.DataFrame:
    rows = [
        {"recording": name, "participant": name.split("_")[0], "task": "rest", "chunk": 0, "status": "used"}
        | {"sync_method": "one_file", "sync_offset_se_s": 0.0}
        | fields
        for name in names
    ]
    return RECORDINGS.conform(pd.DataFrame(rows))


def channel_row(recording: str, signal: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "recording": recording, "signal": signal, "kind": kind, "polarity": "up", "sampling_hz": HZ,
        "start_s": 0.0, "offset_s": 0.0, "drift_ppm": 0.0, "status": "used",
    } | fields  # fmt: skip


def no_intervals() -> pd.DataFrame:
    return INTERVALS.empty()


def tables_of(
    signals: dict[tuple[str, str], np.ndarray],
    kinds: dict[str, Any],
    rates: dict[str, float] | None = None,
    **recording: Any,
) -> ChunkTables:
    """Clean raw signals (at 50 Hz unless `rates` says) and find their breaths.

    `kinds` gives each signal's kind, or (kind, site).
    """
    rates = rates or {}
    rows = []
    for name, signal in signals:
        kind, site = kinds[signal] if isinstance(kinds[signal], tuple) else (kinds[signal], "")
        rows.append(channel_row(name, signal, kind, site=site, sampling_hz=rates.get(signal, HZ)))
    channels = CHANNELS.conform(pd.DataFrame(rows))
    raw = {key: RawSignal(values, rates.get(key[1], HZ)) for key, values in signals.items()}
    chunk = clean_chunk(raw, channels, no_intervals(), SignalsConfig())
    breaths = breaths_of_chunk(chunk.respiration, channels, BreathsConfig())
    names = list(dict.fromkeys(name for name, _ in signals))
    recordings = recording_rows(*names, **recording)
    return ChunkTables(recordings, channels, chunk.respiration, chunk.cardiac, chunk.quality, breaths, BEATS.empty())


def empty_tables() -> ChunkTables:
    frames = (RECORDINGS, CHANNELS, RESPIRATION, CARDIAC, QUALITY, BREATHS, BEATS)
    return ChunkTables(*[contract.empty() for contract in frames])


def quality_rows(seconds: float, bad: dict[int, str] | None = None, signal: str = "belt") -> pd.DataFrame:
    """Epochs of 10 s; `bad` names those that are not usable."""
    starts = np.arange(0, seconds, 10.0)
    reasons = [(bad or {}).get(i, "") for i in range(starts.size)]
    frame = pd.DataFrame(
        {
            "recording": "sub-01",
            "signal": signal,
            "kind": "belt",
            "start_s": starts,
            "duration_s": 10.0,
            "is_usable": [not reason for reason in reasons],
            "reason": reasons,
        }
    )
    return QUALITY.conform(frame)
