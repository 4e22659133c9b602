"""Which way the air goes: mouth or nose, left or right nostril. Only where both were recorded at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eupnea.features.define import breathing, in_columns
from eupnea.features.registry import FLOW_KINDS, Feature
from eupnea.features.views import RecordingView, SiteSignal

Floats = NDArray[np.float64]

FAMILY = "route"
MIN_CYCLE_S = 3600.0
"""Shorter recordings tell nothing about the nasal cycle, whose periods last hours, s (assumed)."""
BIN_S = 60.0
"""Laterality is followed in steps of this, s."""
HALF = 0.5
"""More than half of the air through the mouth is oral breathing."""
_CYCLE = "Kahana-Zweig et al. (2016), PLoS One 11:e0162918"

FEATURES: tuple[Feature, ...] = (
    breathing(
        FAMILY, "oral_share", "1", "mean size of oral over oral and nasal airflow", kinds=FLOW_KINDS, one_gain=False
    ),
    breathing(
        FAMILY,
        "laterality",
        "1",
        "(left - right) / (left + right) of the mean size of nasal airflow",
        _CYCLE,
        kinds=FLOW_KINDS,
        one_gain=False,
    ),
)

RECORDING_FEATURES: tuple[Feature, ...] = (
    breathing(
        FAMILY,
        "recording_oral_share",
        "1",
        "mean size of oral over oral and nasal airflow, whole recording",
        kinds=FLOW_KINDS,
        level="recording",
        one_gain=False,
    ),
    breathing(
        FAMILY,
        "mode_contradicted",
        "1",
        "1 where most of the air goes the other way than told, else 0",
        kinds=FLOW_KINDS,
        level="recording",
        one_gain=False,
    ),
    breathing(
        FAMILY,
        "laterality_sd",
        "1",
        "standard deviation of the laterality index of minutes",
        _CYCLE,
        kinds=FLOW_KINDS,
        level="recording",
        seconds=MIN_CYCLE_S,
        one_gain=False,
    ),
    breathing(
        FAMILY,
        "laterality_switches_per_hour",
        "1/h",
        "changes of the more open side per hour",
        _CYCLE,
        kinds=FLOW_KINDS,
        level="recording",
        seconds=MIN_CYCLE_S,
        one_gain=False,
    ),
)


def compute(view: RecordingView, windows: pd.DataFrame) -> pd.DataFrame:
    """Tell for every window how the air is shared; missing where only one way was recorded."""
    start, length = (windows[name].to_numpy(dtype=float) for name in ("start_s", "window_s"))
    return in_columns(FEATURES, _shares(view, start, length), window_s=length)


def compute_recording(view: RecordingView) -> dict[str, float]:
    """Return how the air is shared over the whole recording, and how the sides change."""
    values = {feature.column: float("nan") for feature in RECORDING_FEATURES}
    if view.time_s.size == 0:
        return values
    start, length = float(view.time_s[0]), float(view.time_s[-1] - view.time_s[0])
    column = {feature.name: feature.column for feature in RECORDING_FEATURES}
    share = float(_shares(view, np.array([start]), np.array([length]))["oral_share"][0])
    values[column["recording_oral_share"]] = share
    if np.isfinite(share) and view.mode in ("nasal", "oral"):
        values[column["mode_contradicted"]] = float((share > HALF) != (view.mode == "oral"))
    if length >= MIN_CYCLE_S:
        starts = start + BIN_S * np.arange(int(length // BIN_S), dtype=np.float64)
        side = _shares(view, starts, np.full(starts.size, BIN_S))["laterality"]
        side = side[np.isfinite(side)]
        if side.size > 1:
            values[column["laterality_sd"]] = float(side.std(ddof=1))
            switches = np.count_nonzero(np.diff(np.sign(side)) != 0)
            values[column["laterality_switches_per_hour"]] = switches / (side.size * BIN_S / 3600.0)
    return values


def _shares(view: RecordingView, start_s: Floats, length_s: Floats) -> dict[str, Floats]:
    oral, nasal = _size(view, ("oral",), start_s, length_s), _size(view, _NOSE, start_s, length_s)
    left, right = (_size(view, (f"nasal_{side}",), start_s, length_s) for side in ("left", "right"))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"oral_share": oral / (oral + nasal), "laterality": (left - right) / (left + right)}


_NOSE = ("nasal", "nasal_left", "nasal_right")


def _size(view: RecordingView, names: tuple[str, ...], start_s: Floats, length_s: Floats) -> Floats:
    """Return the mean size of the airflow at some sites together; NaN where none was recorded."""
    found = [_mean_size(view.sites[name], start_s, length_s) for name in names if name in view.sites]
    return np.sum(found, axis=0) if found else np.full(start_s.size, np.nan)


def _mean_size(site: SiteSignal, start_s: Floats, length_s: Floats) -> Floats:
    good = site.is_valid & np.isfinite(site.breathing)
    if site.kind not in FLOW_KINDS.split(","):
        return np.full(start_s.size, np.nan)
    total = np.concatenate([[0.0], np.cumsum(np.where(good, np.abs(site.breathing.astype(float)), 0.0))])
    count = np.concatenate([[0], np.cumsum(good)])
    first = np.searchsorted(site.time_s, start_s)
    last = np.searchsorted(site.time_s, start_s + length_s)
    n = count[last] - count[first]
    return np.where(n > 0, (total[last] - total[first]) / np.maximum(n, 1), np.nan)
