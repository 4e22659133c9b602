"""Cardiac signals whose beats are known."""

from __future__ import annotations

import numpy as np
import pandas as pd

WAVES = ((-0.18, 0.025, 0.15), (-0.03, 0.008, -0.1), (0.0, 0.010, 1.0), (0.035, 0.010, -0.25), (0.26, 0.05, 0.3))
"""Centre (s from R), width (s) and height of P, Q, R, S, T."""


def beat_times(seconds: float, *, seed: int = 0, rate_bpm: float = 68.0, jitter: float = 0.04) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rr = 60 / rate_bpm * (1 + jitter * rng.standard_normal(int(seconds * rate_bpm / 60 * 1.5)))
    times = 0.7 + np.cumsum(rr)
    return times[times < seconds - 0.7]


def ecg_of(times: np.ndarray, seconds: float, hz: float, waves: tuple = WAVES) -> np.ndarray:
    t = np.arange(round(seconds * hz)) / hz
    signal = np.zeros(t.size)
    for centre, width, height in waves:
        for beat in times:
            near = np.abs(t - beat - centre) < 6 * width
            signal[near] += height * np.exp(-0.5 * ((t[near] - beat - centre) / width) ** 2)
    return signal


def ppg_of(times: np.ndarray, seconds: float, hz: float) -> np.ndarray:
    """Pulses that start at `times`: a steep gamma-like wave and a smaller, later one."""
    t = np.arange(round(seconds * hz)) / hz
    signal = np.zeros(t.size)
    for beat in times:
        for delay, scale, height in ((0.0, 0.055, 1.0), (0.24, 0.055, 0.25)):
            u = (t - beat - delay) / scale
            on = (u > 0) & (u < 20)
            signal[on] += height * (u[on] / 2) ** 2 * np.exp(2 - u[on])
    return signal


def cardiac_row(values: np.ndarray, hz: float, kind: str = "ecg", **columns: object) -> dict[str, object]:
    row = {
        "recording": "sub-01",
        "signal": "heart",
        "kind": kind,
        "sampling_hz": hz,
        "start_s": 0.0,
        "values": np.asarray(values, dtype=np.float32),
        "times_s": np.empty(0),
    }
    return row | columns


def cardiac_table(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))
