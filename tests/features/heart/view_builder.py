"""Recordings as features see them, made without the rooms above."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from beats.simulated import cardiac_row, cardiac_table

from eupnea.beats import beats_of_chunk
from eupnea.config.beats import BeatsConfig
from eupnea.features.views import RecordingView
from eupnea.io.contract import BEATS, BREATHS, QUALITY


def build_view(**fields: Any) -> RecordingView:
    nothing = np.empty(0)
    defaults = {
        "recording": "sub-01",
        "respiration_kind": "",
        "sampling_hz": 25.0,
        "time_s": nothing,
        "detection": nothing.astype(np.float32),
        "breathing": nothing.astype(np.float32),
        "above": nothing.astype(np.float32),
        "is_valid": nothing.astype(bool),
        "breaths": BREATHS.empty(),
        "cardiac_kind": "",
        "beats": BEATS.empty(),
        "cardiac_hz": float("nan"),
        "cardiac_start_s": 0.0,
        "cardiac": nothing.astype(np.float32),
        "quality": QUALITY.empty(),
        "is_aligned": True,
    }
    return RecordingView(**(defaults | fields))


def view_of_signal(values: np.ndarray, hz: float, kind: str, **fields: Any) -> RecordingView:
    """Detect the beats of a signal and build the view of it."""
    start_s = fields.pop("start_s", 0.0)
    beats = beats_of_chunk(cardiac_table(cardiac_row(values, hz, kind, start_s=start_s)), BeatsConfig())
    waveform = {"cardiac": np.asarray(values, dtype=np.float32), "cardiac_hz": hz} if kind != "rr" else {}
    return build_view(cardiac_kind=kind, beats=beats, cardiac_start_s=start_s, **waveform, **fields)


def view_of_intervals(rr_ms: np.ndarray, **fields: Any) -> RecordingView:
    """Build the view of a series of intervals that needs no correction; the first beat is at 0 s."""
    return build_view(cardiac_kind="rr", beats=beats_of_intervals(rr_ms), **fields)


def beats_of_intervals(rr_ms: np.ndarray) -> pd.DataFrame:
    rr = np.concatenate([[np.nan], rr_ms])
    frame = pd.DataFrame(
        {
            "recording": "sub-01",
            "signal": "heart",
            "beat": np.arange(rr.size),
            "time_s": np.concatenate([[0.0], np.cumsum(rr_ms) / 1000.0]),
            "rr_ms": rr,
            "rr_corrected_ms": rr,
            "artefact": "normal",
            "is_valid": np.isfinite(rr),
        }
    )
    return BEATS.conform(frame)


def windows_of(*starts_s: float, window_s: float) -> pd.DataFrame:
    return pd.DataFrame({"start_s": list(starts_s), "window_s": window_s})


def simulated_intervals(
    seconds: float, *, seed: int = 0, mean_ms: float = 850.0, spread_ms: float = 40.0
) -> np.ndarray:
    """Intervals with a breathing oscillation, a slow one and noise."""
    rng = np.random.default_rng(seed)
    rr, at = [], 0.0
    while at < seconds:
        value = mean_ms + spread_ms * (np.sin(2 * np.pi * 0.25 * at) + np.sin(2 * np.pi * 0.1 * at))
        rr.append(value + rng.normal(0, 10))
        at += rr[-1] / 1000
    return np.array(rr)
