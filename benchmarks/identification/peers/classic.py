"""The 24 classic parameters of nasal airflow, from eupnea's own breaths (kinder to them than a detector of less skill).

References
----------
Noto, Zhou, Schuele, Templer & Zelano (2018), Chem Senses 43:583: the list of BreathMetrics; the set that Soroka et al.
(2025), Curr Biol 35:3011, identify people with, beside catch22.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

PER_BREATH = {
    "inter_breath_interval_s": "total_s",
    "peak_inspiratory_flow": "inhale_peak_au",
    "peak_expiratory_flow": "exhale_peak_au",
    "inhale_volume": "inhale_volume_au",
    "exhale_volume": "exhale_volume_au",
}
"""Parameter → column of the breath table that it is the mean of."""

PHASES = ("inhale", "inhale_pause", "exhale", "exhale_pause")
PAUSES = ("inhale_pause", "exhale_pause")


def classic_parameters(breaths: pd.DataFrame) -> dict[str, float]:
    """Compute the 24 parameters of the breaths of one window; empty for fewer than two breaths."""
    if len(breaths) < 2:
        return {}
    # Ti and Te of the table hold the pause that follows; the classic durations do not
    duration = {name: breaths[f"{name}_s"] for name in PAUSES}
    duration |= {name: breaths[f"{name}_s"] - duration[f"{name}_pause"] for name in ("inhale", "exhale")}
    tidal = breaths["inhale_volume_au"] + breaths["exhale_volume_au"]
    rate = 1.0 / breaths["total_s"]
    found = {name: float(breaths[column].mean()) for name, column in PER_BREATH.items()}
    found["breathing_rate_hz"] = float(1.0 / breaths["total_s"].mean())
    found["tidal_volume"] = float(tidal.mean())
    found["minute_ventilation"] = found["breathing_rate_hz"] * found["tidal_volume"]
    for name in PHASES:
        there = duration[name][duration[name] > 0]
        share = duration[name] / breaths["total_s"]
        found[f"{name}_s"] = float(there.mean())
        found[f"{name}_duty_cycle"] = found[f"{name}_s"] / found["inter_breath_interval_s"]
        found[f"{name}_duty_cycle_cv"] = variation(share[duration[name] > 0])
    found |= {f"share_with_{name}": float((duration[name] > 0).mean()) for name in PAUSES}
    return found | {"rate_cv": variation(rate), "volume_cv": variation(tidal)}


def variation(values: pd.Series) -> float:
    """Return the coefficient of variation; NaN for fewer than two values."""
    return float(values.std(ddof=1) / values.mean()) if len(values) > 1 else float("nan")


def classic_table(windows: pd.DataFrame, breaths: pd.DataFrame) -> pd.DataFrame:
    """Compute the parameters of every window (columns recording, start_s, window_s) from the breaths inside it."""
    by_recording = dict(iter(breaths[breaths["is_valid"]].groupby("recording")))
    rows = []
    for window in windows.itertuples():
        mine = by_recording.get(window.recording, breaths.iloc[:0])
        end = window.start_s + window.window_s
        rows.append(classic_parameters(mine[(mine["inhale_onset_s"] >= window.start_s) & (mine["end_s"] <= end)]))
    return pd.DataFrame(rows, index=windows.index).replace([np.inf, -np.inf], np.nan)
