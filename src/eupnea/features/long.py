"""What of breathing needs length: sighs per hour, long-range scaling, drift over the recording."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features import route
from eupnea.features.define import breathing
from eupnea.features.registry import Feature
from eupnea.features.variability import LONG_SCALES, MIN_LONG_DFA, fluctuation_exponent
from eupnea.features.views import RecordingView

Floats = NDArray[np.float64]

FAMILY = "long"
MIN_SIGH_S, MIN_TREND_S = 300.0, 300.0
"""Seconds of valid breathing that a rate of sighs (about one in five minutes), and a trend, need (assumed)."""
PART_S = 60.0
"""Minutes are compared with each other, s."""
MIN_PARTS = 5

_PENG, _SIGHS = "Peng et al. (2002), Ann Biomed Eng 30:683", "Vlemincx et al. (2013), Biol Psychol 93:8"
_new = partial(breathing, FAMILY, level="recording")
RECORDING_FEATURES: tuple[Feature, ...] = (
    _new("sighs_per_hour", "1/h", "sighs over the time of valid breaths", _SIGHS, seconds=MIN_SIGH_S),
    _new("post_sigh_pause_s", "s", "mean pause after a sigh", _SIGHS),
    _new("ttot_dfa_long", "1", "scaling of breath duration, 11-64 breaths", _PENG, breaths=MIN_LONG_DFA),
    _new("volume_dfa_long", "1", "scaling of inspired volume, 11-64 breaths", _PENG, breaths=MIN_LONG_DFA),
    _new("rate_slope_per_min", "1/min^2", "straight line through the rate of minutes", seconds=MIN_TREND_S),
    _new("rate_minutes_cv", "1", "SD over mean of the rate of minutes", seconds=MIN_TREND_S),
    _new("volume_minutes_cv", "1", "SD over mean of the median volume of minutes", seconds=MIN_TREND_S),
    *route.RECORDING_FEATURES,
)


def compute_recording(view: RecordingView) -> dict[str, float]:
    """Return the features of breathing of a whole recording; missing where it is too short."""
    values = {feature.column: float("nan") for feature in RECORDING_FEATURES}
    values |= route.compute_recording(view)
    breaths = view.breaths[view.breaths["is_valid"].to_numpy(dtype=bool)]
    valid_s = float(breaths["total_s"].sum())
    if not len(breaths):
        return values
    found = {"post_sigh_pause_s": float(breaths["post_sigh_pause_s"].mean())}
    if valid_s >= MIN_SIGH_S:
        found["sighs_per_hour"] = float(breaths["is_sigh"].sum()) / (valid_s / 3600.0)
    if len(breaths) >= MIN_LONG_DFA:
        for name, column in (("ttot_dfa_long", "total_s"), ("volume_dfa_long", "inhale_volume_au")):
            found[name] = fluctuation_exponent(breaths[column].to_numpy(dtype=float), LONG_SCALES)
    if valid_s >= MIN_TREND_S:
        found |= _minutes(breaths)
    for name, value in found.items():
        if np.isfinite(value):
            values[f"respiration__{FAMILY}__{name}"] = value
    return values


def _minutes(breaths: pd.DataFrame) -> dict[str, float]:
    onset = breaths["inhale_onset_s"].to_numpy(dtype=float)
    minute = np.floor((onset - onset[0]) / PART_S).astype(int)
    grouped = breaths.groupby(minute)
    enough = grouped.size() >= MIN_PARTS
    rate = (60.0 / grouped["total_s"].mean())[enough]
    volume = grouped["inhale_volume_au"].median()[enough]
    if len(rate) < MIN_PARTS:
        return {}
    slope = np.polyfit(rate.index.to_numpy(dtype=float), rate.to_numpy(), 1)[0]
    return {
        "rate_slope_per_min": float(slope),
        "rate_minutes_cv": float(rate.std() / rate.mean()),
        "volume_minutes_cv": float(volume.std() / volume.mean()),
    }
